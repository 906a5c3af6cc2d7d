#!/usr/bin/env python3
"""HTML files to a searchable collection: Docent beside the Python stacks of `PEERS/ingest_bench.py`, the same files.

    VENV/bin/python Benchmarks/ingest_peers.py --peers PEERS [--stride 8] [--rounds 3] [--stacks ort_int8+bs4,…]

Every `--stride`-th page of Debian's postgresql-doc-15 and python3.11-doc, in the peers' own choice and order. A stack's
seconds are those of its stages (extraction, chunks, embedding, HNSW, SQLite); what it takes to load, and its BM25, are
left out. Docent's are the whole command's, from the start of the process to its end, BM25 and everything durable
included, once for each of --precisions and --sizes. Everything is taken once in each round, medians over the rounds
count; peak memory is the process's. `foreign` says how many cores other processes took meanwhile; a run in which that
was more than a twentieth is repeated up to --tries times, and the one least disturbed counts.

Chunks are to be as many. Docent never mixes sections in a chunk, which makes more of them than the stacks have however
large they may be; so the stacks are also cut finer (--words), and each run of Docent is held against the fastest stack
among those whose chunks are within 20 % of its own, where there is one.

Needs: `PEERS/setup.sh service` and `embed`, `embed_prepare.py onnx_export`, the two packages. Bars: 2.5 times as fast as
the fastest stack, chunks within 20 % of its, 400 MB.
"""

import json, os, pathlib, random, runpy, shutil, statistics, sys, time

import common

PACKAGES = ("python3.11-doc", "postgresql-doc-15")
FASTER, CHUNKS, MEMORY = 2.5, 0.2, 400e6
QUIET = 0.05
OWN_WORDS = (72, 180)


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


def least_disturbed(tries, measure):
    """What `measure` gives, with `foreign` added, of the first run nothing disturbed, or the least disturbed one."""
    rows = []
    for _ in range(tries):
        start, before, own = time.monotonic(), busy(), sum(os.times()[:4])
        row = measure()
        row["foreign"] = (busy() - before - (sum(os.times()[:4]) - own)) / (time.monotonic() - start)
        rows.append(row)
        if row["foreign"] <= QUIET:
            break
    return min(rows, key=lambda row: row["foreign"])


def ours(arguments, precision, sizes, folder, data):
    shutil.rmtree(data, ignore_errors=True)
    environment = {"DOCENT_PRECISION": precision}
    options = ["--data", data, "--models", arguments.models, "--quiet"]
    if sizes:
        words = [word for pair in zip(("--target-tokens", "--max-tokens", "--overlap-tokens"), sizes) for word in pair]
        made = common.run([arguments.docent, "collections", "create", "docs", *words, *options], env=environment)
        if made.code != 0:
            raise SystemExit(f"no collection with chunks of {sizes}: {made.error_lines[-1:]}")
    done = common.run(
        [arguments.docent, "ingest", folder, "--recursive", "--collection", "docs", *options, "--json"], timeout=3600,
        env=environment)
    if done.code != 0:
        raise SystemExit(f"docent ingest ended with {done.code}: {done.error_lines[-1:]}")
    progress = done.json["job"]["progress"]
    if progress["failed"]:
        raise SystemExit(f"docent could not read {progress['failed']} pages")
    stats = common.run([arguments.docent, "collections", "stats", "docs", *options], env=environment)
    return {"seconds": done.seconds, "chunks": stats.json["chunks"], "peak_mb": done.peak / 1e6}


def stack(arguments, name, words):
    embedding, extraction = name.split("+")
    own = [sys.executable, __file__, "stack", arguments.peers, *words]
    done = common.run([*own, arguments.stride, embedding, extraction], timeout=3600, cwd=arguments.peers)
    if done.code != 0:
        raise SystemExit(f"{name}: {done.error_lines[-2:]}")
    row = json.loads(done.out.decode().strip().splitlines()[-1])
    return {"seconds": row["total_s"], "chunks": row["chunks"], "peak_mb": row["peak_rss_mb"]}


def run_stack(peers, least, most, *words):
    """`ingest_bench.py` in this process, its texts cut at `least` to `most` words where those aren't its own."""
    sys.path.insert(0, peers)
    import corpus

    def chunks(text):
        choice = random.Random(len(text))
        wanted, chunk = choice.randint(least, most), []
        for word in (word[:60] for paragraph in corpus.paras(text) for word in paragraph.split(" ")):
            chunk.append(word)
            if len(chunk) >= wanted and (word[-1:] in tuple(".!?:") or len(chunk) >= most + 20):
                yield " ".join(chunk)
                wanted, chunk = choice.randint(least, most), []
        if len(chunk) >= least * 8 // 9:
            yield " ".join(chunk)

    if (least, most) != OWN_WORDS:
        corpus.chunk = chunks
    sys.argv = ["ingest_bench.py", *words]
    runpy.run_path(f"{peers}/ingest_bench.py", run_name="__main__")


def rival(own, stacks):
    """The fastest stack with as many chunks; the fastest of all where none has."""
    alike = {name: row for name, row in stacks.items() if abs(own["chunks"] / row["chunks"] - 1) <= CHUNKS}
    return min(alike or stacks, key=lambda name: stacks[name]["seconds"])


def compared(own, stacks):
    name = rival(own, stacks)
    row = stacks[name]
    return {
        "beside": name,
        "seconds": round(row["seconds"] / own["seconds"], 2),
        "chunks_per_s": round(own["chunks"] / own["seconds"] * row["seconds"] / row["chunks"], 2),
        "chunk_share": round(own["chunks"] / row["chunks"], 2),
    }


def parsed():
    parser = common.parser(__doc__)
    parser.add_argument("--peers", required=True, help="the folder that setup.sh made")
    parser.add_argument("--stride", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tries", type=int, default=1)
    parser.add_argument("--stacks", default="ort_int8+bs4,ort+bs4", help="embedding+extraction of ingest_bench.py; with "
                        "ov, OpenVINO computes in bf16, which a processor without it takes minutes for")
    parser.add_argument("--words", default="72-180,40-120", help="words of the stacks' chunks; 72-180 are their own")
    parser.add_argument("--precisions", default="auto,int8")
    parser.add_argument("--sizes", default="default,254/254/0",
                        help="tokens of Docent's chunks, TARGET/MAX/OVERLAP, or its defaults")
    return parser.parse_args()


def main():
    arguments = parsed()
    own_names = {
        f"docent {precision}" + ("" if sizes == "default" else f" {sizes}"):
            (precision, None if sizes == "default" else sizes.split("/"))
        for sizes in arguments.sizes.split(",") for precision in arguments.precisions.split(",")
    }
    names = {
        f"{name} {words}": (name, words.split("-"))
        for words in arguments.words.split(",") for name in arguments.stacks.split(",")
    }
    runs = {name: [] for name in [*own_names, *names]}
    with common.Work(arguments) as root:
        folder = root / "pages"
        folder.mkdir(exist_ok=True)
        chosen = pages(pathlib.Path(arguments.peers), arguments.stride)
        for number, path in enumerate(chosen):
            shutil.copyfile(path, folder / f"{number:04}-{pathlib.Path(path).name}")
        for _ in range(arguments.rounds):
            for name, (precision, sizes) in own_names.items():
                runs[name].append(least_disturbed(
                    arguments.tries, lambda: ours(arguments, precision, sizes, folder, root / "data")))
            for name, (stack_name, words) in names.items():
                runs[name].append(least_disturbed(arguments.tries, lambda: stack(arguments, stack_name, words)))
            print({name: (round(rows[-1]["seconds"], 2), round(rows[-1]["foreign"], 2)) for name, rows in runs.items()},
                  file=sys.stderr, flush=True)
    middle = {
        name: {key: round(statistics.median(row[key] for row in rows), 2) for key in rows[0]}
        for name, rows in runs.items()
    }
    stacks = {name: middle[name] for name in names}
    ratios = {name: compared(middle[name], stacks) for name in own_names}
    common.save(arguments, "ingest_peers", {
        "files": len(chosen), "rounds": arguments.rounds, "systems": middle, "ratios": ratios})
    checks = common.Checks()
    for name, row in ratios.items():
        checks.check(f"{name}: at least {FASTER} times as fast as {row['beside']}", row["seconds"] >= FASTER, row)
        checks.check(f"{name}: chunks within 20 % of its", abs(row["chunk_share"] - 1) <= CHUNKS, row["chunk_share"])
        peak = max(run["peak_mb"] for run in runs[name])
        checks.check(f"{name}: peak memory at most 400 MB", peak <= MEMORY / 1e6, round(peak))
    checks.finish()


if __name__ == "__main__":
    if sys.argv[1:2] == ["stack"]:
        run_stack(sys.argv[2], *map(int, sys.argv[3:5]), *sys.argv[5:])
    else:
        main()
