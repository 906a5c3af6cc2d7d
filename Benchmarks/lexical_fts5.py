#!/usr/bin/env python3
"""SQLite's FTS5 on the same chunks and queries as `lexical_bench speed`, top 10 by bm25().

    python3 Benchmarks/lexical_fts5.py CHUNKS.jsonl QUERIES.jsonl FOLDER

A contentless table, tokenizer `porter unicode61`, detail=full (the default; phrases). A fourth argument `none` takes
detail=none, the least FTS5 can store and still rank: a third of the bytes, slower still. Queries are the words joined by OR, without stop words (the list of StopWords.swift) and with
them. Times are CPU time, so that other work on the machine does not count. FOLDER gets the databases. Needs Python's sqlite3 with FTS5.
"""
import json, os, pathlib, re, sqlite3, statistics, sys, time

SOURCE = pathlib.Path(__file__).resolve().parent.parent / "Sources/LexicalIndex/Analysis/StopWords.swift"
STOP = set(re.search(r'"""(.*?)"""', SOURCE.read_text(), re.S).group(1).split())


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def main():
    chunks = [json.loads(line) for line in open(sys.argv[1])]
    queries = [json.loads(line)["text"] for line in open(sys.argv[2])]
    realistic = [q for q in queries if 8 <= len(q.split()) <= 10]
    for detail in sys.argv[4:] or ["full"]:
        path = os.path.join(sys.argv[3], f"fts5-{detail}.db")
        if os.path.exists(path):
            os.remove(path)
        database = sqlite3.connect(path)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute(
            "CREATE VIRTUAL TABLE t USING fts5(body, tokenize='porter unicode61', content='', detail=%s)" % detail)
        start = time.process_time()
        with database:
            database.executemany("INSERT INTO t(rowid, body) VALUES (?, ?)", ((c["id"] + 1, c["text"]) for c in chunks))
        insert = time.process_time() - start
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = os.path.getsize(path)
        for stop in (True, False):
            for name, texts in (("first_100", queries[:100]), ("words_8_to_10", realistic)):
                for k in (10,):
                    times = []
                    for text in texts:
                        words = re.findall(r"[^\W_]+", text.lower())
                        words = [w for w in words if w not in STOP] or words if stop else words
                        if not words:
                            continue
                        match = " OR ".join(f'"{w}"' for w in dict.fromkeys(words))
                        begin = time.process_time()
                        database.execute(
                            "SELECT rowid, bm25(t) FROM t WHERE t MATCH ? ORDER BY rank LIMIT ?", (match, k)).fetchall()
                        times.append((time.process_time() - begin) * 1000)
                    print(json.dumps({
                        "sqlite": sqlite3.sqlite_version, "detail": detail, "insert_s": round(insert, 2), "bytes": size,
                        "without_stop_words": stop, "queries": name, "count": len(times), "top": k,
                        "p50_ms": round(statistics.median(times), 2), "p95_ms": round(percentile(times, 0.95), 2),
                        "max_ms": round(max(times), 2)}), flush=True)


main()
