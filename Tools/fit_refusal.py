#!/usr/bin/env python3
"""Fits the weights of EvidenceAssessor and says how they do on questions they were not fitted on.

Needs numpy. Run:
    docent eval answers --dataset corpus/eval/questions.jsonl --collection shop-help --generator extractive \
        --output answers.jsonl --quiet
    python3 Tools/fit_refusal.py corpus/eval/questions.jsonl answers.jsonl

Every second question (odd lines) fits, the others test. The loss is logistic, classes weighted equally, with a small
ridge; the threshold stays at 0.5, so equal weights mean that refusing wrongly and answering wrongly cost the same.
"""
import json
import sys

import numpy as np

FEATURES = ["sentence_cosine", "coverage", "unseen_share"]


def fit(x, y, ridge=0.05, steps=4000, rate=0.5):
    mean, scale = x.mean(0), x.std(0) + 1e-9
    z = np.c_[np.ones(len(x)), (x - mean) / scale]
    weight = np.where(y == 1, 0.5 / y.mean(), 0.5 / (1 - y.mean()))
    w = np.zeros(z.shape[1])
    for _ in range(steps):
        p = 1 / (1 + np.exp(-z @ w))
        gradient = z.T @ (weight * (p - y)) / len(y)
        gradient[1:] += ridge * w[1:] / len(y)
        w -= rate * gradient
    coefficients = w[1:] / scale
    return np.r_[w[0] - (coefficients * mean).sum(), coefficients]


def report(name, w, x, y):
    p = 1 / (1 + np.exp(-(w[0] + x @ w[1:])))
    refused = p < 0.5
    right = (refused & (y == 0)).sum()
    order = np.argsort(p)
    ranks = np.empty(len(p))
    ranks[order] = np.arange(1, len(p) + 1)
    positives = (y == 1).sum()
    auc = (ranks[y == 1].sum() - positives * (positives + 1) / 2) / (positives * (len(y) - positives))
    print(f"{name}: {len(y)} questions, {int((y == 0).sum())} unanswerable; AUC {auc:.3f}; "
          f"refusal precision {right / max(refused.sum(), 1):.3f}, recall {right / (y == 0).sum():.3f}; "
          f"answerable ones answered {((~refused) & (y == 1)).sum() / (y == 1).sum():.3f}")


def main():
    questions = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
    results = [json.loads(line)["result"] for line in open(sys.argv[2], encoding="utf-8")]
    x = np.array([[r["evidence"][f] for f in FEATURES] for r in results])
    y = np.array([0 if q.get("unanswerable") else 1 for q in questions])
    odd = np.arange(len(y)) % 2 == 0
    w = fit(x[odd], y[odd])
    print("bias", f"{w[0]:.2f}", *(f"{n} {v:.2f}" for n, v in zip(FEATURES, w[1:])))
    report("fitted on", w, x[odd], y[odd])
    report("held out", w, x[~odd], y[~odd])


if __name__ == "__main__":
    main()
