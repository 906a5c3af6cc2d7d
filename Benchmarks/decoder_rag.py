#!/usr/bin/env python3
"""What guessing tokens and keeping prefixes save on retrieval-augmented prompts out of SQuAD.

Needs Docent and its default decoder. Run from the repository's root:

    python3 Benchmarks/decoder_rag.py DATA/qa/squad-v1.1-dev [--count 200] [--threads 1]

`docent bench generate` continues each prompt without and with guessed tokens, in turn, then a second question over the
same passages with the first one's state kept. Seconds are of the CPU. Writes results/decoder_rag.json; exits with 1
when a bar is missed.
"""

import json

import common, rag_prompts


def main():
    parser = common.parser(__doc__)
    parser.add_argument("folder", help="the SQuAD folder with contexts.jsonl and questions.jsonl")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    with common.Work(arguments) as work:
        prompts = work / "prompts.jsonl"
        rows = rag_prompts.prompts(arguments.folder, arguments.count)
        prompts.write_text("".join(json.dumps(row) + "\n" for row in rows))
        words = [arguments.docent, "--threads", arguments.threads, "--models", arguments.models]
        done = common.run([*words, "bench", "generate", "--prompts", prompts, "--json"], timeout=7200)
    checks = common.Checks()
    if not checks.check("docent bench generate runs", done.code == 0, " ".join(done.error_lines[-1:])):
        checks.finish()
    result = done.json
    common.save(arguments, "decoder_rag", {"threads": arguments.threads, **result})
    checks.check("texts are identical", result["identical"] == result["prompts"], result["identical"])
    checks.check("guessed tokens ≥ 2 × without", result["speedup"] >= 2, round(result["speedup"], 2))
    checks.check("second question's first token ≤ 0.3 × the first's", result["second_ratio"] <= 0.3,
                 round(result["second_ratio"], 3))
    checks.finish()


if __name__ == "__main__":
    main()
