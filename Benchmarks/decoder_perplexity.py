#!/usr/bin/env python3
"""Perplexity of a text by Docent and by llama.cpp on the same GGUF.

Needs llama-cpp-python. Run from the repository's root:

    VENV/bin/python Benchmarks/decoder_perplexity.py [--model smollm2-135m-instruct]… [--text FILE] [--bytes 50000]

The text is the manual in corpus/docent-manual, page after page, or FILE, cut to --bytes. Windows of 512 tokens, of which
the second half is predicted, as `docent perplexity` and llama.cpp's own tool do. llama.cpp reads each window as one batch,
without its flash attention. Writes results/decoder_perplexity.json; exits with 1 when the two differ by 0.5 % or more.
"""

import math, pathlib

import numpy as np

import common
from decoder_engines import LlamaCpp

WINDOW, BAR = 512, 0.005


def text_of(arguments):
    if arguments.text:
        content = pathlib.Path(arguments.text).read_bytes()
    else:
        content = b"\n\n".join(page.read_bytes() for page in sorted((common.ROOT / "corpus/docent-manual").glob("*.md")))
    return content[: arguments.bytes].decode("utf-8", "ignore")


def peer(path, text):
    engine = LlamaCpp(path)
    ids = engine.tokens(text)
    total, count = 0.0, 0
    for start in range(0, len(ids) - WINDOW + 1, WINDOW):
        window = ids[start : start + WINDOW]
        rows = engine.logits(window)[WINDOW // 2 : -1]
        top = rows.max(1)
        sums = np.log(np.exp(rows - top[:, None]).sum(1, dtype=np.float64)) + top
        following = window[WINDOW // 2 + 1 :]
        total += float((sums - rows[np.arange(len(following)), following]).sum())
        count += len(following)
    return {"perplexity": math.exp(total / count), "tokens": count}


def main():
    parser = common.parser(__doc__)
    parser.add_argument("--model", action="append", help="a catalogue name or a path (default: the catalogue's decoder)")
    parser.add_argument("--text")
    parser.add_argument("--bytes", type=int, default=50_000)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    checks, models, text = common.Checks(), {}, text_of(arguments)
    with common.Work(arguments) as work:
        file = work / "text.txt"
        file.write_text(text)
        for name in arguments.model or ["smollm2-135m-instruct"]:
            path = name if pathlib.Path(name).exists() else next(pathlib.Path(arguments.models).glob(f"{name}/*.gguf"))
            done = common.run([arguments.docent, "--models", arguments.models, "--threads", arguments.threads, "perplexity",
                               "--model", path, "--input", file, "--context", WINDOW, "--json"])
            if done.code != 0:
                raise SystemExit(f"docent perplexity: {done.error_lines[-1:]}")
            theirs = peer(str(path), text)
            difference = done.json["perplexity"] / theirs["perplexity"] - 1
            models[pathlib.Path(path).stem] = {"docent": done.json, "llama.cpp": theirs, "difference": difference}
            checks.check("as many tokens are predicted", done.json["tokens"] == theirs["tokens"], theirs["tokens"])
            checks.check(f"{pathlib.Path(path).stem}: within 0.5 %", abs(difference) < BAR,
                         f"{done.json['perplexity']:.4f} {theirs['perplexity']:.4f} ({difference:+.3%})")
    common.save(arguments, "decoder_perplexity", {"bytes": len(text.encode()), "window": WINDOW, "models": models})
    checks.finish()


if __name__ == "__main__":
    main()
