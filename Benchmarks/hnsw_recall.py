"""Recall, speed and build time of Docent's HNSW index beside hnswlib, on the same vectors and in the same run.

Needs: numpy and hnswlib (pip), a built docent (make build), and two .npy files of the same dimension.
Run:   python Benchmarks/hnsw_recall.py --vectors vectors_f32.npy --queries queries_f32.npy [--threads 2] [--json OUT]
Prints a table; exit code 2 when Docent's recall@10 is below hnswlib's at an ef by more than --slack.
Times are wall-clock: on a machine that others use, only the ratios of quiet runs mean anything.
"""
import argparse
import json
import subprocess
import sys
import time

import hnswlib
import numpy as np

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--vectors", required=True)
parser.add_argument("--queries", required=True)
parser.add_argument("--docent", default=".build/release/docent")
parser.add_argument("--m", type=int, default=16)
parser.add_argument("--ef-construction", type=int, default=200)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--slack", type=float, default=0.0)
parser.add_argument("--repeats", type=int, default=3)
parser.add_argument("--json", help="also write both results to this file")
args = parser.parse_args()

command = [
    args.docent, "bench", "index", "--vectors", args.vectors, "--queries", args.queries, "--m", str(args.m),
    "--ef-construction", str(args.ef_construction), "--threads", str(args.threads), "--json",
]
ours = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)

vectors = np.load(args.vectors).astype(np.float32)
queries = np.load(args.queries).astype(np.float32)
unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
truth = []
for start in range(0, len(queries), 100):
    truth += [set(row) for row in np.argpartition(-(queries[start:start + 100] @ unit.T), 10, axis=1)[:, :10]]

index = hnswlib.Index("cosine", vectors.shape[1])
index.init_index(max_elements=len(vectors), M=args.m, ef_construction=args.ef_construction, random_seed=100)
begin = time.perf_counter()
index.add_items(vectors, np.arange(len(vectors)), num_threads=args.threads)
theirs = {"build_s": time.perf_counter() - begin, "points": []}
for point in ours["points"]:
    index.set_ef(point["ef"])
    found = index.knn_query(queries, k=10, num_threads=1)[0]
    entry = {"ef": point["ef"], "recall_at_10": sum(len(t & set(f)) for t, f in zip(truth, found)) / 10 / len(queries)}
    for key, threads in (("qps_1t", 1), ("qps_nt", args.threads)):
        best = 0.0
        for _ in range(args.repeats):
            begin = time.perf_counter()
            index.knn_query(queries, k=10, num_threads=threads)
            best = max(best, len(queries) / (time.perf_counter() - begin))
        entry[key] = best
    theirs["points"].append(entry)

print(f"build on {args.threads} threads: docent {ours['build_s']:.1f} s, hnswlib {theirs['build_s']:.1f} s")
print("   ef  recall@10 docent hnswlib   QPS 1 thread docent hnswlib   QPS n threads docent hnswlib")
is_below = False
for a, b in zip(ours["points"], theirs["points"]):
    is_below |= a["recall_at_10"] < b["recall_at_10"] - args.slack
    print(f"{a['ef']:5d}  {a['recall_at_10']:16.4f} {b['recall_at_10']:7.4f}   {a['qps_1t']:19.0f} {b['qps_1t']:7.0f}"
          f"   {a['qps_nt']:20.0f} {b['qps_nt']:7.0f}")
if args.json:
    with open(args.json, "w") as file:
        json.dump({"docent": ours, "hnswlib": theirs}, file, indent=1)
sys.exit(2 if is_below else 0)
