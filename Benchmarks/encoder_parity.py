#!/usr/bin/env python3
"""Are Docent's vectors those of sentence-transformers? Cosines, batch against single, and the STS benchmark.

Needs Python packages: numpy, and for --sts scipy and sentence-transformers.

    python3 Benchmarks/encoder_parity.py --model models/all-minilm-l6-v2 --reference minilm_reference.json
    python3 Benchmarks/encoder_parity.py --model models/all-minilm-l6-v2 --sts sts-benchmark/dev.jsonl

The command that is measured is `.build/release/docent embed --model M --input F --output OUT.npy`; --command names
another one that takes the same arguments. --reference: JSON with `items`, each a text and its vector. --sts: JSON
Lines of pairs with a score. Prints one JSON document; exits with 1 when a bar is missed.
"""
import argparse, json, os, shlex, subprocess, sys, tempfile

import numpy as np

MIN_COSINE, MAX_ROW_DIFFERENCE, MAX_SPEARMAN_DIFFERENCE = 0.99999, 1e-5, 1e-3


def embed(command, model, texts):
    with tempfile.TemporaryDirectory() as folder:
        source, target = os.path.join(folder, "texts.jsonl"), os.path.join(folder, "out.npy")
        with open(source, "w", encoding="utf-8") as file:
            for text in texts:
                file.write(json.dumps({"text": text}, ensure_ascii=False) + "\n")
        subprocess.run(command + ["--model", model, "--input", source, "--output", target], check=True,
                       stdout=subprocess.DEVNULL)
        return np.load(target).astype(np.float64)


def cosines(a, b):
    return (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


def check_reference(command, model, path, singles):
    with open(path, encoding="utf-8") as file:
        items = json.load(file)["items"]
    texts = [item["text"] for item in items]
    expected = np.array([item["vector"] for item in items])
    batch = embed(command, model, texts)
    step = max(1, len(texts) // singles)
    chosen = list(range(0, len(texts), step))[:singles]
    alone = np.concatenate([embed(command, model, [texts[i]]) for i in chosen])
    return {"texts": len(texts), "cosine_min": float(cosines(batch, expected).min()),
            "singles": len(chosen), "row_difference_max": float(np.abs(batch[chosen] - alone).max())}


def check_sts(command, model, path):
    from scipy.stats import spearmanr
    from sentence_transformers import SentenceTransformer
    with open(path, encoding="utf-8") as file:
        pairs = [json.loads(line) for line in file if line.strip()]
    first, second = (next(k for k in names if k in pairs[0]) for names in
                     (("sentence1", "text1", "a", "first"), ("sentence2", "text2", "b", "second")))
    gold = [float(pair["score"]) for pair in pairs]
    texts = [pair[first] for pair in pairs] + [pair[second] for pair in pairs]
    own = embed(command, model, texts)
    peer = SentenceTransformer(model, device="cpu").encode(texts, normalize_embeddings=True).astype(np.float64)
    n = len(pairs)
    figure = lambda v: float(spearmanr(cosines(v[:n], v[n:]), gold).statistic)
    return {"pairs": n, "spearman": figure(own), "spearman_sentence_transformers": figure(peer),
            "cosine_min": float(cosines(own, peer).min())}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--reference")
    parser.add_argument("--sts")
    parser.add_argument("--singles", type=int, default=50, help="texts of the reference to embed alone as well")
    parser.add_argument("--command", default=".build/release/docent embed")
    arguments = parser.parse_args()
    command, report, passed = shlex.split(arguments.command), {"model": arguments.model}, True
    if arguments.reference:
        report["reference"] = r = check_reference(command, arguments.model, arguments.reference, arguments.singles)
        passed &= r["cosine_min"] >= MIN_COSINE and r["row_difference_max"] <= MAX_ROW_DIFFERENCE
    if arguments.sts:
        report["sts"] = r = check_sts(command, arguments.model, arguments.sts)
        passed &= abs(r["spearman"] - r["spearman_sentence_transformers"]) <= MAX_SPEARMAN_DIFFERENCE
    report["passed"] = bool(passed)
    print(json.dumps(report, indent=1))
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
