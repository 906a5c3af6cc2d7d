#!/usr/bin/env python3
"""kill -9 in the middle of an ingest, again and again, then the same command to its end: is anything lost or doubled?

    python3 Benchmarks/kill_resume.py [--first 600] [--rounds 3] [--kills 4] [--seed 1]

Takes N pages of the documentation tree (see doctree.py) into a data folder undisturbed; then, in each round, into a
fresh one, where the process is killed at a random moment (seeded) up to --kills times and started again by the same
command until it ends by itself. Compares documents, extracted texts, chunks and vectors of both databases, reads the
job states, and asks both for the same searches, so that the indexes are compared as well.

Only processes started here are killed, by their id. Needs: the two Debian packages. Bars: none lost, none doubled,
equal content, every job ended, the database sound.
"""

import array, pathlib, random, signal, sqlite3, subprocess, sys, time

import common, doctree

SEARCHES = [
    "default transaction isolation level",
    "create index concurrently",
    "subprocess check returncode",
    "json decode error",
    "vacuum full lock",
    "sort stability",
]


def content(data):
    """Everything that must be equal, keyed by document id; row ids, dates and vectors' last bits aside."""
    with sqlite3.connect(f"file:{data}/docent.sqlite?mode=ro", uri=True) as base:
        rows = lambda query: base.execute(query).fetchall()
        documents = {
            row[0]: row[1:]
            for row in rows(
                "SELECT external_id, title, url, content_type, content_hash, metadata, state, error, byte_count,"
                " chunk_count, text FROM documents LEFT JOIN document_texts ON document_id = documents.id"
            )
        }
        chunks, vectors = {}, {}
        for name, ordinal, *rest, vector in rows(
            "SELECT external_id, ordinal, heading_path, text, utf8_start, utf8_end, token_count,"
            " chunks.content_hash, vector FROM chunks JOIN documents ON documents.id = document_id"
            " LEFT JOIN chunk_vectors ON chunk_id = chunks.id ORDER BY external_id, ordinal"
        ):
            chunks.setdefault(name, []).append((ordinal, *rest))
            vectors.setdefault(name, []).append(vector)
        counts = {
            table: rows(f"SELECT count(*) FROM {table}")[0][0]
            for table in ("documents", "document_texts", "chunks", "chunk_vectors", "job_payloads")
        }
        doubled = rows("SELECT document_id, ordinal FROM chunks GROUP BY 1, 2 HAVING count(*) > 1")
        jobs = rows("SELECT id, state FROM jobs ORDER BY id")
        pending = rows("SELECT count(*) FROM job_items WHERE state IN ('queued', 'running', 'failed')")[0][0]
        sound = rows("PRAGMA integrity_check")[0][0]
        broken = rows("PRAGMA foreign_key_check")
    return {
        "documents": documents,
        "chunks": chunks,
        "vectors": vectors,
        "counts": counts,
        "doubled": doubled,
        "jobs": jobs,
        "pending": pending,
        "sound": sound == "ok" and not broken,
    }


def farthest(left, right):
    """The greatest difference between two sets of vectors, or infinity when one is missing."""
    worst = 0.0
    for name, rows in left.items():
        for one, two in zip(rows, right.get(name, [])):
            if one is None or two is None or len(one) != len(two):
                return float("inf")
            if one != two:
                worst = max(worst, max(abs(a - b) for a, b in zip(array.array("f", one), array.array("f", two))))
    return worst


def found(arguments, data):
    """Document ids and chunk texts of the best ten of some searches, in each mode."""
    result = []
    for query in SEARCHES:
        for mode in ("dense", "lexical", "hybrid"):
            done = common.run(
                [
                    arguments.docent,
                    "search",
                    query,
                    "--mode",
                    mode,
                    "--collection",
                    "docs",
                    "--json",
                    "--quiet",
                    "--data",
                    data,
                    "--models",
                    arguments.models,
                ]
            )
            if done.code != 0:
                sys.exit(f"docent search ended with {done.code}: {' '.join(done.error_lines)}")
            result.append([(hit["document_id"], hit["text"]) for hit in done.json["hits"]])
    return result


def disturbed(arguments, command, seconds, generator, log):
    """Runs `command` with up to --kills kills at random moments, then to its end. Returns how it went."""
    kills, attempts = 0, 0
    while True:
        attempts += 1
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log)
        if kills >= arguments.kills:
            code = process.wait(timeout=4 * 3600)
            return {"kills": kills, "starts": attempts, "code": code}
        try:
            process.wait(timeout=generator.uniform(0.02, 1.6 / arguments.kills) * seconds)
            if process.returncode != 0:
                return {"kills": kills, "starts": attempts, "code": process.returncode}
            if kills:
                return {"kills": kills, "starts": attempts, "code": 0}
            sys.exit("the ingest ended before it could be killed: give more pages with --first")
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1


def main():
    parser = common.parser(__doc__)
    parser.add_argument("--first", type=int, default=600, help="pages (default 600; 0 for all)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kills", type=int, default=4, help="most kills in a round")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    generator, checks, rounds = random.Random(arguments.seed), common.Checks(), []
    with common.Work(arguments) as work:
        ids = doctree.make(work / "tree", arguments.first or None)
        command = lambda data: [
            arguments.docent,
            "ingest",
            str(work / "tree"),
            "--recursive",
            "--collection",
            "docs",
            "--data",
            str(data),
            "--models",
            arguments.models,
        ]
        start = time.monotonic()
        whole = common.run(command(work / "undisturbed"), timeout=4 * 3600)
        seconds = time.monotonic() - start
        if whole.code != 0:
            sys.exit(f"the undisturbed ingest ended with {whole.code}: {' '.join(whole.error_lines[-1:])}")
        expected, hits = content(work / "undisturbed"), found(arguments, work / "undisturbed")
        print(f"undisturbed: {expected['counts']} in {seconds:.1f} s")
        checks.check(
            "undisturbed: every page is a document",
            set(expected["documents"]) == set(ids),
            f"{len(expected['documents'])} of {len(ids)}",
        )
        for number in range(1, arguments.rounds + 1):
            data = work / f"round{number}"
            with open(work / f"round{number}.log", "wb") as log:
                went = disturbed(arguments, command(data), seconds, generator, log)
            actual, name = content(data), f"round {number} ({went['kills']} kills)"
            checks.check(f"{name}: the last start ends with 0", went["code"] == 0, went["code"])
            lost = sorted(set(expected["documents"]) - set(actual["documents"]))
            checks.check(f"{name}: none lost", not lost, lost[:5] or "")
            extra = sorted(set(actual["documents"]) - set(expected["documents"]))
            checks.check(
                f"{name}: none doubled",
                not extra and not actual["doubled"] and actual["counts"]["documents"] == len(actual["documents"]),
                extra[:5] or "",
            )
            different = [
                key
                for key in expected["documents"]
                if expected["documents"][key] != actual["documents"].get(key)
                or expected["chunks"].get(key) != actual["chunks"].get(key)
            ]
            checks.check(f"{name}: equal documents, texts and chunks", not different, different[:5] or "")
            counts = {table: actual["counts"][table] for table in actual["counts"]}
            checks.check(f"{name}: equal counts", counts == expected["counts"], counts)
            gap = farthest(expected["vectors"], actual["vectors"])
            checks.check(f"{name}: vectors within 1e-5", gap <= 1e-5, f"{gap:.1e}")
            ended = all(state == "succeeded" for _, state in actual["jobs"]) and not actual["pending"]
            checks.check(f"{name}: every job ended", ended, actual["jobs"])
            checks.check(f"{name}: the database is sound", actual["sound"])
            same = sum(set(one) == set(two) for one, two in zip(hits, found(arguments, data)))
            checks.check(f"{name}: the same search results", same >= len(hits) - 1, f"{same} of {len(hits)}")
            rounds.append({**went, "jobs": len(actual["jobs"])})
    common.save(
        arguments,
        "kill_resume",
        {
            "pages": len(ids),
            "chunks": expected["counts"]["chunks"],
            "seed": arguments.seed,
            "rounds": rounds,
            "missed": checks.failed,
        },
    )
    checks.finish()


main()
