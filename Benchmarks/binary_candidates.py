"""How many of the ten nearest are among the first candidates that codes of one bit find: what the form of a code is worth.

Needs: numpy, two .npy files of the same dimension (at most 512).
Run:   VENV/bin/python Benchmarks/binary_candidates.py --vectors vectors_f32.npy --queries queries_f32.npy
Compares every query with every vector, without a graph: signs of the components as they are, around the mean, and of the
rotation that Docent uses, with queries of one bit, of four, and in f32. Prints one line for each.
"""
import argparse

import numpy as np

CANDIDATES = (10, 20, 32, 48, 64, 100, 160, 256)


def hadamard(size):
    matrix = np.ones((1, 1), np.float32)
    while len(matrix) < size:
        matrix = np.block([[matrix, matrix], [matrix, -matrix]])
    return matrix / np.float32(np.sqrt(size))


def turned(rows, seed=1):
    """Rows with random signs, scattered among 512 places, through a Hadamard matrix."""
    signs = np.random.default_rng(seed).choice([-1, 1], rows.shape[1]).astype(np.float32)
    places = np.zeros((len(rows), 512), np.float32)
    places[:, np.arange(rows.shape[1]) * 317 % 512] = rows * signs
    return places @ hadamard(512)


def quantized(queries, bits):
    if bits == 1:
        return np.sign(queries)
    if bits == 32:
        return queries
    half = 2 ** (bits - 1)
    step = np.abs(queries).max(axis=1, keepdims=True) / half
    return step * (np.clip(np.floor(queries / step + half), 0, 2 * half - 1) - half + .5)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vectors", required=True)
    parser.add_argument("--queries", required=True)
    parser.add_argument("--count", type=int, default=40_000, help="vectors used")
    args = parser.parse_args()
    unit = lambda rows: rows / np.linalg.norm(rows, axis=1, keepdims=True)
    vectors = unit(np.load(args.vectors)[:args.count].astype(np.float32))
    queries = unit(np.load(args.queries)[:200].astype(np.float32))
    truth = [set(row) for row in np.argpartition(-(queries @ vectors.T), 10, axis=1)[:, :10]]
    mean = vectors.mean(axis=0)
    forms = {"as they are": (vectors, queries), "around the mean": (vectors - mean, queries),
             "turned": (turned(vectors), turned(queries)),
             "turned around the mean": (turned(vectors - mean), turned(queries))}
    for name, (rows, asked) in forms.items():
        signs = np.where(rows >= 0, 1, -1).astype(np.float32)
        scales = (rows * rows).sum(axis=1) / np.abs(rows).sum(axis=1)
        for bits in (1, 4, 32):
            order = np.argsort(-(quantized(asked, bits) @ signs.T) * scales, axis=1)
            shares = {k: np.mean([len(t & set(row[:k])) / 10 for t, row in zip(truth, order)]) for k in CANDIDATES}
            print(f"{name}, query of {bits} bits:", " ".join(f"{k}: {share:.4f}" for k, share in shares.items()))


if __name__ == "__main__":
    main()
