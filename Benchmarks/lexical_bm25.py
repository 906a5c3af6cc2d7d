#!/usr/bin/env python3
"""BM25 quality of the lexical index on BEIR-layout folders, beside the figures their SOURCE.md states.

    Benchmarks/lexical_build.sh                       builds the measuring tool
    python3 Benchmarks/lexical_bm25.py DATA [SET…]    DATA holds one folder per set

Needs: pytrec-eval. Ranks with title + text, 100 hits a query, k1 1.2, b 0.75; a query's own id is not treated apart.
Prints a table and one JSON line per set; exit code 1 if a set is more than 0.01 below its figure.
"""
import json, pathlib, re, subprocess, sys, tempfile

import pytrec_eval

TOOL = pathlib.Path(__file__).resolve().parent.parent / ".build/lexical/.build/release/lexical_bench"


def evaluate(folder, run_file, qrels_name):
    qrels = {}
    for line in (folder / "qrels" / qrels_name).read_text().splitlines()[1:]:
        query, document, grade = line.split("\t")
        qrels.setdefault(query, {})[document] = max(0, int(grade))
    run = {}
    for line in run_file.read_text().splitlines():
        query, _, document, _, score, _ = line.split()
        run.setdefault(query, {})[document] = float(score)
    queries = [q for q in qrels if any(qrels[q].values())]
    scores = pytrec_eval.RelevanceEvaluator(qrels, {"ndcg_cut.10", "recall.100", "map"}).evaluate(run)
    mean = lambda name: sum(scores.get(q, {}).get(name, 0) for q in queries) / len(queries)
    return {"ndcg@10": mean("ndcg_cut_10"), "recall@100": mean("recall_100"), "map": mean("map"), "queries": len(queries)}


def main():
    data = pathlib.Path(sys.argv[1])
    sets = sys.argv[2:] or sorted(p.name for p in data.iterdir() if (p / "corpus.jsonl").exists())
    missed = False
    for name in sets:
        folder = data / name
        source = (folder / "SOURCE.md").read_text()
        stated = float(re.search(r"BM25 check.*?nDCG@10 ([0-9.]+)", source).group(1).rstrip("."))
        with tempfile.NamedTemporaryFile(suffix=".run") as run:
            subprocess.run([str(TOOL), "run", str(folder), run.name], check=True)
            ours = evaluate(folder, pathlib.Path(run.name), "test.tsv")
        gap = ours["ndcg@10"] - stated
        missed |= gap < -0.01
        print(f"{name:20} nDCG@10 {ours['ndcg@10']:.4f}  stated {stated:.4f}  {gap:+.4f}", file=sys.stderr)
        print(json.dumps({"set": name, "stated_ndcg@10": stated, **ours}))
    sys.exit(1 if missed else 0)


main()
