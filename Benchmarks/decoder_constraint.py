#!/usr/bin/env python3
"""What keeping to a JSON schema costs a decoder.

    python3 Benchmarks/decoder_constraint.py [--rounds 6] [--schema FILE]

Runs `docent bench decode --json-schema FILE` three times: texts drawn and greedy, each with the schema and then as many
tokens without it, on equal contexts and without guesses. Bar: the median of the three medians <= 5 %. Run it on a quiet
machine. The schema (kettle-schema.json) has strings with lengths, a number, a list, an enumeration and a boolean.
"""

import statistics, sys

import common


def main():
    parser = common.parser(__doc__)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--schema", default=str(common.ROOT / "Benchmarks/kettle-schema.json"))
    arguments = parser.parse_args()
    checks = common.Checks()
    runs = []
    for _ in range(3):
        command = [arguments.docent, "bench", "decode", "--json-schema", arguments.schema, "--max-tokens", "220"]
        done = common.run(command + ["--repeat", str(arguments.rounds), "--models", arguments.models, "--json", "--quiet"])
        if done.code != 0:
            sys.exit(" ".join(done.error_lines))
        runs.append(done.json)
        print("     ", done.json)
    slowdown = statistics.median(run["slowdown"] for run in runs)
    checks.check("a token costs at most 5 % more", slowdown <= 0.05, f"{slowdown * 100:.1f} %")
    common.save(arguments, "decoder_constraint", {"runs": runs, "slowdown": slowdown, "failed": checks.failed})
    checks.finish()


main()
