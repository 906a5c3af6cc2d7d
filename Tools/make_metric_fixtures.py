#!/usr/bin/env python3
"""Writes Tests/EvaluationTests/Fixtures: runs and judgements with pytrec_eval's values, and answers with the values of
SQuAD's definitions, worked out here a second time.

Needs the Python package pytrec-eval-terrier (or pytrec_eval). From the root:

    python3 Tools/make_metric_fixtures.py [DATA/metrics DATA/qa]

With the shared data's folders it adds 60 Cranfield queries and 400 answers per SQuAD version, and checks the totals of
every prediction file there against the official script's figures.
"""
import glob, gzip, json, os, random, re, string, sys
from collections import Counter

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "Benchmarks"))
import pytrec_eval
from metrics_parity import ASKED, MEASURES, random_pair, read, write

OUT = "Tests/EvaluationTests/Fixtures"


def expected(name, qrels, run):
    write(f"{OUT}/{name}.qrels", qrels, 4)
    write(f"{OUT}/{name}.run", run, 5)
    values = pytrec_eval.RelevanceEvaluator(qrels, ASKED).evaluate(run)
    means = {key: sum(v[m] for v in values.values()) / len(values) for m, key in MEASURES.items()}
    queries = {q: {MEASURES[m]: x for m, x in v.items() if m in ("map", "ndcg_cut_10", "bpref", "Rprec")}
               for q, v in values.items()}
    with open(f"{OUT}/{name}.json", "w") as file:
        json.dump({"queries": len(values), "mean": means, "per_query": queries}, file, indent=0)


def tokens(text):
    text = "".join(c for c in text.lower() if c not in string.punctuation)
    return re.sub(r"\b(a|an|the)\b", " ", text).split()


def scores(answer, golds):
    golds = [g for g in golds if tokens(g)] or [""]
    best = 0.0
    for gold in golds:
        a, g = tokens(answer), tokens(gold)
        common = sum((Counter(a) & Counter(g)).values())
        f1 = float(a == g) if not a or not g else 0.0 if common == 0 else 2 * common / (len(a) + len(g))
        best = max(best, f1)
    return float(any(tokens(answer) == tokens(g) for g in golds)), best


def answers(metrics, qa):
    rows = [("The  Café, of the rising-sun!", ["cafe of rising sun", "café of risingsun"]), ("", []), ("no", []),
            ("the", ["a"]), ("A\u2013the\u2013b", ["b"]), ("U.S.", ["us", "U.S.A."]), ("\u0130stanbul", ["i\u0307stanbul"]),
            ("10,000 people", ["10000 people"]), ("a_b the", ["a_b"]), ("a\u0301b", ["\u0301b"]), ("x\u00a0y\u2003z", ["x y z"]),
            ("one one two", ["one two two"]), ("\u00bd an \u4e2d\u6587", ["\u00bd \u4e2d\u6587"])]
    rng = random.Random(5)
    for version, folder in (("1.1", "squad-v1.1-dev"), ("v2.0", "squad-v2.0-dev")):
        if not metrics:
            continue
        questions = [json.loads(l) for l in open(f"{qa}/{folder}/questions.jsonl")]
        official = json.load(open(f"{metrics}/squad-em-f1/{version}__expected.json"))
        for path in sorted(glob.glob(f"{metrics}/squad-em-f1/{version}__*.predictions.json")):
            predictions = json.load(open(path))
            found = [(predictions[q["id"]], q["answers"]) for q in questions if q["id"] in predictions]
            exact, f1 = (100 * sum(s) / len(found) for s in zip(*(scores(*r) for r in found)))
            wanted = official[os.path.basename(path)]
            assert abs(exact - wanted["exact"]) < 1e-9 and abs(f1 - wanted["f1"]) < 1e-9, (path, exact, f1, wanted)
            # Questions with partial answers tell most.
            partial = [r for r in found if 0 < scores(*r)[1] < 1] + rng.sample(found, 60)
            rows += rng.sample(partial, 90)
    with open(f"{OUT}/answers.jsonl", "w") as file:
        for answer, golds in rows:
            exact, f1 = scores(answer, golds)
            file.write(json.dumps({"answer": answer, "golds": sorted(set(golds)), "exact": exact, "f1": f1}) + "\n")


def main():
    os.makedirs(OUT, exist_ok=True)
    for seed in (1, 2):
        expected(f"random{seed}", *random_pair(seed))
    metrics, qa = sys.argv[1:3] if len(sys.argv) > 2 else (None, None)
    if metrics:
        qrels = read(f"{metrics}/bm25-cranfield/qrels.trec", 4)
        run = read(f"{metrics}/bm25-cranfield/run.trec.gz", 5)
        some = sorted(qrels, key=int)[:40]
        expected("cranfield", {q: qrels[q] for q in some}, {q: run[q] for q in some if q in run})
        trec = f"{metrics}/trec_eval"
        expected("trec", read(f"{trec}/qrels-302.test", 4), read(f"{trec}/results-302.test", 5))
    answers(metrics, qa)


main()
