#!/usr/bin/env python3
"""Takes the HTML of Debian's postgresql-doc-15 and python3.11-doc into one collection and asks ten questions about it.

    python3 Benchmarks/ingest_docs.py [--first N] [--work DIR] [--ask-only] [--generator auto] [--questions FILE]

Reports files, failures, seconds, chunks per second, peak resident memory and the database's size, then asks the
questions of docs/questions-postgresql-python.md and prints each answer for a person to judge. A question's page must be
among the citations or, failing that, the ten best passages of a hybrid search. With --first N only N pages, spread over
both packages, are taken in (those of the questions always). With --work the data folder is kept; if it holds the
collection already, unchanged files cost nothing and only the questions are new.

Needs: the two packages. Bars: no failure, the page of each question found.
"""

import pathlib, re

import common, doctree


def read_questions(path):
    """Rows of the Markdown table: number, question, pages, what the page says."""
    rows = []
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if re.fullmatch(r"\d+", cells[0]) and len(cells) == 4:
            rows.append(
                {
                    "number": int(cells[0]),
                    "question": cells[1],
                    "pages": [page.strip() for page in cells[2].split(",")],
                    "says": cells[3],
                }
            )
    return rows


def ingest(arguments, tree, data):
    done = common.run(
        [
            arguments.docent,
            "ingest",
            tree,
            "--recursive",
            "--collection",
            "docs",
            "--json",
            "--data",
            data,
            "--models",
            arguments.models,
        ],
        timeout=4 * 3600,
        tee=True,
    )
    if done.code != 0:
        raise SystemExit(f"docent ingest ended with {done.code}: {' '.join(done.error_lines[-1:])}")
    job = done.json["job"]
    failures = [f"{item['id']}: {item.get('error')}" for item in job.get("items", []) if item["state"] == "failed"]
    size = sum(path.stat().st_size for path in pathlib.Path(data).rglob("*") if path.is_file())
    database = sum(path.stat().st_size for path in pathlib.Path(data).glob("docent.sqlite*"))
    chunks = done.json["chunks"]
    return {
        "files": job["progress"]["total"],
        "failed": job["progress"]["failed"],
        "failures": failures[:20],
        "skipped": len(done.json.get("skipped", [])),
        "seconds": round(done.seconds, 1),
        "chunks": chunks,
        "chunks_per_s": round(chunks / done.seconds, 1),
        "tokens": done.json.get("tokens"),
        "peak_rss_mb": round(done.peak / 1e6),
        "database_mb": round(database / 1e6, 1),
        "data_folder_mb": round(size / 1e6, 1),
        "progress_lines": done.err.count(b"\r") + done.err.count(b"\n"),
    }


def ask(arguments, row, data):
    place = ["--collection", "docs", "--json", "--quiet", "--data", data, "--models", arguments.models]
    answered = common.run([arguments.docent, "ask", row["question"], "--generator", arguments.generator, *place])
    found = common.run([arguments.docent, "search", row["question"], "--top-k", "10", *place])
    if answered.code != 0 or found.code != 0:
        return {**row, "error": " ".join(answered.error_lines + found.error_lines)}
    answer, hits = answered.json, [hit["document_id"] for hit in found.json["hits"]]
    cited = [citation["document_id"] for citation in answer["citations"]]
    ranks = [rank for rank, page in enumerate(hits, 1) if page in row["pages"]]
    return {
        **row,
        "answer": answer["answer"],
        "refused": answer["refused"],
        "cited": cited,
        "generator": answer["generator"],
        "confidence": answer["confidence"],
        "page_cited": any(page in row["pages"] for page in cited),
        "page_rank": ranks[0] if ranks else None,
        "top_pages": hits[:3],
        "seconds": round(answered.seconds, 2),
        "notes": answer.get("notes", []),
    }


def main():
    parser = common.parser(__doc__)
    parser.add_argument("--first", type=int, help="only N pages, spread over both packages")
    parser.add_argument("--ask-only", action="store_true", help="asks what --work holds, without an ingest")
    parser.add_argument("--generator", default="auto")
    parser.add_argument("--questions", default=str(common.ROOT / "docs/questions-postgresql-python.md"))
    parser.add_argument("--name", default="ingest_docs", help="the results file's name")
    arguments = parser.parse_args()
    rows, checks = read_questions(arguments.questions), common.Checks()
    with common.Work(arguments) as work:
        tree, data = work / "tree", work / "data"
        result = {"documents_in": "--ask-only, as found"}
        if not arguments.ask_only:
            doctree.make(tree, arguments.first, [page for row in rows for page in row["pages"]])
            result = {"ingest": ingest(arguments, tree, data)}
            print(*(f"{name}: {value}" for name, value in result["ingest"].items()), sep="\n")
            checks.check("no document failed", result["ingest"]["failed"] == 0, result["ingest"]["failed"])
            lines = result["ingest"]["progress_lines"]
            checks.check("progress was shown", lines > 10, lines)
        result["questions"] = [ask(arguments, row, data) for row in rows]
    for row in result["questions"]:
        print(f"\n{row['number']}. {row['question']}\n   expected: {row['says']}")
        if "error" in row:
            checks.check(f"question {row['number']}", False, row["error"])
            continue
        print(
            f"   answer ({row['generator']}, {row['seconds']} s): {row['answer']}\n   cites: {', '.join(row['cited'])}"
        )
        where = (
            "cited" if row["page_cited"] else f"passage {row['page_rank']}" if row["page_rank"] else row["top_pages"]
        )
        checks.check(
            f"question {row['number']}: its page is cited or among ten passages",
            row["page_cited"] or row["page_rank"],
            where,
        )
    result["pages_cited"] = sum(row.get("page_cited", False) for row in result["questions"])
    result["refused"] = sum(row.get("refused", False) for row in result["questions"])
    print(f"\npages cited: {result['pages_cited']} of {len(rows)}, refused: {result['refused']}")
    common.save(arguments, arguments.name, {**result, "missed": checks.failed})
    checks.finish()


main()
