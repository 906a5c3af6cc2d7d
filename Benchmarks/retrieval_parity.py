#!/usr/bin/env python3
"""Retrieval quality on BEIR-layout sets beside sentence-transformers (dense) and the BM25 figures of SOURCE.md.

    python3 Benchmarks/retrieval_parity.py DATA [--sets adi,npl] [--cache DIR] [--reference-only]

DATA holds one folder per set: corpus.jsonl, queries.jsonl, qrels/test.tsv and a SOURCE.md with a line
"BM25 check … nDCG@10 X".

1. Dense reference: sentence-transformers with the encoder's own folder, exact cosine search, text = title + " " + text
   (BEIR's convention). Its top 100 of each set is kept in --cache (a TREC run and a JSON file), as it takes minutes.
2. `docent eval retrieval --dataset DIR --modes dense,lexical,hybrid --run-dir … --json`, its runs scored again by
   pytrec_eval; both must agree to 1e-6.

A query counts if its judgements name a relevant document; one that finds nothing counts 0.
Bars: lexical nDCG@10 >= SOURCE.md - 0.01 on each set; dense within 0.005 of the reference on each set; hybrid not below
the better leg by more than 0.005 on the mean, read both ways: against the mean over sets of the better leg of each set
(strict), and against the better of the two legs' means.

Needs: sentence-transformers, torch, pytrec-eval. Exit code 1 when a bar is missed.
"""

import json, pathlib, re, sys, time

import pytrec_eval

import common

MEASURES = {"ndcg@10": ("ndcg_cut.10", "ndcg_cut_10"), "recall@100": ("recall.100", "recall_100")}
MODES = ["dense", "lexical", "hybrid"]


def read_lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file if line.strip()]


def read_qrels(folder):
    qrels = {}
    for line in (folder / "qrels/test.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        query, document, grade = line.split("\t")
        qrels.setdefault(query, {})[document] = int(float(grade))
    return qrels


def read_run(path):
    run = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            query, _, document, _, score, _ = line.split()
            run.setdefault(query, {})[document] = float(score)
    return run


def score(qrels, run):
    evaluator = pytrec_eval.RelevanceEvaluator(qrels, {name for name, _ in MEASURES.values()})
    rows = evaluator.evaluate(run)
    queries = [query for query, grades in qrels.items() if any(grade > 0 for grade in grades.values())]
    means = {
        name: sum(rows.get(query, {}).get(key, 0.0) for query in queries) / len(queries)
        for name, (_, key) in MEASURES.items()
    }
    return {**means, "queries": len(queries)}


def reference(folder, cache, model_folder, model):
    """The exact dense run of sentence-transformers, from the cache or computed now."""
    run_path, json_path = cache / f"{folder.name}.dense.run", cache / f"{folder.name}.dense.json"
    if not json_path.exists():
        import numpy, torch

        encoder = model()
        corpus, queries = read_lines(folder / "corpus.jsonl"), read_lines(folder / "queries.jsonl")
        texts = [" ".join(part for part in (row.get("title") or "", row["text"]) if part) for row in corpus]
        start = time.monotonic()
        options = {"batch_size": 32, "normalize_embeddings": True, "convert_to_numpy": True}
        rows = encoder.encode(texts, **options)
        seconds = time.monotonic() - start
        asked = encoder.encode([row["text"] for row in queries], **options)
        depth = min(100, len(corpus))
        partial = run_path.with_suffix(".partial")
        with open(partial, "w", encoding="utf-8") as out:
            for query, similarities in zip(queries, asked @ rows.T):
                best = numpy.argsort(-similarities, kind="stable")[:depth]
                for rank, index in enumerate(best, 1):
                    out.write(f"{query['_id']} Q0 {corpus[index]['_id']} {rank} {similarities[index]:.9f} reference\n")
        partial.rename(run_path)
        json_path.write_text(
            json.dumps(
                {
                    **score(read_qrels(folder), read_run(run_path)),
                    "documents": len(corpus),
                    "encode_s": round(seconds, 1),
                }
            )
        )
        print(f"{folder.name}: {len(corpus)} documents encoded in {seconds:.0f} s", file=sys.stderr)
    return json.loads(json_path.read_text())


def docent_scores(arguments, folder, work):
    runs = work / f"runs-{folder.name}"
    done = common.run(
        [
            arguments.docent,
            "eval",
            "retrieval",
            "--dataset",
            folder,
            "--modes",
            ",".join(MODES),
            "--run-dir",
            runs,
            "--json",
            "--models",
            arguments.models,
            "--data",
            work / "data",
        ],
        timeout=3600,
        tee=True,
    )
    if done.code != 0:
        sys.exit(f"{folder.name}: docent eval retrieval ended with {done.code}: {' '.join(done.error_lines[-1:])}")
    qrels, result = read_qrels(folder), {}
    for mode in MODES:
        [path] = [path for path in runs.rglob("*") if path.is_file() and mode in path.name]
        rescored, own = score(qrels, read_run(path)), done.json["modes"][mode]
        result[mode] = {name: own[name] for name in MEASURES}
        result[mode]["difference_to_pytrec_eval"] = max(abs(own[name] - rescored[name]) for name in MEASURES)
    result["seconds"] = round(done.seconds, 1)
    return result


def judge(rows):
    checks = common.Checks()
    for name, row in rows.items():
        for mode in MODES:
            gap = row[mode]["difference_to_pytrec_eval"]
            checks.check(f"{name} {mode}: our measures equal pytrec_eval's to 1e-6", gap <= 1e-6, f"{gap:.1e}")
        gap = row["lexical"]["ndcg@10"] - row["bm25_source"]
        checks.check(f"{name} lexical nDCG@10 >= SOURCE - 0.01", gap >= -0.01, f"{gap:+.4f}")
        gap = row["dense"]["ndcg@10"] - row["reference"]["ndcg@10"]
        checks.check(f"{name} dense nDCG@10 within 0.005 of the reference", abs(gap) <= 0.005, f"{gap:+.4f}")
    mean = lambda values: sum(values) / len(rows)
    legs = {mode: mean([row[mode]["ndcg@10"] for row in rows.values()]) for mode in MODES}
    strict = mean([max(row["dense"]["ndcg@10"], row["lexical"]["ndcg@10"]) for row in rows.values()])
    loose = max(legs["dense"], legs["lexical"])
    checks.check(
        "hybrid mean >= mean of the better leg of each set - 0.005 (strict)",
        legs["hybrid"] >= strict - 0.005,
        f"{legs['hybrid']:.4f} to {strict:.4f}",
    )
    checks.check(
        "hybrid mean >= the better leg's mean - 0.005",
        legs["hybrid"] >= loose - 0.005,
        f"{legs['hybrid']:.4f} to {loose:.4f}",
    )
    return checks, {**legs, "better_leg_of_each_set": strict}


def main():
    parser = common.parser(__doc__)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--sets", help="comma-separated names (default: all)")
    parser.add_argument("--cache", type=pathlib.Path, help="keeps the dense reference (default: the work folder)")
    parser.add_argument("--encoder", default="all-minilm-l6-v2", help="the encoder's folder below --models")
    parser.add_argument("--reference-only", action="store_true", help="computes the dense reference and stops")
    arguments = parser.parse_args()
    model_folder = pathlib.Path(arguments.models) / arguments.encoder
    loaded = []

    def model():
        if not loaded:
            from sentence_transformers import SentenceTransformer

            loaded.append(SentenceTransformer(str(model_folder), device="cpu"))
        return loaded[0]

    names = (
        arguments.sets.split(",")
        if arguments.sets
        else sorted(path.name for path in arguments.data.iterdir() if (path / "corpus.jsonl").exists())
    )
    with common.Work(arguments) as work:
        cache = arguments.cache or work
        cache.mkdir(parents=True, exist_ok=True)
        references = {name: reference(arguments.data / name, cache, model_folder, model) for name in names}
        for name, row in references.items():
            print(f"{name:20} reference dense nDCG@10 {row['ndcg@10']:.4f}  Recall@100 {row['recall@100']:.4f}")
        if arguments.reference_only:
            return
        rows = {}
        for name in names:
            source = (arguments.data / name / "SOURCE.md").read_text(encoding="utf-8")
            stated = re.search(r"BM25 check.*?nDCG@10 (\d\.\d+)", source)
            rows[name] = {
                "reference": references[name],
                "bm25_source": float(stated.group(1)),
                **docent_scores(arguments, arguments.data / name, work),
            }
            row = rows[name]
            print(
                f"{name:20} nDCG@10  BM25 {row['bm25_source']:.4f}  lexical {row['lexical']['ndcg@10']:.4f}   "
                f"reference {row['reference']['ndcg@10']:.4f}  dense {row['dense']['ndcg@10']:.4f}   "
                f"hybrid {row['hybrid']['ndcg@10']:.4f}   {row['seconds']} s",
                flush=True,
            )
    checks, means = judge(rows)
    common.save(arguments, "retrieval_parity", {"sets": rows, "mean_ndcg@10": means, "missed": checks.failed})
    checks.finish()


main()
