#!/usr/bin/env python3
"""Are the measures of `docent eval score` those of trec_eval (through pytrec_eval) to 1e-6?

Needs the Python package pytrec-eval-terrier (or pytrec_eval).

    python3 Benchmarks/metrics_parity.py --fixtures DATA/metrics

DATA/metrics holds bm25-cranfield/{qrels.trec,run.trec.gz} and trec_eval/{qrels.test,results.test,…}; random runs with
ties, negative judgements and missing queries are made besides. --command names another command with the same
arguments. Prints one JSON document; exits with 1 when a measure differs.
"""
import argparse, gzip, json, os, random, re, subprocess, sys, tempfile

import pytrec_eval

MEASURES = {"map": "map", "Rprec": "rprec", "bpref": "bpref", "recip_rank": "mrr", "ndcg": "ndcg"}
for k in (5, 10, 20, 100):
    MEASURES[f"ndcg_cut_{k}"] = f"ndcg@{k}"
    MEASURES[f"recall_{k}"] = f"recall@{k}"
    MEASURES[f"P_{k}"] = f"p@{k}"
MEASURES.update({"recall_1000": "recall@1000", "success_1": "success@1", "success_5": "success@5",
                 "success_10": "success@10", "P_1": "p@1"})
ASKED = {"map", "Rprec", "bpref", "recip_rank", "ndcg", "ndcg_cut.5,10,20,100", "recall.5,10,20,100,1000",
         "P.1,5,10,20,100", "success.1,5,10"}


def read(path, columns):
    table = {}
    with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8") as file:
        for line in file:
            fields = line.split()
            if fields and not fields[0].startswith("#"):
                value = int(fields[3]) if columns == 4 else float(fields[4])
                table.setdefault(fields[0], {})[fields[2]] = value
    return table


def write(path, table, columns):
    with open(path, "w", encoding="utf-8") as file:
        for query, documents in table.items():
            for document, value in documents.items():
                file.write(f"{query} 0 {document} {value}\n" if columns == 4
                           else f"{query} Q0 {document} 1 {value!r} random\n")


def random_pair(seed):
    """Judgements and a run with tied scores, scores that only 64-bit floats tell apart, degrees and negatives."""
    rng = random.Random(seed)
    qrels, run = {}, {}
    for q in range(40):
        documents = [f"d{n}" for n in range(rng.randint(1, 60))]
        if q % 9 != 0:
            qrels[f"q{q}"] = {d: rng.choice([-1, 0, 0, 0, 1, 2, 3]) for d in documents if rng.random() < 0.6}
            qrels[f"q{q}"] = qrels[f"q{q}"] or {"d0": 1}
        if q % 7 != 0:
            scores = {d: rng.choice([rng.random(), round(rng.random(), 1), 1 + rng.randint(0, 9) * 1e-9])
                      for d in documents if rng.random() < 0.8}
            if scores:
                run[f"q{q}"] = scores
    return qrels, run


def evaluate(qrels, run):
    """pytrec_eval's values, one family of measures at a time: asked for all at once it sometimes never returns."""
    merged = {}
    for family in sorted(ASKED):
        for query, values in pytrec_eval.RelevanceEvaluator(qrels, {family}).evaluate(run).items():
            merged.setdefault(query, {}).update(values)
    return merged


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--fixtures", required=True)
    parser.add_argument("--command", default=".build/release/docent")
    parser.add_argument("--random", type=int, default=20)
    options = parser.parse_args()
    base = options.fixtures
    pairs = [(os.path.join(base, "bm25-cranfield/qrels.trec"), os.path.join(base, "bm25-cranfield/run.trec.gz"))]
    trec = os.path.join(base, "trec_eval")
    pairs += [(os.path.join(trec, q), os.path.join(trec, r)) for q, r in [
        ("qrels.test", "results.test"), ("qrels.test.with-comments", "results.test"), ("qrels.rel_level", "results.test"),
        ("qrels.test", "results.trunc"), ("qrels-302.test", "results-302.test")]]
    report, worst = [], 0.0
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(options.random):
            qrels, run = random_pair(seed)
            names = os.path.join(folder, f"qrels{seed}"), os.path.join(folder, f"run{seed}")
            write(names[0], qrels, 4)
            write(names[1], run, 5)
            pairs.append(names)
        for qrels_path, run_path in pairs:
            plain = run_path
            if run_path.endswith(".gz"):
                plain = os.path.join(folder, "run.trec")
                with gzip.open(run_path) as source, open(plain, "wb") as target:
                    target.write(source.read())
            output = subprocess.run([options.command, "eval", "score", "--qrels", qrels_path, "--run", plain, "--json"],
                                    stdout=subprocess.PIPE, check=True).stdout
            ours = json.loads(output)
            theirs = evaluate(read(qrels_path, 4), read(run_path, 5))
            difference = max(abs(sum(v[name] for v in theirs.values()) / len(theirs) - ours[key])
                             for name, key in MEASURES.items())
            if len(theirs) != ours["queries"]:
                difference = 1.0
            worst = max(worst, difference)
            report.append({"run": os.path.basename(run_path), "qrels": os.path.basename(qrels_path),
                           "queries": len(theirs), "largest_difference": difference})
    print(json.dumps({"measures": len(MEASURES), "pairs": report, "largest_difference": worst}, indent=1))
    sys.exit(0 if worst <= 1e-6 else 1)


if __name__ == "__main__":
    main()
