"""One million vectors: build, queries a second, recall, memory and cold start, beside hnswlib and FAISS.

Needs: numpy, hnswlib, faiss-cpu (PEERS/setup.sh ann), a built docent.
Run:   VENV/bin/python Benchmarks/index_million.py --keep FOLDER
The vectors are drawn here unless --vectors and --queries name files: 128 components around 2,000 centres, from a seed.
Times are processor time of one thread (builds: of all threads together), as other programs may be running; cold start is
the clock's: from starting the program to its end, one query asked, the file in the page cache. Indexes are kept in the
folder: what is there is not built again, --build-only stops after building. Writes results/index_million.json.
"""
import argparse
import json
import os
import resource
import statistics
import subprocess
import time

import numpy as np

import common
import index_peers

HERE = os.path.dirname(os.path.abspath(__file__))


def draw(folder, count, seed=11):
    """Paths of vectors of length 1 around centres, and of 1,000 queries drawn like them."""
    vectors, queries = f"{folder}/vectors_{count}.npy", f"{folder}/queries_{count}.npy"
    if not os.path.exists(queries):
        random = np.random.default_rng(seed)
        centres = random.standard_normal((2000, 128), dtype=np.float32)
        rows = centres[random.integers(0, 2000, count + 1000)]
        rows += 0.6 * random.standard_normal(rows.shape, dtype=np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        np.save(vectors, rows[:count])
        np.save(queries, rows[count:])
    return vectors, queries


def nearest(vectors, queries):
    """The ten nearest of each query, exactly."""
    found = []
    for start in range(0, len(queries), 50):
        products = queries[start:start + 50] @ vectors.T
        found += [set(row) for row in np.argpartition(-products, 10, axis=1)[:, :10]]
    return found


def children():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def build(name, path, args, vectors):
    """Seconds, and seconds of processor time, that building took; from the last time it was done."""
    if not (os.path.exists(path) and os.path.exists(path + ".json")):
        begin = time.perf_counter()
        if name.startswith("docent"):
            before = children()
            ours(name, args).build_to(path, args.threads)
            spent = children() - before
        else:
            before = time.process_time()
            peer = index_peers.make(name, vectors.shape[1], args.m, args.ef_construction)
            peer.build(vectors, args.threads)
            spent = time.process_time() - before
            peer.save(path)
        with open(path + ".json", "w") as file:
            json.dump({"build_s": time.perf_counter() - begin, "build_processor_s": spent}, file)
    with open(path + ".json") as file:
        return json.load(file)


def ours(name, args):
    precision = name.removeprefix("docent_")
    return index_peers.Docent(args.docent, args.m, args.ef_construction, precision, args.vectors, args.queries)


def cold_start(args, path, one):
    """Milliseconds from starting the program to its end, with one query: five runs."""
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        command = [args.docent, "index", "search", "--index", path, "--queries", one, "--json"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append((time.perf_counter() - begin) * 1000)
    return times


def measure(name, path, entry, args, vectors, queries, truth):
    recall = lambda found: sum(len(t & set(map(int, f))) for t, f in zip(truth, found)) / 10 / len(queries)
    shape = (vectors.shape[1], args.m, args.ef_construction)
    if name.startswith("docent"):
        system = ours(name, args)
        entry["held_bytes"] = system.memory(path, args.queries) - queries.nbytes
        one = f"{args.keep}/one.npy"
        np.save(one, queries[:1])
        entry["cold_start_ms"] = cold_start(args, path, one)
    else:
        entry["held_bytes"] = index_peers.child_memory(name, path, args.queries, *shape)
        system = index_peers.make(name, *shape)
        system.load(path)
    entry["held_bytes_per_vector"] = round(entry.pop("held_bytes") / len(vectors))
    entry["file_bytes_per_vector"] = round(os.path.getsize(path) / len(vectors))
    entry["points"] = []
    for ef in args.efs:
        if name.startswith("docent"):
            output = f"{args.keep}/ids.npy"
            rates = [system.processor_rate(path, ef, output) for _ in range(args.rounds)]
            found = np.load(output)
        else:
            rates = []
            for _ in range(args.rounds + 1):
                before = time.process_time()
                found = system.search(queries, ef, 1)
                rates.append(len(queries) / (time.process_time() - before))
            rates = rates[1:]
        point = {"ef": ef, "recall_at_10": recall(found), "qps": statistics.median(rates)}
        entry["points"].append(point)
        print(f"{name} ef {ef}: recall@10 {point['recall_at_10']:.4f}, {point['qps']:.0f} queries a second", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vectors")
    parser.add_argument("--queries")
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--docent", default=os.environ.get("DOCENT", ".build/release/docent"))
    parser.add_argument("--systems", default="docent_int8,docent_binary,hnswlib,faiss_sq8")
    parser.add_argument("--m", type=int, default=16)
    parser.add_argument("--ef-construction", type=int, default=200)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--efs", default="64,160")
    parser.add_argument("--keep", required=True, help="a folder for vectors and indexes")
    parser.add_argument("--build-only", action="store_true")
    parser.add_argument("--json", default=f"{HERE}/results/index_million.json")
    args = parser.parse_args()
    args.efs = [int(ef) for ef in args.efs.split(",")]
    os.makedirs(args.keep, exist_ok=True)
    if not args.vectors:
        args.vectors, args.queries = draw(args.keep, args.count)
    vectors = np.load(args.vectors, mmap_mode="r")
    queries = np.load(args.queries).astype(np.float32)
    systems = []
    for name in args.systems.split(","):
        path = f"{args.keep}/{name}_{len(vectors)}"
        entry = {"name": name} | build(name, path, args, vectors)
        print(f"{name}: built in {entry['build_s']:.0f} s, {entry['build_processor_s']:.0f} s of processor", flush=True)
        systems.append((path, entry))
    if args.build_only:
        return
    truth = nearest(vectors, queries)
    for path, entry in systems:
        measure(entry["name"], path, entry, args, vectors, queries, truth)
        print({key: value for key, value in entry.items() if key != "points"}, flush=True)
    result = {
        "date": time.strftime("%Y-%m-%d"), "commit": common.commit(), "machine": common.machine(),
        "vectors": len(vectors), "dimension": vectors.shape[1], "queries": len(queries), "m": args.m,
        "ef_construction": args.ef_construction, "threads": args.threads, "rounds": args.rounds,
        "clock": "processor", "systems": [entry for _, entry in systems],
    }
    with open(args.json, "w") as file:
        json.dump(result, file, indent=1)


if __name__ == "__main__":
    main()
