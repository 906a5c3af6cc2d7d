#!/usr/bin/env python3
"""Check the sample knowledge base and its evaluation files.

Needs: Python 3.9 or later, standard library only.
Run:   python3 Tools/check_corpus.py            (from anywhere; exit status 1 and one line per fault)

Checked, for corpus/shop-help against corpus/eval:
- enough articles of each format, enough questions of each kind, unique ids and questions;
- every named document exists;
- the words of every gold answer occur in one of its documents, and one accepted form of it word for word;
- qrels and queries name the same questions, and score 2 stands exactly on the documents that answer them;
- what an unanswerable question is about (its "absent" phrases) occurs nowhere in the articles;
- questions on the manual, where there are any, against corpus/docent-manual.
"""

import json
import re
import sys
import unicodedata
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "corpus" / "shop-help"
MANUAL = ROOT / "corpus" / "docent-manual"
EVAL = ROOT / "corpus" / "eval"

MINIMUM_ARTICLES = {".html": 40, ".md": 14, ".txt": 8}
MINIMUM_ARTICLES_TOTAL = 64
MINIMUM_MANUAL_PAGES = 10
MINIMUM_QUESTIONS = 170
MINIMUM_PER_KIND = {
    "direct": 30, "paraphrase": 30, "typo": 8, "two_step": 12, "table": 30, "negation": 12, "unanswerable": 48,
}

faults = []


def fault(message):
    faults.append(message)


class TextOfPage(HTMLParser):
    """Text of an HTML page without scripts and styles; every tag is a word boundary."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.parts, self.hidden = [], 0

    def handle_starttag(self, tag, attributes):
        self.parts.append(" ")
        self.hidden += tag in ("script", "style")

    def handle_endtag(self, tag):
        self.parts.append(" ")
        self.hidden -= tag in ("script", "style")

    def handle_data(self, data):
        if not self.hidden:
            self.parts.append(data)


def text_of(path):
    """Decoded text of an article, tags stripped; the charset a page declares is obeyed."""
    data = path.read_bytes()
    if path.suffix != ".html":
        return data.decode("utf-8")
    declared = re.search(rb"charset=[\"']?([A-Za-z0-9_-]+)", data[:2048])
    page = TextOfPage()
    page.feed(data.decode(declared.group(1).decode() if declared else "utf-8"))
    page.close()
    return "".join(page.parts)


def words(text):
    """Lower-case words and numbers; a decimal or thousands separator stays inside its number."""
    return re.findall(r"\d+(?:[.,]\d+)*|[^\W_]+", unicodedata.normalize("NFKC", text).lower())


def contains(haystack, needle):
    """Whether the list of words `needle` occurs in `haystack` in one piece."""
    first = needle[0]
    return any(
        haystack[i:i + len(needle)] == needle for i, word in enumerate(haystack) if word == first
    )


def read_lines(path):
    """Objects of a JSON Lines file with their line numbers; faults for lines that are none."""
    if not path.is_file():
        fault(f"{path.relative_to(ROOT)}: missing")
        return []
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
        except ValueError as error:
            fault(f"{path.relative_to(ROOT)}:{number}: not JSON ({error})")
            continue
        if isinstance(row, dict):
            rows.append((number, row))
        else:
            fault(f"{path.relative_to(ROOT)}:{number}: not a JSON object")
    return rows


def read_articles(folder):
    """External id (relative path) -> words of the article."""
    articles = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            articles[path.relative_to(folder).as_posix()] = words(text_of(path))
    return articles


def check_answer(where, row, articles):
    """Gold answers against the documents they come from."""
    documents, answers = row.get("documents"), row.get("answers")
    if not documents or not isinstance(documents, list):
        fault(f"{where}: no documents")
        return
    if not answers or not isinstance(answers, list):
        fault(f"{where}: no answers")
        return
    for document in documents:
        if document not in articles:
            fault(f"{where}: document {document!r} does not exist")
    present = [articles[document] for document in documents if document in articles]
    whole = False
    for answer in answers:
        needle = words(answer)
        if not needle:
            fault(f"{where}: answer {answer!r} has no words")
            continue
        if not any(set(needle) <= set(text) for text in present):
            fault(f"{where}: the words of answer {answer!r} are in none of {documents}")
        whole = whole or any(contains(text, needle) for text in present)
    if present and not whole:
        fault(f"{where}: no accepted answer occurs word for word in {documents}")


def check_questions(path, articles):
    """One questions file; returns its rows by id."""
    rows, asked = {}, {}
    for number, row in read_lines(path):
        where = f"{path.relative_to(ROOT)}:{number}"
        identifier, question = row.get("id"), row.get("question")
        if not identifier or not question or row.get("kind") not in MINIMUM_PER_KIND:
            fault(f"{where}: needs id, question and a known kind")
            continue
        if identifier in rows:
            fault(f"{where}: id {identifier!r} occurs twice")
        if " ".join(words(question)) in asked:
            fault(f"{where}: same question as {asked[' '.join(words(question))]}")
        asked[" ".join(words(question))] = identifier
        rows[identifier] = row
        if (row["kind"] == "unanswerable") != (row.get("unanswerable") is True):
            fault(f"{where}: kind and unanswerable disagree")
        elif row["kind"] != "unanswerable":
            check_answer(where, row, articles)
        else:
            check_unanswerable(where, row, articles)
    return rows


def check_unanswerable(where, row, articles):
    """No gold text, and its telling phrases are in no article."""
    if row.get("answers") or row.get("documents"):
        fault(f"{where}: an unanswerable question has answers or documents")
    for phrase in row.get("absent", []):
        needle = words(phrase)
        for document, text in articles.items():
            if needle and contains(text, needle):
                fault(f"{where}: {phrase!r} should be absent but occurs in {document}")


def check_retrieval(rows, articles):
    """queries.jsonl and qrels/test.tsv against the answerable questions."""
    answerable = {key: row for key, row in rows.items() if row["kind"] != "unanswerable"}
    queries = {}
    for number, row in read_lines(EVAL / "queries.jsonl"):
        where = f"corpus/eval/queries.jsonl:{number}"
        if row.get("_id") in queries:
            fault(f"{where}: _id {row.get('_id')!r} occurs twice")
        queries[row.get("_id")] = row.get("text")
        if row.get("_id") not in answerable:
            fault(f"{where}: {row.get('_id')!r} is no answerable question")
        elif answerable[row["_id"]]["question"] != row.get("text"):
            fault(f"{where}: text differs from questions.jsonl")
    for missing in sorted(answerable.keys() - queries.keys()):
        fault(f"corpus/eval/queries.jsonl: {missing} is missing")

    path = EVAL / "qrels" / "test.tsv"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    if not lines or lines[0] != "query-id\tcorpus-id\tscore":
        fault("corpus/eval/qrels/test.tsv: header query-id, corpus-id, score expected")
    scores = {}
    for number, line in enumerate(lines[1:], 2):
        where, fields = f"corpus/eval/qrels/test.tsv:{number}", line.split("\t")
        if len(fields) != 3 or fields[2] not in ("1", "2"):
            fault(f"{where}: three fields with score 1 or 2 expected")
            continue
        query, document, score = fields
        if query not in queries:
            fault(f"{where}: query {query!r} does not exist")
        if document not in articles:
            fault(f"{where}: document {document!r} does not exist")
        if (query, document) in scores:
            fault(f"{where}: judged twice")
        scores[query, document] = int(score)
    for identifier, row in answerable.items():
        best = {document for (query, document), score in scores.items() if query == identifier and score == 2}
        if best != set(row.get("documents") or []):
            fault(f"corpus/eval/qrels/test.tsv: score 2 for {identifier} differs from its documents")
    return scores


def main():
    articles = read_articles(CORPUS)
    formats = Counter(Path(name).suffix for name in articles)
    for suffix, minimum in MINIMUM_ARTICLES.items():
        if formats[suffix] < minimum:
            fault(f"corpus/shop-help: {formats[suffix]} {suffix} articles, at least {minimum} expected")
    if len(articles) < MINIMUM_ARTICLES_TOTAL:
        fault(f"corpus/shop-help: {len(articles)} articles, at least {MINIMUM_ARTICLES_TOTAL} expected")
    for name, text in articles.items():
        if not 120 <= len(text) <= 900:
            fault(f"corpus/shop-help/{name}: {len(text)} words, 120 to 900 expected")

    rows = check_questions(EVAL / "questions.jsonl", articles)
    kinds = Counter(row["kind"] for row in rows.values())
    for kind, minimum in MINIMUM_PER_KIND.items():
        if kinds[kind] < minimum:
            fault(f"corpus/eval/questions.jsonl: {kinds[kind]} of kind {kind}, at least {minimum} expected")
    if len(rows) < MINIMUM_QUESTIONS:
        fault(f"corpus/eval/questions.jsonl: {len(rows)} questions, at least {MINIMUM_QUESTIONS} expected")
    scores = check_retrieval(rows, articles)

    manual = read_articles(MANUAL)
    if len(manual) < MINIMUM_MANUAL_PAGES:
        fault(f"corpus/docent-manual: {len(manual)} pages, at least {MINIMUM_MANUAL_PAGES} expected")
    manual_rows = check_questions(EVAL / "manual-questions.jsonl", manual)

    for line in faults:
        print(line)
    used = {document for _, document in scores}
    summary = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))
    print(f"articles: {len(articles)} ({', '.join(f'{s[1:]} {n}' for s, n in sorted(formats.items()))}), "
          f"{sum(map(len, articles.values()))} words; judged: {len(used)}; manual pages: {len(manual)}")
    print(f"questions: {len(rows)} ({summary}); judgements: {len(scores)}; on the manual: {len(manual_rows)}")
    if faults:
        print(f"{len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
