#!/usr/bin/env python3
"""Docent's chunks against fixed windows of 200 words: retrieval with the same encoder, exact cosine.

    python3 Benchmarks/chunking.py --chroma FOLDER --squad FOLDER [--questions 2000] [--sets chroma,squad]
        [--sizes TARGET,MOST,OVERLAP]

--chroma holds corpora/*.md and questions_df.csv (chunking_evaluation), --squad documents.jsonl, contexts.jsonl and
questions.jsonl of whole articles. The documents are ingested; windows are cut from the very text that Docent extracted.
Docent's chunks are embedded as Docent does, with title and headings; windows as plain text and, in the row "titled",
with the document's title before each. Everything goes through `docent embed`; what an encoder doesn't read of a window
is lost, as with any stack.

A piece is relevant when it holds the whole answer (SQuAD) or at least half of one of the passages that answer the
question (Chroma). nDCG@10 is binary, its ideal the relevant pieces that the cut has. "Coverage" is the same sum with the
newly covered share of the answer as gain, so that pieces of any size compare. The interval is that of the paired
difference of nDCG@10 to the plain windows (bootstrap over questions, seeded).

Needs: numpy. Bar: nDCG@10 above the plain windows' on both sets.
"""

import csv, json, pathlib, random

import numpy as np

import common, server

WORDS, TOP = 200, 10


def letters(text):
    """The letters and digits of a text, and where each comes from."""
    kept = [(character.lower(), at) for at, character in enumerate(text) if character.isalnum()]
    return "".join(character[0] for character, _ in kept), [at for _, at in kept]


def locate(document, passage, near=0.0):
    """The range of a passage in a document, by letters and digits; of several, the one nearest to a share of it."""
    wanted, found, at = letters(passage)[0], [], -1
    text, origin = document["letters"]
    while wanted and (at := text.find(wanted, at + 1)) >= 0:
        found.append(at)
    if not found:
        return None
    at = min(found, key=lambda place: abs(place / len(text) - near))
    return origin[at], origin[at + len(wanted) - 1] + 1


def read_chroma(folder):
    documents = [(path.stem, path.name, path.read_text(encoding="utf-8")) for path in sorted(folder.glob("corpora/*.md"))]
    sizes = {name: len(text) for name, _, text in documents}
    questions = []
    with open(folder / "questions_df.csv", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            name = row["corpus_id"]
            parts = [(part["content"], part["start_index"] / sizes[name]) for part in json.loads(row["references"])]
            questions.append((row["question"], name, parts))
    return documents, questions


def read_squad(folder, count):
    read = lambda name: [json.loads(line) for line in open(folder / name, encoding="utf-8")]
    rows = read("documents.jsonl")
    documents = [(row["_id"], row["_id"] + ".txt", row["text"]) for row in rows]
    titles = {row["_id"]: row["title"] for row in rows}
    contexts = {row["_id"]: row["text"] for row in read("contexts.jsonl")}
    rows = [row for row in read("questions.jsonl") if not row["is_impossible"]]
    random.Random(7).shuffle(rows)
    return documents, [(row["question"], row["context_id"], row["answers"][0]) for row in rows[:count]], titles, contexts


def ingest(arguments, work, name, documents, titles):
    """The documents as Docent stored them: text and chunks."""
    lines = work / f"{name}.jsonl"
    with open(lines, "w", encoding="utf-8") as file:
        for identifier, file_name, text in documents:
            kind = "markdown" if file_name.endswith(".md") else "text"
            title = titles.get(identifier, identifier.replace("_", " "))
            file.write(json.dumps({"id": identifier, "title": title, kind: text}) + "\n")
    place = ["--data", work / "data", "--models", arguments.models, "--quiet"]
    if arguments.sizes:
        target, most, overlap = map(int, arguments.sizes.split(","))
        sizes = {"target_tokens": target, "max_tokens": most, "overlap_tokens": overlap}
        with server.Server(arguments, work / "data") as docent:
            made = docent.request("POST", "/v1/collections", {"name": name, "chunking": sizes})
            if made.status >= 300:
                raise SystemExit(f"POST /v1/collections: {made.status} {made.body[:200]}")
    done = common.run([arguments.docent, "ingest", lines, "--collection", name, "--json", *place], timeout=3600)
    if done.code != 0:
        raise SystemExit(f"docent ingest: {' '.join(done.error_lines[-1:])}")
    found = {}
    for identifier, _, _ in documents:
        show = [arguments.docent, "documents", "show", identifier, "--collection", name, "--json", *place]
        found[identifier] = common.run(show).json
    return found


def chunk_pieces(stored):
    """Docent's chunks: document, range in characters, the text that is embedded."""
    pieces = []
    for identifier, shown in stored.items():
        utf8, title = shown["text"].encode(), shown["document"]["title"]
        for chunk in shown["chunks"]:
            span = chunk["utf8_span"] if "utf8_span" in chunk else chunk["span"]
            start, end = len(utf8[: span["start"]].decode()), len(utf8[: span["end"]].decode())
            heading = " > ".join(dict.fromkeys(part for part in [title, *chunk["heading_path"]] if part))
            pieces.append((identifier, start, end, heading + "\n" + chunk["text"]))
    return pieces


def window_pieces(stored, titled):
    pieces = []
    for identifier, shown in stored.items():
        text, title = shown["text"], shown["document"]["title"]
        words, at = [], 0
        for word in text.split():
            at = text.index(word, at)
            words.append((at, at + len(word)))
            at += len(word)
        for first in range(0, len(words), WORDS):
            start, end = words[first][0], words[min(first + WORDS, len(words)) - 1][1]
            pieces.append((identifier, start, end, (title + "\n" if titled else "") + text[start:end]))
    return pieces


def embed(arguments, work, texts, kind):
    source, target = work / "texts.jsonl", work / "vectors.npy"
    source.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
    command = [arguments.docent, "embed", "--input", source, "--output", target, "--kind", kind, "--precision", "f32"]
    done = common.run([*command, "--models", arguments.models, "--quiet"], timeout=3600)
    if done.code != 0:
        raise SystemExit(f"docent embed: {' '.join(done.error_lines[-1:])}")
    return np.load(target)


def gold(stored, questions, contexts):
    """Of each question the document and the ranges that answer it; None where the text hasn't got them."""
    documents = {identifier: {"letters": letters(shown["text"])} for identifier, shown in stored.items()}
    found = []
    for _, name, parts in questions:
        if contexts:
            identifier = name.rsplit("#", 1)[0]
            place = locate(documents[identifier], contexts[name])
            ranges = []
            if place:
                inside = stored[identifier]["text"][place[0] : place[1]]
                answer = locate({"letters": letters(inside)}, parts)
                ranges = [(place[0] + answer[0], place[0] + answer[1])] if answer else []
        else:
            identifier = name
            ranges = [place for content, near in parts if (place := locate(documents[name], content, near))]
        found.append((identifier, ranges) if ranges else None)
    return found


def evaluate(pieces, vectors, queries, answers, whole):
    """nDCG@10 and coverage of each question."""
    by_document = {}
    for number, (identifier, start, end, _) in enumerate(pieces):
        by_document.setdefault(identifier, []).append((number, start, end))
    discount = 1 / np.log2(np.arange(2, TOP + 2))
    scores, coverages = [], []
    for query, (identifier, ranges) in zip(queries, answers):
        shares = {}  # of each piece: the characters of each range that it holds
        for number, start, end in by_document[identifier]:
            held = [set(range(max(start, a), min(end, b))) for a, b in ranges]
            if any(held):
                shares[number] = held
        share = lambda held: max(len(part) / (b - a) for part, (a, b) in zip(held, ranges))
        relevant = {number for number, held in shares.items() if share(held) >= (1 if whole else 0.5)}
        ranked = np.argsort(-(vectors @ query), kind="stable")[:TOP]
        gains = np.array([number in relevant for number in ranked], float)
        ideal = discount[: min(len(relevant), TOP)].sum()
        scores.append((gains * discount[: len(gains)]).sum() / ideal if ideal else 0.0)
        total, covered, sum_ = sum(b - a for a, b in ranges), set(), 0.0
        for weight, number in zip(discount, ranked):
            new = set().union(*shares.get(number, [])) - covered
            covered |= new
            sum_ += weight * len(new) / total
        coverages.append(sum_)
    return np.array(scores), np.array(coverages)


def interval(differences):
    generator = np.random.default_rng(7)
    means = [differences[generator.integers(0, len(differences), len(differences))].mean() for _ in range(2000)]
    return [round(float(value), 4) for value in np.quantile(means, [0.025, 0.975])]


def main():
    parser = common.parser(__doc__)
    parser.add_argument("--chroma", type=pathlib.Path, required=True)
    parser.add_argument("--squad", type=pathlib.Path, required=True)
    parser.add_argument("--sets", default="chroma,squad")
    parser.add_argument("--sizes", help="target, largest and overlap of a chunk in tokens, instead of the default")
    parser.add_argument("--questions", type=int, default=2000, help="questions of SQuAD, drawn by a seed")
    arguments = parser.parse_args()
    checks, result = common.Checks(), {}
    with common.Work(arguments) as work:
        for name in arguments.sets.split(","):
            if name == "chroma":
                (documents, questions), titles, contexts = read_chroma(arguments.chroma), {}, {}
            else:
                documents, questions, titles, contexts = read_squad(arguments.squad, arguments.questions)
            stored = ingest(arguments, work, name, documents, titles)
            answers = gold(stored, questions, contexts)
            kept = [number for number, answer in enumerate(answers) if answer]
            answers = [answers[number] for number in kept]
            queries = embed(arguments, work, [questions[number][0] for number in kept], "query")
            rows = {}
            cuts = {
                "windows": window_pieces(stored, False),
                "windows titled": window_pieces(stored, True),
                "chunks": chunk_pieces(stored),
                "chunks untitled": [(*piece[:3], piece[3].split("\n", 1)[1]) for piece in chunk_pieces(stored)],
            }
            for cut, pieces in cuts.items():
                vectors = embed(arguments, work, [piece[3] for piece in pieces], "passage")
                rows[cut] = (len(pieces), *evaluate(pieces, vectors, queries, answers, name == "squad"))
            result[name] = {"questions": len(questions), "located": len(kept)}
            for cut, (count, scores, coverages) in rows.items():
                result[name][cut] = {
                    "pieces": count,
                    "ndcg@10": round(float(scores.mean()), 4),
                    "coverage": round(float(coverages.mean()), 4),
                    "difference": interval(scores - rows["windows"][1]),
                }
                parts = {}
                for answer, score in zip(answers, scores):
                    parts.setdefault(answer[0], []).append(score)
                if name == "chroma":
                    result[name][cut]["by_corpus"] = {
                        corpus: round(float(np.mean(part)), 4) for corpus, part in sorted(parts.items())
                    }
                print(name, cut, result[name][cut])
            ours, base = result[name]["chunks"]["ndcg@10"], result[name]["windows"]["ndcg@10"]
            checks.check(f"{name}: nDCG@10 above windows of {WORDS} words", ours > base, f"{ours} / {base}")
    common.save(arguments, "chunking", {**result, "missed": checks.failed})
    checks.finish()


if __name__ == "__main__":
    main()
