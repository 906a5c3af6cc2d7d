#!/usr/bin/env python3
"""Filtered searches of the vector index: recall, results, and time beside a search without a filter and an exact scan.

    python3 Benchmarks/index_filters.py --vectors DATA/vectors_f32.npy --queries DATA/queries_f32.npy

Runs `docent bench index --filters`: shares from 50 to 0.01 %, chosen at random (the same for all queries), among the
nearest ("near"), around a random vector ("topic"), or farthest from the query ("far"), a filter for each query. Bars:
recall@10 >= 0.98 and no query short of results; time <= 3 x the faster of the unfiltered search and the exact scan.
Writes index_filters.json; exits with 1 when a bar is missed.
"""

import sys

import common


def main():
    parser = common.parser(__doc__)
    parser.add_argument("--vectors", required=True)
    parser.add_argument("--queries", required=True)
    arguments = parser.parse_args()
    done = common.run([arguments.docent, "bench", "index", "--vectors", arguments.vectors, "--queries", arguments.queries,
                       "--filters", "--json"], timeout=1800)
    if done.code != 0:
        sys.exit(f"exit code {done.code}: {done.err[-400:]}")
    checks, points = common.Checks(), done.json["filters"]
    for point in points:
        name = f"{point['selectivity']:.2%} {point['correlation']}"
        checks.check(f"{name}: recall@10 >= 0.98", point["recall_at_10"] >= 0.98, f"{point['recall_at_10']:.3f}")
        checks.check(f"{name}: all results", point["short"] == 0, point["short"])
        detail = (f"{point['ratio']:.2f} ({point['mean_us']:.0f} us; {point['unfiltered_us']:.0f} unfiltered, "
                  f"{point['scan_us']:.0f} exact scan)")
        checks.check(f"{name}: time <= 3 x the faster", point["ratio"] <= 3, detail)
    common.save(arguments, "index_filters", {"vectors": done.json["vectors"], "points": points, "checks": checks.rows})
    checks.finish()


if __name__ == "__main__":
    main()
