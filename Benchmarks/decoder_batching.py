#!/usr/bin/env python3
"""Four requests at once against one, through the scheduler alone and through the server.

    python3 Benchmarks/decoder_batching.py [--rounds 3] [--questions 24]

Part one is `docent bench decode --concurrent 4`: tokens per second of writing, one text alone and four together, without
and with guesses, in turn; the longest wait of a text while a prompt of 2,000 tokens is read beside it; and how soon a
given-up text is gone. Part two serves the sample help centre and asks its questions with the local decoder through
`/v1/chat/completions`, each with a passage in front, one client and four in turn: tokens per second, prompts included,
and whether the texts are the same. Bars: total of four >= 1.7 x one's, without guesses and with; given up < 100 ms; the
texts the same. Foreign load is said beside the figures; run it on a quiet machine.
"""

import concurrent.futures, json, os, pathlib, statistics, sys, time

import common
from server import Server


def scheduler_part(arguments, checks):
    command = [arguments.docent, "bench", "decode", "--concurrent", "4", "--prompt-tokens", "256", "--max-tokens", "128"]
    done = common.run(
        command + ["--repeat", str(arguments.rounds), "--models", arguments.models, "--json", "--quiet"], timeout=900
    )
    if done.code != 0:
        sys.exit(" ".join(done.error_lines))
    result = done.json
    for name in ("plain", "drafted"):
        rates = result[name]
        checks.check(
            f"four together, {'with' if name == 'drafted' else 'without'} guesses: total >= 1.7 x one's",
            rates["ratio"] >= 1.7,
            f"{rates['total']:.0f} against {rates['single']:.0f} tokens/s: {rates['ratio']:.2f} x",
        )
    checks.check("a given-up text is gone within 100 ms", result["cancel_ms"] < 100, f"{result['cancel_ms']:.1f} ms")
    checks.check(
        "beside a prompt of 2,000 tokens no token waits for more than 250 ms",
        result["gap_ms"] < 250,
        f"{result['gap_ms']:.0f} ms, alone {result['gap_alone_ms']:.0f} ms",
    )
    return result


def prompts(count):
    """Questions of the sample with an article's text in front; each text with another one."""
    articles = sorted((common.ROOT / "corpus/shop-help").rglob("*.md"))
    lines = (common.ROOT / "corpus/eval/questions.jsonl").read_text().splitlines()
    result = []
    for number, line in enumerate(lines[:count]):
        text = articles[number % len(articles)].read_text()[:1200]
        result.append(f"{text}\n\nAnswer from the text above, in two sentences: {json.loads(line)['question']}")
    return result


def server_part(arguments, checks, work):
    texts = prompts(arguments.questions)
    with Server(arguments, work / "data") as server:

        def ask(text):
            reply = server.request(
                "POST",
                "/v1/chat/completions",
                {
                    "model": arguments.decoder,
                    "messages": [{"role": "user", "content": text}],
                    "max_tokens": 64,
                    "temperature": 0,
                },
            ).json
            return reply["choices"][0]["message"]["content"], reply["usage"]["completion_tokens"]

        def run(clients):
            start = time.monotonic()
            with concurrent.futures.ThreadPoolExecutor(clients) as pool:
                answers = list(pool.map(ask, texts))
            return answers, sum(tokens for _, tokens in answers) / (time.monotonic() - start)

        # The first pass reads the prompts; after it their states are kept as far as memory goes, in both kinds of run.
        first, _ = run(1)
        rates, same = {1: [], 4: []}, True
        for _ in range(arguments.rounds):
            for clients in (1, 4):
                answers, rate = run(clients)
                rates[clients].append(rate)
                same = same and [text for text, _ in answers] == [text for text, _ in first]
    one, four = statistics.median(rates[1]), statistics.median(rates[4])
    checks.check("four clients get the texts that one gets", same)
    print(f"      through the server, prompts included: {four:.0f} against {one:.0f} tokens/s: {four / one:.2f} x")
    return {"one_tokens_per_s": rates[1], "four_tokens_per_s": rates[4], "ratio": four / one, "same": same}


def main():
    parser = common.parser(__doc__)
    parser.add_argument("--decoder", default="smollm2-135m-instruct")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--questions", type=int, default=24)
    arguments = parser.parse_args()
    checks = common.Checks()
    load = os.getloadavg()[0]
    with common.Work(arguments) as work:
        scheduler = scheduler_part(arguments, checks)
        served = server_part(arguments, checks, pathlib.Path(work))
    result = {"load_before": load, "scheduler": scheduler, "server": served}
    common.save(arguments, "decoder_batching", {**result, "checks": checks.rows, "failed": checks.failed})
    checks.finish()


main()
