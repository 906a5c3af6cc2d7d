#!/usr/bin/env python3
"""Holds Docent's decoder against llama.cpp: greedy continuations and log-probabilities of 20 prompts.

Needs llama-cpp-python and a Docent executable. Run from the repository's root:

    python Benchmarks/decoder_parity.py --model models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf \
        --docent .build/release/docent

Each prompt goes to `docent generate --raw --json --logprobs --max-tokens 64` and to llama.cpp. Reported: tokens of the
prompt equal or not, the greatest difference of a prompt token's log-probability (where the executable gives
`prompt_logprobs`), where the continuations part and how far apart llama.cpp's two best tokens are there.
The bars: differences up to 0.05 nats; continuations equal, or parting where the two best are within 0.05 nats.
Eight-bit activations make this model's results sensitive to the last bit of every sum: a rounding that falls the other
way in one layer moves log-probabilities by hundredths. How far llama.cpp is from itself with its two attention kernels
(--reference with and without --flash-attention, one file as the other's --answers) tells how much of a difference
means nothing.
--reference FILE keeps llama.cpp's answers, so that a second run needs only Docent.
"""
import argparse
import ctypes
import json
import os
import subprocess
import sys

try:
    import llama_cpp as L
    import numpy as np
except ImportError:  # enough to compare against kept answers
    L = np = None

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


class Reference:
    """llama.cpp with one context of 2,048 tokens."""

    def __init__(self, path, threads, flash_attention):
        @L.llama_log_callback
        def quiet(level, text, data):
            pass

        self.quiet = quiet
        L.llama_log_set(quiet, ctypes.c_void_p(0))
        L.llama_backend_init()
        self.model = L.llama_model_load_from_file(path.encode(), L.llama_model_default_params())
        self.vocab = L.llama_model_get_vocab(self.model)
        self.size = L.llama_vocab_n_tokens(self.vocab)
        params = L.llama_context_default_params()
        params.n_ctx, params.n_batch, params.n_ubatch = 2048, 2048, 512
        # Off is what llama-cpp-python's own Llama class sets.
        params.flash_attn_type = int(flash_attention)
        params.n_threads = params.n_threads_batch = threads
        self.context = L.llama_init_from_model(self.model, params)

    def tokens(self, text):
        data = text.encode()
        out = (L.llama_token * (len(data) + 8))()
        count = L.llama_tokenize(self.vocab, data, len(data), out, len(out), True, True)
        return list(out[:count])

    def logits(self, ids, first=0):
        """Log-probabilities [T, V] of what follows each of `ids`, read after `first` positions."""
        memory = L.llama_get_memory(self.context)
        if first == 0:
            L.llama_memory_clear(memory, True)
        batch = L.llama_batch_init(len(ids), 0, 1)
        batch.n_tokens = len(ids)
        for i, token in enumerate(ids):
            batch.token[i], batch.pos[i], batch.n_seq_id[i] = token, first + i, 1
            batch.seq_id[i][0], batch.logits[i] = 0, 1
        assert L.llama_decode(self.context, batch) == 0
        rows = [
            np.ctypeslib.as_array(L.llama_get_logits_ith(self.context, i), shape=(self.size,)).astype(np.float64)
            for i in range(len(ids))
        ]
        L.llama_batch_free(batch)
        rows = np.stack(rows)
        top = rows.max(1, keepdims=True)
        return rows - top - np.log(np.exp(rows - top).sum(1, keepdims=True))

    def run(self, text, count):
        ids = self.tokens(text)
        rows = self.logits(ids)
        prompt = [float(rows[i, ids[i + 1]]) for i in range(len(ids) - 1)]
        tokens, logprobs, gaps, last = [], [], [], rows[-1]
        while len(tokens) < count:
            best = np.argsort(-last)[:2]
            if L.llama_vocab_is_eog(self.vocab, int(best[0])):
                gaps.append(float(last[best[0]] - last[best[1]]))
                break
            tokens.append(int(best[0]))
            logprobs.append(float(last[best[0]]))
            gaps.append(float(last[best[0]] - last[best[1]]))
            last = self.logits([int(best[0])], first=len(ids) + len(tokens) - 1)[0]
        return dict(prompt=ids, prompt_logprobs=prompt, tokens=tokens, logprobs=logprobs, gaps=gaps)


def docent(arguments, text):
    command = [arguments.docent, "generate", "--model", arguments.model, "--prompt", text, "--raw", "--json"]
    command += ["--logprobs", "--temperature", "0", "--max-tokens", str(arguments.max_tokens)]
    return json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", required=True)
    parser.add_argument("--docent", default=".build/release/docent")
    parser.add_argument("--answers", help="JSON Lines of Docent's answers, instead of running it")
    parser.add_argument("--write-prompts", help="write the prompts as JSON and end")
    parser.add_argument("--reference", help="write llama.cpp's answers here, or read them when the file exists")
    parser.add_argument("--flash-attention", action="store_true", help="llama.cpp's other attention")
    parser.add_argument("--max-tokens", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    if arguments.write_prompts:
        json.dump(PROMPTS, open(arguments.write_prompts, "w"))
        return
    if arguments.reference and os.path.exists(arguments.reference):
        saved = json.load(open(arguments.reference))
    else:
        reference = Reference(arguments.model, arguments.threads, arguments.flash_attention)
        saved = [dict(text=text, **reference.run(text, arguments.max_tokens)) for text in PROMPTS]
    if arguments.reference:
        json.dump(saved, open(arguments.reference, "w"))
    answers = [json.loads(line) for line in open(arguments.answers)] if arguments.answers else None
    results = []
    for index, text in enumerate(PROMPTS):
        theirs = saved[index]
        ours = answers[index] if answers else docent(arguments, text)
        result = dict(prompt=index, prompt_tokens=len(theirs["prompt"]))
        if "prompt" in ours:
            result["ids_equal"] = ours["prompt"] == theirs["prompt"]
        if "prompt_logprobs" in ours:
            pairs = zip(ours["prompt_logprobs"], theirs["prompt_logprobs"])
            result["prompt_logprob_difference"] = max(abs(a - b) for a, b in pairs)
        at = next((i for i, (a, b) in enumerate(zip(ours["tokens"], theirs["tokens"])) if a != b), None)
        if at is None and len(ours["tokens"]) != len(theirs["tokens"]):
            at = min(len(ours["tokens"]), len(theirs["tokens"]))
        result["parts_at"] = at
        shared = len(theirs["tokens"]) if at is None else at
        differences = [abs(a - b) for a, b in zip(ours["logprobs"][:shared], theirs["logprobs"])]
        result["logprob_difference"] = max(differences, default=0.0)
        if at is not None:
            result["gap"] = theirs["gaps"][at]
        result["passes"] = (at is None or result["gap"] <= 0.05) and result.get("prompt_logprob_difference", 0) <= 0.05
        results.append(result)
        print(json.dumps(result))
    worst = max(r.get("prompt_logprob_difference", 0) for r in results)
    summary = dict(
        equal=sum(r["parts_at"] is None for r in results), passing=sum(r["passes"] for r in results),
        of=len(results), worst_prompt_logprob_difference=worst,
        worst_logprob_difference=max(r["logprob_difference"] for r in results))
    print(json.dumps(summary))
    sys.exit(0 if summary["passing"] == summary["of"] else 1)


if __name__ == "__main__":
    main()
