#!/usr/bin/env python3
"""Ten thousand texts of random bytes through `docent embed`: no crash, no NaN, each row equal to the single text's.

    python3 Benchmarks/embed_robustness.py --model models/all-minilm-l6-v2 [--texts 10000] [--singles 40] [--seed 1]
        [--precisions auto,f32,bf16,int16,int8]

Lengths from 0 to 100,000 bytes, most of them short (the cube of a cube of a uniform number), a third of the texts of
bytes that are valid UTF-8. Each precision; rows of the batch against texts embedded alone, in processes of their own.
Exits with 1 when a check fails. Needs numpy.
"""

import random, sys

import numpy

import common


def texts(count, generator):
    made = []
    for number in range(count):
        length = 100_000 if number == 0 else 0 if number == 1 else int(100_000 * generator.random() ** 9)
        data = generator.randbytes(length)
        if number % 3 == 0:
            data = data.decode("latin-1").encode("utf-8")
        made.append(data.replace(b"\n", b" ").replace(b"\r", b" "))
    return made


def embed(arguments, precision, lines, work):
    source, target = work / "texts.txt", work / "vectors.npy"
    source.write_bytes(b"".join(line + b"\n" for line in lines))
    done = common.run([arguments.docent, "embed", "--model", arguments.model, "--precision", precision, "--input", source,
                       "--output", target, "--quiet"], timeout=3000)
    if done.code != 0:
        sys.exit(f"exit code {done.code}: {done.err[-400:]}")
    return numpy.load(target), done


def main():
    parser = common.parser(__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--texts", type=int, default=10_000)
    parser.add_argument("--singles", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--precisions", default="auto,f32,bf16,int16,int8")
    arguments = parser.parse_args()
    generator = random.Random(arguments.seed)
    lines = texts(arguments.texts, generator)
    chosen = sorted({0, 1, *generator.sample(range(len(lines)), min(arguments.singles, len(lines)))})
    checks, figures = common.Checks(), {}
    with common.Work(arguments) as work:
        for precision in arguments.precisions.split(","):
            rows, done = embed(arguments, precision, lines, work)
            checks.check(f"{precision}: a row for each text", rows.shape[0] == len(lines), rows.shape)
            checks.check(f"{precision}: every number is finite", bool(numpy.isfinite(rows).all()))
            lengths = numpy.linalg.norm(rows, axis=1)
            checks.check(f"{precision}: every row has length 1", bool((abs(lengths - 1) < 1e-4).all()))
            apart = max(float(abs(embed(arguments, precision, [lines[i]], work)[0][0] - rows[i]).max()) for i in chosen)
            checks.check(f"{precision}: rows equal the single texts'", apart <= 1e-5, f"{apart:.1e}")
            figures[precision] = {"seconds": round(done.seconds, 1), "peak_mb": round(done.peak / 2**20),
                                  "row_difference_max": apart}
    common.save(arguments, "embed_robustness", {"texts": len(lines), "bytes": sum(map(len, lines)), "seed": arguments.seed,
                                                "precisions": figures, "checks": checks.rows})
    checks.finish()


if __name__ == "__main__":
    main()
