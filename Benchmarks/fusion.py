#!/usr/bin/env python3
"""How to make one ranking of two: fusion methods side by side on BEIR-layout folders (docs/decisions/0004-fusion.md).

    VENV/bin/python Benchmarks/fusion.py DATA/retrieval [--sets adi,cacm] [--depth 100] [--queries 400] [--cache FOLDER]

Exact cosine of all-MiniLM-L6-v2 (sentence-transformers) and BM25 (bm25s, k1 1.2, b 0.75, Snowball stems, title + text)
are fused per query; nDCG@10 per set, and the mean over the sets, one JSON line each. Every weight is 0.5: nothing is
fitted. Needs sentence-transformers, bm25s, PyStemmer; the vectors are kept in --cache, as they take minutes.
"""

import argparse
import json
import math
import pathlib
import random

import bm25s
import numpy
import Stemmer


def ndcg(ranking, judged, k=10):
    gain = sum(max(judged.get(d, 0), 0) / math.log2(i + 2) for i, d in enumerate(ranking[:k]))
    best = sorted((max(grade, 0) for grade in judged.values()), reverse=True)[:k]
    ideal = sum(grade / math.log2(i + 2) for i, grade in enumerate(best))
    return gain / ideal if ideal else 0.0


def scaled(scores, low):
    span = scores.max() - low
    return (scores - low) / span if span > 0 else numpy.ones_like(scores)


def rankings(dense, lexical, depth):
    """Rankings by method, as positions in the corpus."""
    first = numpy.argsort(-dense, kind="stable")[:depth]
    second = numpy.argsort(-lexical, kind="stable")[:depth]
    second = second[lexical[second] > 0]
    union = numpy.array(sorted({*first, *second}))
    place = {document: index for index, document in enumerate(union)}

    def fused(parts):
        total = numpy.zeros(len(union))
        for documents, values in parts:
            for document, value in zip(documents, values):
                total[place[document]] += value
        return union[numpy.argsort(-total, kind="stable")]

    def standard(scores):
        return (scores - scores.mean()) / scores.std() if scores.std() > 0 else scores * 0

    lexical_floor = lexical[second].min() if len(second) >= depth else 0.0
    methods = {"dense": first, "lexical": second}
    methods["reciprocal rank, 60"] = fused(
        [(leg, 1 / (60 + numpy.arange(1, len(leg) + 1))) for leg in (first, second)])
    if not len(second):
        return {**{name: first for name in NAMES}, **methods}
    methods["min-max over the union"] = fused(
        [(union, scaled(dense[union], dense[union].min())), (union, scaled(lexical[union], lexical[union].min()))])
    methods["z-score over the union"] = fused([(union, standard(dense[union])), (union, standard(lexical[union]))])
    methods["theoretical minimum"] = fused([(union, scaled(dense[union], -1)), (union, scaled(lexical[union], 0))])
    methods["min-max of each leg"] = fused(
        [(first, scaled(dense[first], dense[first].min())), (second, scaled(lexical[second], lexical[second].min()))])
    methods["floor to best of each leg"] = fused(
        [(first, scaled(dense[first], dense[first].min())), (second, scaled(lexical[second], lexical_floor))])
    return methods


NAMES = ["min-max over the union", "z-score over the union", "theoretical minimum", "min-max of each leg",
         "floor to best of each leg"]


def lines(path):
    return [json.loads(line) for line in open(path, encoding="utf-8")]


def vectors(folder, documents, queries, cache, model):
    path = cache / f"{folder.name}.{len(queries)}.npz" if cache else None
    if path and path.exists():
        stored = numpy.load(path)
        return stored["documents"], stored["queries"]
    from sentence_transformers import SentenceTransformer
    encoder = SentenceTransformer(model)
    texts = [(d.get("title", "") + "\n" + d["text"]).strip() for d in documents]
    made = [encoder.encode(t, normalize_embeddings=True) for t in (texts, [q["text"] for q in queries])]
    if path:
        cache.mkdir(parents=True, exist_ok=True)
        numpy.savez(path, documents=made[0], queries=made[1])
    return made


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--sets", default="adi,covid-faq,cranfield,cacm,pubmedqa-abstracts,squad-paragraphs")
    parser.add_argument("--depth", type=int, default=100)
    parser.add_argument("--queries", type=int, default=400, help="at most so many per set, drawn with seed 1")
    parser.add_argument("--cache", type=pathlib.Path)
    parser.add_argument("--model", default="models/all-minilm-l6-v2")
    arguments = parser.parse_args()
    stemmer = Stemmer.Stemmer("english")
    means = []
    for name in arguments.sets.split(","):
        folder = arguments.data / name
        documents, queries = lines(folder / "corpus.jsonl"), lines(folder / "queries.jsonl")
        random.Random(1).shuffle(queries)
        queries = queries[:arguments.queries]
        judged = {}
        for line in open(folder / "qrels/test.tsv", encoding="utf-8").read().splitlines()[1:]:
            query, document, grade = line.split("\t")
            judged.setdefault(query, {})[document] = int(grade)
        stored, asked = vectors(folder, documents, queries, arguments.cache, arguments.model)
        index = bm25s.BM25(k1=1.2, b=0.75)
        index.index(bm25s.tokenize([d.get("title", "") + " " + d["text"] for d in documents], stemmer=stemmer,
                                   show_progress=False), show_progress=False)
        similarities = (asked @ stored.T).astype(numpy.float64)
        results = {}
        for row, query in enumerate(queries):
            if query["_id"] not in judged:
                continue
            words = bm25s.tokenize([query["text"]], stemmer=stemmer, show_progress=False, return_ids=False)[0]
            scores = index.get_scores(words) if words else numpy.zeros(len(documents))
            found = rankings(similarities[row], numpy.asarray(scores, dtype=numpy.float64), arguments.depth)
            for method, ranking in found.items():
                ids = [documents[i]["_id"] for i in ranking[:10]]
                results.setdefault(method, []).append(ndcg(ids, judged[query["_id"]]))
        means.append({method: float(numpy.mean(values)) for method, values in results.items()})
        print(json.dumps({"set": name, **{k: round(v, 4) for k, v in means[-1].items()}}), flush=True)
    mean = {method: round(sum(m[method] for m in means) / len(means), 4) for method in means[0]}
    best = round(sum(max(m["dense"], m["lexical"]) for m in means) / len(means), 4)
    print(json.dumps({"set": "mean", **mean, "better leg": best}))


if __name__ == "__main__":
    main()
