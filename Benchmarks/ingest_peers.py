#!/usr/bin/env python3
"""HTML files to a searchable collection: Docent beside the Python stacks of `PEERS/ingest_bench.py`, the same files in turn.

    VENV/bin/python Benchmarks/ingest_peers.py --peers PEERS [--stride 8] [--rounds 3] [--stacks ort_int8+bs4,…]

Every `--stride`-th page of Debian's postgresql-doc-15 and python3.11-doc, in the peers' own choice and order. A stack's
seconds are those of its stages (extraction, chunks, embedding, HNSW, SQLite); what it takes to load, and its BM25, are
left out. Docent's are the whole command's, from the start of the process to its end, BM25 and everything durable
included, once for each of --precisions. Everything is taken once in each round, medians over the rounds count; peak
memory is the process's. Since chunks differ in number, the ratio is given in seconds and in chunks a second. `foreign` says how many cores other processes took meanwhile.

Needs: `PEERS/setup.sh service` and `embed`, `embed_prepare.py onnx_export`, the two packages. Bars: 2.5 times as fast as
the fastest stack, chunks within 20 % of its, 400 MB.
"""

import json, os, pathlib, random, shutil, statistics, sys, time

import common

PACKAGES = ("python3.11-doc", "postgresql-doc-15")
FASTER, CHUNKS, MEMORY = 2.5, 0.2, 400e6


def pages(peers, stride):
    """The files that `ingest_bench.py` takes."""
    sys.path.insert(0, str(peers))
    import corpus

    files = [path for package in PACKAGES for path in corpus.files(package)]
    random.Random(1).shuffle(files)
    return files[::stride]


def busy():
    """CPU seconds of all processes since the start of the machine."""
    fields = list(map(int, open("/proc/stat").readline().split()[1:]))
    return sum(fields[i] for i in (0, 1, 2, 5, 6, 7)) / os.sysconf("SC_CLK_TCK")


def ours(arguments, precision, folder, data):
    shutil.rmtree(data, ignore_errors=True)
    environment = {"DOCENT_PRECISION": precision}
    options = ["--data", data, "--models", arguments.models, "--quiet", "--json"]
    done = common.run(
        [arguments.docent, "ingest", folder, "--recursive", "--collection", "docs", *options], timeout=3600,
        env=environment)
    if done.code != 0:
        raise SystemExit(f"docent ingest ended with {done.code}: {done.error_lines[-1:]}")
    progress = done.json["job"]["progress"]
    if progress["failed"]:
        raise SystemExit(f"docent could not read {progress['failed']} pages")
    stats = common.run([arguments.docent, "collections", "stats", "docs", *options[:-1]], env=environment)
    return {"seconds": done.seconds, "chunks": stats.json["chunks"], "peak_mb": done.peak / 1e6}


def stack(arguments, name):
    embedding, extraction = name.split("+")
    peers = pathlib.Path(arguments.peers)
    done = common.run(
        [sys.executable, peers / "ingest_bench.py", arguments.stride, embedding, extraction], timeout=3600, cwd=peers)
    if done.code != 0:
        raise SystemExit(f"{name}: {done.error_lines[-2:]}")
    row = json.loads(done.out.decode().strip().splitlines()[-1])
    return {"seconds": row["total_s"], "chunks": row["chunks"], "peak_mb": row["peak_rss_mb"]}


def main():
    parser = common.parser(__doc__)
    parser.add_argument("--peers", required=True, help="the folder that setup.sh made")
    parser.add_argument("--stride", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--stacks", default="ort_int8+bs4,ort+bs4", help="embedding+extraction of ingest_bench.py; with ov, "
                        "OpenVINO computes in bf16, which a processor without it takes minutes for")
    parser.add_argument("--precisions", default="auto,int8")
    arguments = parser.parse_args()
    names = arguments.stacks.split(",")
    own_names = {f"docent {precision}": precision for precision in arguments.precisions.split(",")}
    runs = {name: [] for name in [*own_names, *names]}
    with common.Work(arguments) as root:
        folder = root / "pages"
        folder.mkdir(exist_ok=True)
        chosen = pages(pathlib.Path(arguments.peers), arguments.stride)
        for number, path in enumerate(chosen):
            shutil.copyfile(path, folder / f"{number:04}-{pathlib.Path(path).name}")
        start, before, own = time.monotonic(), busy(), sum(os.times()[:4])
        for _ in range(arguments.rounds):
            for name, precision in own_names.items():
                runs[name].append(ours(arguments, precision, folder, root / "data"))
            for name in names:
                runs[name].append(stack(arguments, name))
            print({name: round(rows[-1]["seconds"], 2) for name, rows in runs.items()}, file=sys.stderr, flush=True)
        foreign = (busy() - before - (sum(os.times()[:4]) - own)) / (time.monotonic() - start)
    middle = {
        name: {key: round(statistics.median(row[key] for row in rows), 2) for key in rows[0]}
        for name, rows in runs.items()
    }
    fastest = min(names, key=lambda name: middle[name]["seconds"])
    ratios = {
        name: {
            "seconds": round(middle[fastest]["seconds"] / middle[name]["seconds"], 2),
            "chunks_per_s": round(
                middle[name]["chunks"] / middle[name]["seconds"] * middle[fastest]["seconds"] / middle[fastest]["chunks"], 2),
            "chunk_share": round(middle[name]["chunks"] / middle[fastest]["chunks"], 2),
        }
        for name in own_names
    }
    common.save(arguments, "ingest_peers", {
        "files": len(chosen), "rounds": arguments.rounds, "foreign": round(foreign, 2), "systems": middle,
        "fastest": fastest, "ratios": ratios})
    checks = common.Checks()
    for name, row in ratios.items():
        checks.check(f"{name}: at least {FASTER} times as fast as {fastest}", row["seconds"] >= FASTER, row)
        checks.check(f"{name}: chunks within 20 % of its", abs(row["chunk_share"] - 1) <= CHUNKS, row["chunk_share"])
        peak = max(run["peak_mb"] for run in runs[name])
        checks.check(f"{name}: peak memory at most 400 MB", peak <= MEMORY / 1e6, round(peak))
    checks.finish()


if __name__ == "__main__":
    main()
