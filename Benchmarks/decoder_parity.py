#!/usr/bin/env python3
"""Is Docent's decoder llama.cpp's? And is llama.cpp its own, and who is nearer to exact arithmetic?

Needs llama-cpp-python, torch, transformers, gguf, and a Llama model in GGUF form. Run from the repository's root:

    VENV/bin/python Benchmarks/decoder_parity.py --model smollm2-135m-instruct --cache FOLDER

Twenty prompts are continued by 64 tokens, the likeliest each time, by Docent (`docent generate --raw --json
--logprobs`), by llama.cpp three times (as llama-cpp-python sets it up; with its other attention kernel; with the
prompt one token at a time) and by transformers in f32 on the same weights dequantised (`exact`). All of them also
read every prompt with llama.cpp's continuation behind it, so that many tokens can be compared that follow the same
text. For each pair of engines:

  prompt   max and mean |difference| of the log-probability (nats) of each token of a prompt, given those before it
  text     the same for the continuation as read
  equal    continuations of the same 64 tokens
  passing  equal, or parting where the second engine's two best tokens are within 0.05 nats
  bar      passing, and all tokens of the prompt within 0.05 nats

`sure` counts the continuations that part although the second engine is sure (two best more than 0.3 nats apart): a
bug would show there. --cache keeps the peers' answers, so that a second run needs only Docent. Writes
results/decoder_parity.json; exits with 1 when Docent misses the bar against llama.cpp.
"""

import json, pathlib, subprocess, sys

import numpy as np

import common
from decoder_engines import Exact, LlamaCpp

BAR, SURE = 0.05, 0.3
PROMPTS = [
    "The capital of France is",
    "Once upon a time, in a small village by the sea,",
    "Water boils at a temperature of",
    "To return an item, first",
    "def fibonacci(n):\n",
    "The three primary colours are",
    "Q: How do I reset my password?\nA:",
    "In 1969, Neil Armstrong",
    "A balanced diet includes",
    "The theory of evolution was proposed by",
    "Dear customer,\n\nThank you for your order.",
    "List of planets in the solar system:\n1.",
    "<|im_start|>user\nWhat is the capital of France?<|im_end|>\n<|im_start|>assistant\n",
    "<|im_start|>user\nHow long does delivery take? Orders arrive within 3 to 5 working days.<|im_end|>\n"
    "<|im_start|>assistant\n",
    "<|im_start|>user\nWrite a haiku about autumn.<|im_end|>\n<|im_start|>assistant\n",
    "Die Hauptstadt von Deutschland ist",
    "SELECT name, price FROM products WHERE",
    "The mitochondria is known as the powerhouse of the cell because",
    "Photosynthesis is the process by which plants use sunlight, water and carbon dioxide to make oxygen and energy "
    "in the form of sugar. The process takes place in",
    "My favourite recipe for pancakes needs flour, eggs, milk and a pinch of salt. First,",
]
PAIRS = [
    ("docent", "llama.cpp"), ("llama.cpp flash", "llama.cpp"), ("llama.cpp single", "llama.cpp"),
    ("docent", "exact"), ("llama.cpp", "exact"), ("llama.cpp flash", "exact"), ("llama.cpp single", "exact"),
]


def peers(path, arguments):
    """The peers' answers to every prompt, by name; each is started when it is needed and then let go."""
    make = {
        "llama.cpp": lambda: LlamaCpp(path, arguments.threads),
        "llama.cpp flash": lambda: LlamaCpp(path, arguments.threads, flash_attention=True),
        "llama.cpp single": lambda: LlamaCpp(path, arguments.threads, single=True),
        "exact": lambda: Exact(path, LlamaCpp(path, arguments.threads), arguments.threads),
    }
    answers = {}
    for name, start in make.items():
        kept = arguments.cache and pathlib.Path(arguments.cache) / f"{name.replace(' ', '-')}.json"
        if kept and kept.exists():
            answers[name] = json.loads(kept.read_text())
            continue
        print(f"{name} …", file=sys.stderr, flush=True)
        engine = start()
        rows = [engine.run(prompt, arguments.max_tokens) for prompt in PROMPTS]
        texts = [prompt + row["text"] for prompt, row in zip(PROMPTS, answers.get("llama.cpp", rows))]
        answers[name] = [{**row, "text_logprobs": engine.given(engine.tokens(text))} for row, text in zip(rows, texts)]
        if kept:
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(json.dumps(answers[name]))
    return answers


def docent(arguments, path, text, count):
    command = [arguments.docent, "generate", "--model", path, "--prompt", text, "--raw", "--json", "--logprobs"]
    command += ["--temperature", "0", "--max-tokens", str(count)]
    return json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


def parting(a, b):
    """Where two continuations part, or None; and how far apart the second one's two best tokens are there."""
    (one, other) = (a["tokens"], b["tokens"])
    at = next((i for i, (x, y) in enumerate(zip(one, other)) if x != y), min(len(one), len(other)))
    if at == len(one) == len(other):
        return None, 0
    return at, b["gaps"][min(at, len(b["gaps"]) - 1)]


def compare(a, b):
    """The figures of one pair; a and b are lists of answers, b the one to be held against."""
    size = lambda values: {"max": round(float(values.max()), 7), "mean": round(float(values.mean()), 7)}
    differences = lambda x, y, key, skip=0: np.abs(np.array(x[key][skip:]) - np.array(y[key][skip:]))
    prompts = [differences(x, y, "prompt_logprobs") for x, y in zip(a, b)]
    texts = [differences(x, y, "text_logprobs", len(x["prompt_logprobs"])) for x, y in zip(a, b)]
    partings = [parting(x, y) for x, y in zip(a, b)]
    passing = [at is None or gap <= BAR for at, gap in partings]
    return {
        "prompt": size(np.concatenate(prompts)), "text": size(np.concatenate(texts)),
        "equal": sum(at is None for at, _ in partings), "passing": sum(passing),
        "bar": sum(p and bool(d.max(initial=0) <= BAR) for p, d in zip(passing, prompts)),
        "sure": sum(at is not None and gap > SURE for at, gap in partings), "of": len(partings),
        "partings": [None if at is None else {"at": at, "gap": round(gap, 4)} for at, gap in partings],
    }


def main():
    parser = common.parser(__doc__)
    parser.add_argument("--model", default="smollm2-135m-instruct", help="a folder in the models folder, or a .gguf")
    parser.add_argument("--cache", help="folder that keeps the peers' answers")
    parser.add_argument("--max-tokens", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    path = pathlib.Path(arguments.model)
    if path.suffix != ".gguf":
        path = next((pathlib.Path(arguments.models) / arguments.model).glob("*.gguf"))
    answers = peers(str(path), arguments)
    answers["docent"] = []
    for prompt, peer in zip(PROMPTS, answers["llama.cpp"]):
        own = docent(arguments, str(path), prompt, arguments.max_tokens)
        assert own["prompt_tokens"] == len(peer["prompt"]), f"tokens differ: {prompt}"
        text = docent(arguments, str(path), prompt + peer["text"], 1)["prompt_logprobs"]
        answers["docent"].append({**own, "text_logprobs": text})
    result = {"model": path.name, "prompts": len(PROMPTS), "max_tokens": arguments.max_tokens}
    result["pairs"] = {f"{a} / {b}": compare(answers[a], answers[b]) for a, b in PAIRS}
    print(f"{'':34}prompt max  mean    text max  mean    equal passing bar sure")
    for name, row in result["pairs"].items():
        figures = [row["prompt"]["max"], row["prompt"]["mean"], row["text"]["max"], row["text"]["mean"]]
        counts = f"{row['equal']:5}{row['passing']:8}{row['bar']:4}{row['sure']:5}"
        print(f"{name:34}" + "".join(f"{figure:10.4f}" for figure in figures) + "  " + counts)
    common.save(arguments, "decoder_parity", result)
    sys.exit(0 if result["pairs"]["docent / llama.cpp"]["bar"] == len(PROMPTS) else 1)


if __name__ == "__main__":
    main()
