#!/usr/bin/env python3
"""Chunks that say the same: how many there are, what finding them costs, and a sample to judge by eye.

    python3 Benchmarks/duplicates.py [--first N] [--queries 300] [--samples 20] [--work DIR]

Takes in Debian's postgresql-doc-15 and python3.11-doc. Then
- counts groups, the chunks that follow another one, and the bytes of the tables;
- takes the tables of groups away and lets Docent make them again, as for an older database: the time of grouping all
  chunks, beside that of the whole ingest;
- searches over HTTP, each query with and without `collapse_duplicates`, in turn: medians, in one run;
- checks that with it no two hits say the same and that there are as many hits as were asked for, also after the leaders
  of the greatest groups are deleted, and that `docent fsck` is clean before and after.
With --samples, the words in which near pairs differ are printed, the least alike first. With --work, a database that is
there already is used; searches and deletions work on a copy.

Needs: the two packages. Bars: grouping at most 2 % of the ingest, a search's median at most 0.5 ms more. Times are of the
server's own clock, without the embedding of the query.
"""

import json, pathlib, random, shutil, sqlite3, statistics, time

import common, doctree
from server import Server


def main():
    parser = common.parser(__doc__)
    parser.add_argument("--first", type=int, help="so many pages only")
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--samples", type=int, default=0)
    arguments = parser.parse_args()
    checks = common.Checks()
    with common.Work(arguments) as root:
        pages, data, note = root / "pages", root / "data", root / "ingest.json"
        if not note.exists():
            shutil.rmtree(data, ignore_errors=True)
            links = root / "links"
            for name in doctree.make(links, arguments.first):
                (pages / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(links / name, pages / name)
            done = common.run(
                [arguments.docent, "ingest", pages, "--recursive", "--collection",
                 "docs", "--json", "--quiet", "--data", data, "--models", arguments.models], timeout=3600)
            if done.code != 0:
                raise SystemExit(f"docent ingest ended with {done.code}: {done.error_lines[-1:]}")
            note.write_text(json.dumps({"seconds": done.seconds, "peak_bytes": done.peak}))
        ingest = json.loads(note.read_text())
        database = sqlite3.connect(data / "docent.sqlite")
        result = {"ingest_s": round(ingest["seconds"], 1), **counts(database)}
        if arguments.samples:
            show(database, arguments.samples)
        checks.check("fsck is clean", fsck(arguments, data))

        result["grouping_s"] = round(regroup(arguments, database, data), 2)
        result["grouping_share"] = round(result["grouping_s"] / ingest["seconds"], 4)
        again = counts(database)
        same = [key for key in again if not key.endswith("_bytes")]
        checks.check("the groups are as before", all(again[key] == result[key] for key in same), again)
        checks.check("grouping: at most 2 % of the ingest", result["grouping_share"] <= 0.02, result["grouping_share"])
        database.close()
        shutil.rmtree(root / "searched", ignore_errors=True)
        searched = pathlib.Path(shutil.copytree(data, root / "searched"))
        result.update(search(arguments, checks, sqlite3.connect(searched / "docent.sqlite"), searched))
        checks.check("fsck is clean after deletions", fsck(arguments, searched))
        print(json.dumps(result, indent=1))
        common.save(arguments, "duplicates", {**result, "missed": checks.failed})
        checks.finish()


def counts(database):
    one = lambda sql: database.execute(sql).fetchone()[0]
    return {
        "documents": one("SELECT count(*) FROM documents"),
        "chunks": one("SELECT count(*) FROM chunks"),
        "groups": one("SELECT count(DISTINCT leader_id) FROM duplicate_chunks"),
        "followers": one("SELECT count(*) FROM duplicate_chunks"),
        "followers_with_other_words": one(
            """SELECT count(*) FROM duplicate_chunks g JOIN chunks c ON c.id = g.chunk_id
               JOIN chunks l ON l.id = g.leader_id WHERE c.text != l.text"""),
        "greatest_group": one(
            "SELECT coalesce(max(n), 0) + 1 FROM (SELECT count(*) n FROM duplicate_chunks GROUP BY leader_id)"),
        "table_bytes": one(
            """SELECT sum(pgsize) FROM dbstat WHERE name IN ('duplicate_keys', 'duplicate_keys_by_key',
               'duplicate_chunks', 'duplicate_chunks_by_leader')"""),
        "database_bytes": one("SELECT sum(pgsize) FROM dbstat"),
    }


def show(database, count):
    """Near pairs, those whose sets of words have least in common first, and the words in which they differ."""
    rows = database.execute(
        """SELECT l.text, c.text, l.heading_path, c.heading_path FROM duplicate_chunks g
           JOIN chunks c ON c.id = g.chunk_id JOIN chunks l ON l.id = g.leader_id WHERE c.text != l.text""").fetchall()
    def difference(row):
        one, other = (set(text.lower().split()) for text in row[:2])
        return len(one ^ other) / max(len(one | other), 1)
    for first, second, path, other in sorted(rows, key=difference, reverse=True)[:count]:
        one, two = set(first.split()), set(second.split())
        print("====", path, other, "\n-", " ".join(sorted(one - two)), "\n+", " ".join(sorted(two - one)))
        print("  ", " ".join(first.split())[:400])


def regroup(arguments, database, data):
    """Seconds to group all chunks of a database that has no groups, as when an older one is opened."""
    def opened():
        start = time.monotonic()
        done = common.run([arguments.docent, "collections", "list", "--data", data])
        if done.code != 0:
            raise SystemExit(f"docent collections list ended with {done.code}: {done.error_lines[-1:]}")
        return time.monotonic() - start
    plain = min(opened() for _ in range(3))
    times = []
    for _ in range(3):
        with database:
            database.execute("DROP TABLE duplicate_keys")
            database.execute("DROP TABLE duplicate_chunks")
            database.execute("DELETE FROM grdb_migrations WHERE identifier = '6 duplicates'")
        times.append(opened() - plain)
    return statistics.median(times)


def fsck(arguments, data):
    return common.run([arguments.docent, "fsck", "--data", data, "--models", arguments.models]).code == 0


def search(arguments, checks, database, data):
    leaders = dict(database.execute("SELECT chunk_id, leader_id FROM duplicate_chunks"))
    texts = [row[0] for row in database.execute("SELECT text FROM chunks")]
    random.seed(7)
    queries = [" ".join(random.choice(texts).split()[:9])[:300] or "index" for _ in range(arguments.queries)]
    repeated = [text for (text,) in database.execute(
        """SELECT l.text FROM duplicate_chunks g JOIN chunks l ON l.id = g.leader_id
           GROUP BY l.id ORDER BY count(*) DESC LIMIT 20""")]
    path, times = "/v1/collections/docs/search", {True: [], False: [], "share": []}
    with Server(arguments, data) as server:
        def ask(query, collapse, top_k=10):
            start = time.monotonic()
            reply = server.request("POST", path, {"query": query, "top_k": top_k, "collapse_duplicates": collapse})
            return reply.json["hits"], (time.monotonic() - start) * 1000, reply.json["timings_ms"]
        for query in queries[:30]:
            ask(query, True)
        wrong = 0
        for number, query in enumerate(queries):
            for collapse in (True, False) if number % 2 else (False, True):
                hits, took, stages = ask(query, collapse)
                times[collapse].append(stages["total"] - stages.get("embed", 0))
                if collapse:
                    times["share"].append(stages.get("duplicates", 0))
                    groups = [leaders.get(hit["chunk_id"], hit["chunk_id"]) for hit in hits]
                    wrong += len(hits) != 10 or len(set(groups)) != 10
        checks.check("ten hits that differ, each time", wrong == 0, f"{wrong} of {len(queries)} wrong")
        gone = 0
        for text in repeated:
            query = " ".join(text.split())[:1000]
            hits, _, _ = ask(query, True, 20)
            groups = {leaders.get(hit["chunk_id"], hit["chunk_id"]) for hit in hits}
            gone += len(hits) != 20 or len(groups) != 20
            first = hits[0]
            group = {source["chunk_id"]: source["document_id"] for source in [first, *first["duplicates"]]}
            left = {chunk for chunk, document in group.items() if document != first["document_id"]}
            server.request("DELETE", "/v1/collections/docs/documents/" + first["document_id"].replace("/", "%2F"))
            after, _, _ = ask(query, True, 20)
            stands = [hit for hit in after if hit["chunk_id"] in left]
            gone += len(after) != 20 or len(stands) != bool(left) or any(
                hit["duplicate_count"] < len(left) - 1 for hit in stands)  # Regrouped, it may find more.
        checks.check("another stands in for what is deleted", gone == 0, f"{gone} of {len(repeated)} wrong")
    p50 = {name: round(statistics.median(values), 3) for name, values in times.items()}
    ratio = p50[True] / p50[False]
    checks.check("search: at most 0.5 ms more", p50[True] - p50[False] <= 0.5, f"{p50[True]} ms with, {p50[False]} without")
    return {"search_without_embedding_p50_ms": p50[False], "search_collapsed_p50_ms": p50[True],
            "duplicates_stage_p50_ms": p50["share"], "search_ratio": round(ratio, 3), "queries": len(queries)}


main()
