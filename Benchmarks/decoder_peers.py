#!/usr/bin/env python3
"""The local decoder's speed beside llama.cpp's: the same GGUF, the same run, in turn.

Needs llama-cpp-python. Run from the repository's root:

    VENV/bin/python Benchmarks/decoder_peers.py [--model smollm2-135m-instruct]… [--threads 2] [--rounds 3]
    VENV/bin/python Benchmarks/decoder_peers.py --threads 1 --clock cpu      (on a busy machine)

Each round measures Docent (`docent bench decode`) and then llama.cpp through llama-cpp-python, each in a process of
its own: tokens per second read (prompts of 512 and 1,500 tokens), written (after 512), milliseconds to load from a
warm cache, peak memory. In a process each figure is the median of --repeat after a warm-up; over the rounds the median
is taken again. Seconds are the wall's, or with `--clock cpu` those the process spent computing: other processes then
don't count, but waiting threads do, so measure one. Ratios are of medians, greater is better for Docent but for load and memory. `foreign` is how many cores
other processes used meanwhile: with more than 0.1 the seconds say little, the ratios more. `--model` is a catalogue
name or a path and can be given several times; `decoder_models.py` makes more. Results of models that aren't measured
this time are kept. Writes results/decoder.json; exits with 1 when a bar is missed.
"""

import argparse, ctypes, json, os, pathlib, statistics, subprocess, sys, time

import common

# Least ratios to llama.cpp by type: reading, writing.
BARS = {"Q4_1": (3, 1.5), "Q8_0": (2, 1.2), "Q4_0": (1.5, 1.5), "Q4_K_M": (2, 1.5)}
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}
RATES = ["prefill_512", "prefill_1500", "decode"]
COSTS = ["load_ms", "peak_mb"]


def ours(arguments, path):
    def bench(prompt, tokens):
        words = [arguments.docent, "--threads", arguments.threads, "bench", "decode", "--model", path, "--json"]
        done = common.run(words + ["--prompt-tokens", prompt, "--max-tokens", tokens, "--repeat", arguments.repeat])
        if done.code != 0:
            sys.exit("\n".join(done.error_lines))
        return done.json

    unit = "s" if arguments.clock == "wall" else "cpu_s"
    short, long = bench(512, 64), bench(1500, 2)
    return {
        "prefill_512": short[f"prefill_tokens_per_{unit}"], "prefill_1500": long[f"prefill_tokens_per_{unit}"],
        "decode": short[f"decode_tokens_per_{unit}"], "load_ms": short["load_ms"],
        "peak_mb": max(short["peak_rss_bytes"], long["peak_rss_bytes"]) / 1e6,
    }


def peer(arguments):
    """One process of llama.cpp; prints what `ours` returns."""
    import llama_cpp as library

    clock = CLOCKS[arguments.clock]
    quiet = library.llama_log_callback(lambda level, text, data: None)
    library.llama_log_set(quiet, ctypes.c_void_p(0))
    library.llama_backend_init()
    start = time.perf_counter()
    model = library.llama_model_load_from_file(arguments.peer.encode(), library.llama_model_default_params())
    load = time.perf_counter() - start
    options = library.llama_context_default_params()
    options.n_ctx = options.n_batch = 2048
    options.n_ubatch = 512
    options.n_threads = options.n_threads_batch = arguments.threads
    context = library.llama_init_from_model(model, options)
    memory = library.llama_get_memory(context)
    ids = [100 + i * 7919 % 40_000 for i in range(1500)]

    def read(tokens):
        held = (library.llama_token * len(tokens))(*tokens)
        if library.llama_decode(context, library.llama_batch_get_one(held, len(tokens))) != 0:
            sys.exit("llama_decode failed")
        library.llama_synchronize(context)

    def rate(count, work):
        start = clock()
        work()
        return count / (clock() - start)

    def clear():
        library.llama_memory_clear(memory, True)

    read(ids[:64])
    rates = {name: [] for name in RATES}
    for _ in range(arguments.repeat):
        clear()
        rates["prefill_1500"].append(rate(1500, lambda: read(ids)))
        clear()
        rates["prefill_512"].append(rate(512, lambda: read(ids[:512])))
        rates["decode"].append(rate(64, lambda: [read([token]) for token in ids[:64]]))
    peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) / 1e3
    print(json.dumps({**{k: statistics.median(v) for k, v in rates.items()}, "load_ms": load * 1e3, "peak_mb": peak}))


def busy():
    """CPU seconds of all processes since the start of the machine."""
    fields = list(map(int, open("/proc/stat").readline().split()[1:]))
    return sum(fields[i] for i in (0, 1, 2, 5, 6, 7)) / os.sysconf("SC_CLK_TCK")


def measure(arguments, path):
    runs = {"docent": [], "llama.cpp": []}
    start, before, own = time.monotonic(), busy(), sum(os.times()[:4])
    for _ in range(arguments.rounds):
        runs["docent"].append(ours(arguments, path))
        words = ["--threads", arguments.threads, "--repeat", arguments.repeat, "--clock", arguments.clock]
        done = common.run([sys.executable, __file__, "--peer", path, *words])
        if done.code != 0:
            sys.exit("\n".join(done.error_lines[-3:]))
        runs["llama.cpp"].append(done.json)
    foreign = (busy() - before - (sum(os.times()[:4]) - own)) / (time.monotonic() - start)
    medians = {
        name: {key: round(statistics.median(run[key] for run in rows), 1) for key in RATES + COSTS}
        for name, rows in runs.items()
    }
    ratios = {key: round(medians["docent"][key] / medians["llama.cpp"][key], 2) for key in RATES + COSTS}
    return {**medians, "ratio": ratios, "foreign": round(foreign, 2), "threads": arguments.threads,
            "clock": arguments.clock}


def main():
    parser = common.parser(__doc__)
    parser.add_argument("--model", action="append", help="a catalogue name or a path (default: the catalogue's decoder)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--clock", choices=list(CLOCKS), default="wall")
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.peer:
        return peer(arguments)
    previous = pathlib.Path(arguments.results) / "decoder.json"
    models = json.loads(previous.read_text())["models"] if previous.exists() else {}
    checks = common.Checks()
    for name in arguments.model or ["smollm2-135m-instruct"]:
        path = name
        if not pathlib.Path(name).exists():
            path = str(next(pathlib.Path(arguments.models).glob(f"{name}/*.gguf")))
        label = pathlib.Path(path).stem
        row = models[label] = {"file_mb": round(os.path.getsize(path) / 1e6, 1), **measure(arguments, path)}
        print(label, json.dumps(row), flush=True)
        common.save(arguments, "decoder", {"models": models})
        kind = label.replace("-Q", ".Q").rsplit(".", 1)[-1]
        reading, writing = BARS.get(kind, (0, 0))
        for key, bar in (("prefill_512", reading), ("prefill_1500", reading), ("decode", writing)):
            checks.check(f"{label} {key} ≥ {bar} × llama.cpp", row["ratio"][key] >= bar, row["ratio"][key])
        checks.check(f"{label} peak memory ≤ 1.2 × llama.cpp", row["ratio"]["peak_mb"] <= 1.2, row["ratio"]["peak_mb"])
    checks.finish()


if __name__ == "__main__":
    main()
