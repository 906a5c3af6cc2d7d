"""Docent's vector index beside hnswlib, FAISS and USearch: build, queries a second at equal recall, memory.

Needs: numpy, hnswlib, faiss-cpu, usearch (PEERS/setup.sh ann), a built docent, two .npy files of the same dimension.
Run:   VENV/bin/python Benchmarks/index_peers.py --vectors vectors_f32.npy --queries queries_f32.npy
Every system is built with the same M and efConstruction. In each round every system answers all queries at every ef,
with one thread and with all, one system after the other, the queries repeated to --asked so that starting threads drops
out of the rates (with 1,000 queries a run took 15 ms); medians over the rounds are compared at recall@10 of 0.95 and
0.99 by interpolation. Memory is what a fresh process holds (RssAnon) after it has loaded the saved index and asked
every query. Writes results/index.json and results/index.svg. Exit code 1 when Docent is below a bar: twice the fastest
peer's queries a second with one thread, 1.9 times its own with two, 1.5 times the fastest build, 0.45 of hnswlib's bytes.
With --keep FOLDER the peers' indexes are built once. Other work on the machine disturbs: foreign_cores says how many
cores other processes took during each round. --clock processor counts processor time in place of the clock's, with one
thread alone, and can be used on a machine that others load.
"""
import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

import common

HERE = os.path.dirname(os.path.abspath(__file__))
EFS = [16, 24, 32, 40, 48, 64, 80, 96, 128, 160, 192, 256]


def memory():
    """Private memory of this process in bytes."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("RssAnon"))


def busy():
    """Core seconds all processes have used, and those of this one and its children."""
    with open("/proc/stat") as file:
        fields = [int(value) for value in file.readline().split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK"), sum(os.times()[:4])


class Hnswlib:
    def __init__(self, dim, m, ef_construction):
        import hnswlib
        self.kind, self.dim, self.m, self.efc = hnswlib.Index, dim, m, ef_construction

    def build(self, vectors, threads):
        self.index = self.kind("cosine", self.dim)
        self.index.init_index(len(vectors), M=self.m, ef_construction=self.efc, random_seed=100)
        self.index.add_items(vectors, np.arange(len(vectors)), num_threads=threads)

    def save(self, path):
        self.index.save_index(path)

    def load(self, path):
        self.index = self.kind("cosine", self.dim)
        self.index.load_index(path)

    def search(self, queries, ef, threads):
        self.index.set_ef(ef)
        return self.index.knn_query(queries, k=10, num_threads=threads)[0]


class Faiss:
    def __init__(self, dim, m, ef_construction, is_sq8):
        import faiss
        self.faiss, self.dim, self.m, self.efc, self.is_sq8 = faiss, dim, m, ef_construction, is_sq8

    def build(self, vectors, threads):
        faiss = self.faiss
        faiss.omp_set_num_threads(threads)
        metric = faiss.METRIC_INNER_PRODUCT
        if self.is_sq8:
            self.index = faiss.IndexHNSWSQ(self.dim, faiss.ScalarQuantizer.QT_8bit, self.m, metric)
        else:
            self.index = faiss.IndexHNSWFlat(self.dim, self.m, metric)
        self.index.hnsw.efConstruction = self.efc
        if not self.index.is_trained:
            self.index.train(vectors)
        self.index.add(vectors)

    def save(self, path):
        self.faiss.write_index(self.index, path)

    def load(self, path):
        self.index = self.faiss.read_index(path)

    def search(self, queries, ef, threads):
        self.faiss.omp_set_num_threads(threads)
        self.index.hnsw.efSearch = ef
        return self.index.search(queries, 10)[1]


class USearch:
    def __init__(self, dim, m, ef_construction, dtype):
        from usearch.index import Index
        self.make = lambda: Index(ndim=dim, metric="cos", dtype=dtype, connectivity=m, expansion_add=ef_construction)

    def build(self, vectors, threads):
        self.index = self.make()
        self.index.add(np.arange(len(vectors)), vectors, threads=threads)

    def save(self, path):
        self.index.save(path)

    def load(self, path):
        self.index = self.make()
        self.index.load(path)

    def search(self, queries, ef, threads):
        self.index.expansion_search = ef
        return np.asarray(self.index.search(queries, 10, threads=threads).keys).reshape(len(queries), -1)


class Docent:
    """The binary: it times building and searching itself, without starting and reading files."""

    def __init__(self, binary, m, ef_construction, precision, vectors, queries):
        self.binary, self.vectors, self.queries = binary, vectors, queries
        self.shape = ["--m", str(m), "--ef-construction", str(ef_construction), "--precision", precision]

    def run(self, *command):
        done = subprocess.run([self.binary, *command, "--json"], check=True, stdout=subprocess.PIPE)
        return json.loads(done.stdout)

    def build_to(self, path, threads):
        command = ["index", "build", "--vectors", self.vectors, "--output", path, "--threads", str(threads)]
        return self.run(*command, *self.shape)["build_s"]

    def rate(self, path, ef, threads, repeats, output=None):
        command = ["index", "search", "--index", path, "--queries", self.queries, "--ef", str(ef)]
        command += ["--threads", str(threads), "--repeats", str(repeats)]
        return self.run(*command, *(["--output", output] if output else []))["qps"]

    def processor_rate(self, path, ef, output=None):
        """Queries for each second of processor time: what twenty more repeats cost, so that starting drops out."""
        spent = []
        for repeats in (3, 23):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            self.rate(path, ef, 1, repeats, output)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        return 20 * len(np.load(self.queries)) / max(spent[1] - spent[0], 1e-9)

    def memory(self, path, queries):
        """The greatest private memory while it searches; the queries are in it."""
        command = [self.binary, "index", "search", "--index", path, "--queries", queries, "--repeats", "20"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        most = 0
        while process.poll() is None:
            try:
                with open(f"/proc/{process.pid}/status") as file:
                    lines = [line for line in file if line.startswith("RssAnon")]
                most = max([most] + [int(line.split()[1]) * 1024 for line in lines])
            except (FileNotFoundError, ProcessLookupError):
                break
            time.sleep(0.02)
        return most


def make(name, dim, m, efc):
    if name == "hnswlib":
        return Hnswlib(dim, m, efc)
    if name.startswith("faiss"):
        return Faiss(dim, m, efc, name == "faiss_sq8")
    return USearch(dim, m, efc, name.removeprefix("usearch_"))


def child_memory(name, path, queries, dim, m, efc):
    """What a fresh process holds for a peer's saved index."""
    code = (f"import sys; sys.path.insert(0, {HERE!r}); import numpy as np, index_peers as p\n"
            f"q = np.load({queries!r}).astype(np.float32); s = p.make({name!r}, {dim}, {m}, {efc})\n"
            f"a = p.memory(); s.load({path!r}); s.search(q, 64, 1); print(p.memory() - a)")
    return int(subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE).stdout.split()[-1])


def at_recall(points, recall, key):
    """`key` interpolated where the curve crosses `recall`; not a number where it never does."""
    if points[0]["recall_at_10"] >= recall:
        return points[0][key]
    for a, b in zip(points, points[1:]):
        if a["recall_at_10"] < recall <= b["recall_at_10"]:
            share = (recall - a["recall_at_10"]) / (b["recall_at_10"] - a["recall_at_10"])
            return a[key] + share * (b[key] - a[key])
    return float("nan")


def plot(systems, path):
    """Queries a second (logarithmic) over recall, one line for each system."""
    width, height, left, top = 720, 420, 70, 30
    colours = ["#1a56db", "#6b7280", "#b45309", "#059669", "#9333ea", "#dc2626", "#0891b2", "#65a30d"]
    low, high = 0.90, 1.0
    rates = [p["qps_1t"] for s in systems for p in s["points"] if p["recall_at_10"] >= low]
    floor, ceiling = np.log10(min(rates)), np.log10(max(rates))
    x = lambda r: left + (r - low) / (high - low) * (width - left - 180)
    y = lambda q: top + (ceiling - np.log10(q)) / (ceiling - floor) * (height - top - 60)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
           f'font-size="12"><rect width="{width}" height="{height}" fill="white"/>'
           f'<text x="{left}" y="18">Queries a second, one thread, over recall@10</text>']
    for r in np.arange(low, high + .001, .02):
        out.append(f'<line x1="{x(r):.0f}" y1="{top}" x2="{x(r):.0f}" y2="{height - 60}" stroke="#e5e7eb"/>'
                   f'<text x="{x(r):.0f}" y="{height - 42}" text-anchor="middle">{r:.2f}</text>')
    for q in (500, 1000, 2000, 5000, 10000, 20000, 50000):
        if floor <= np.log10(q) <= ceiling:
            out.append(f'<line x1="{left}" y1="{y(q):.0f}" x2="{width - 180}" y2="{y(q):.0f}" stroke="#e5e7eb"/>'
                       f'<text x="{left - 6}" y="{y(q) + 4:.0f}" text-anchor="end">{q:,}</text>')
    for number, system in enumerate(systems):
        colour = colours[number % len(colours)]
        points = [p for p in system["points"] if p["recall_at_10"] >= low]
        line = " ".join(f'{x(p["recall_at_10"]):.1f},{y(p["qps_1t"]):.1f}' for p in points)
        out.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>'
                   f'<text x="{width - 170}" y="{top + 20 + 20 * number}" fill="{colour}">{system["name"]}</text>')
    with open(path, "w") as file:
        file.write("\n".join(out) + "</svg>\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vectors", required=True)
    parser.add_argument("--queries", required=True)
    parser.add_argument("--docent", default=os.environ.get("DOCENT", ".build/release/docent"))
    parser.add_argument("--precisions", default="int8")
    parser.add_argument("--peers", default="hnswlib,faiss_f32,faiss_sq8,usearch_bf16")
    parser.add_argument("--m", type=int, default=16)
    parser.add_argument("--ef-construction", type=int, default=200)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--efs", default=",".join(map(str, EFS)))
    parser.add_argument("--asked", type=int, default=5000, help="queries of one timed run")
    parser.add_argument("--clock", choices=["wall", "processor"], default="wall")
    parser.add_argument("--keep", help="a folder for the peers' indexes, which later runs load, times and all")
    parser.add_argument("--json", default=f"{HERE}/results/index.json")
    parser.add_argument("--svg", default=f"{HERE}/results/index.svg")
    args = parser.parse_args()
    efs = [int(ef) for ef in args.efs.split(",")]
    vectors = np.load(args.vectors).astype(np.float32)
    queries = np.load(args.queries).astype(np.float32)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    truth = []
    for start in range(0, len(queries), 100):
        truth += [set(row) for row in np.argpartition(-(queries[start:start + 100] @ unit.T), 10, axis=1)[:, :10]]
    recall = lambda found: sum(len(t & set(map(int, f))) for t, f in zip(truth, found)) / 10 / len(queries)
    temporary = tempfile.TemporaryDirectory()
    folder = args.keep or temporary.name
    os.makedirs(folder, exist_ok=True)
    asked = np.tile(queries, (max(1, args.asked // len(queries)), 1))
    asked_path = f"{folder}/asked.npy"
    np.save(asked_path, asked)
    systems = []
    for name in [f"docent_{p}" for p in args.precisions.split(",")] + args.peers.split(","):
        entry = {"name": name, "path": f"{folder}/{name}", "points": [{"ef": ef} for ef in efs]}
        if name.startswith("docent"):
            entry["ours"] = Docent(args.docent, args.m, args.ef_construction, name[7:], args.vectors, asked_path)
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            entry["build_s"] = entry["ours"].build_to(entry["path"], args.threads)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            entry["build_processor_s"] = spent
            entry["bytes"] = entry["ours"].memory(entry["path"], args.queries) - queries.nbytes
        else:
            entry["peer"] = make(name, vectors.shape[1], args.m, args.ef_construction)
            if os.path.exists(entry["path"]):
                entry["peer"].load(entry["path"])
                with open(entry["path"] + ".json") as file:
                    entry |= json.load(file)
            else:
                begin, spent = time.perf_counter(), time.process_time()
                entry["peer"].build(vectors, args.threads)
                times = {"build_s": time.perf_counter() - begin, "build_processor_s": time.process_time() - spent}
                entry |= times
                entry["peer"].save(entry["path"])
                with open(entry["path"] + ".json", "w") as file:
                    json.dump(times, file)
            shape = (vectors.shape[1], args.m, args.ef_construction)
            entry["bytes"] = child_memory(name, entry["path"], args.queries, *shape)
        shown = " ".join(f"{key} {entry[key]:.1f}" for key in ("build_s", "build_processor_s") if entry[key])
        print(f"{name}: {shown}, {entry['bytes'] / len(vectors):.0f} bytes a vector", flush=True)
        systems.append(entry)
    foreign = []
    clock = time.perf_counter if args.clock == "wall" else time.process_time
    rates = [("qps_1t", 1)] + ([("qps_nt", args.threads)] if args.clock == "wall" else [])
    for _ in range(args.rounds):
        begin, (all_before, own_before) = time.perf_counter(), busy()
        for index, ef in enumerate(efs):
            for entry in systems:
                point = entry["points"][index]
                for key, threads in rates:
                    if "ours" in entry:
                        output = None if "recall_at_10" in point else f"{folder}/ids.npy"
                        if args.clock == "wall":
                            rate = entry["ours"].rate(entry["path"], ef, threads, 5, output)
                        else:
                            rate = entry["ours"].processor_rate(entry["path"], ef, output)
                        found = np.load(output) if output else None
                    else:
                        found = entry["peer"].search(queries[:100], ef, threads)
                        times = []
                        for _ in range(3):
                            start = clock()
                            found = entry["peer"].search(asked, ef, threads)
                            times.append(clock() - start)
                        rate = len(asked) / statistics.median(times)
                    if found is not None and "recall_at_10" not in point:
                        point["recall_at_10"] = recall(found)
                    point.setdefault(key, []).append(rate)
        all_after, own_after = busy()
        seconds = time.perf_counter() - begin
        foreign.append(max(0.0, ((all_after - all_before) - (own_after - own_before)) / seconds))
        print(f"round of {seconds:.0f} s, {foreign[-1]:.2f} foreign cores", flush=True)
    for entry in systems:
        for key in ("path", "peer", "ours"):
            entry.pop(key, None)
        for point in entry["points"]:
            for key, _ in rates:
                point[key] = statistics.median(point[key])
        entry["bytes_per_vector"] = entry.pop("bytes") / len(vectors)
        for level in (0.95, 0.99):
            for key, _ in rates:
                entry[f"{key}@{level}"] = at_recall(entry["points"], level, key)
    built = "build_s" if args.clock == "wall" else "build_processor_s"
    ours, peers = systems[0], [s for s in systems if not s["name"].startswith("docent")]
    fastest = lambda key: max((p[key] for p in peers if p[key] == p[key]), default=float("nan"))
    bars = {
        "qps_1t@0.95 / fastest peer (2)": (ours["qps_1t@0.95"] / fastest("qps_1t@0.95"), 2),
        "qps_1t@0.99 / fastest peer (2)": (ours["qps_1t@0.99"] / fastest("qps_1t@0.99"), 2),
        "build: fastest peer / ours (1.5)": (min(p[built] for p in peers if p[built]) / ours[built], 1.5),
    }
    if args.clock == "wall":
        bars["threads: qps_nt / qps_1t @0.95 (1.9)"] = (ours["qps_nt@0.95"] / ours["qps_1t@0.95"], 1.9)
    plain = next((p for p in peers if p["name"] == "hnswlib"), None)
    if plain:
        share = ours["bytes_per_vector"] / plain["bytes_per_vector"]
        bars["hnswlib's bytes / ours (1 / 0.45)"] = (1 / share, 1 / 0.45)
    result = {
        "date": time.strftime("%Y-%m-%d"), "commit": common.commit(), "machine": common.machine(),
        "vectors": len(vectors), "dimension": vectors.shape[1], "queries": len(queries), "asked": len(asked),
        "m": args.m, "ef_construction": args.ef_construction, "threads": args.threads, "clock": args.clock,
        "foreign_cores": [round(f, 2) for f in foreign], "systems": systems,
        "bars": {name: round(value, 3) for name, (value, _) in bars.items()},
    }
    os.makedirs(os.path.dirname(args.json) or ".", exist_ok=True)
    with open(args.json, "w") as file:
        json.dump(result, file, indent=1)
    plot(systems, args.svg)
    print("system            build s  bytes/vector  QPS 1 thread @.95   @.99  QPS n threads @.95   @.99")
    show = lambda value: "      –" if value is None or value != value else f"{value:7.0f}"
    for s in systems:
        print(f"{s['name']:16s} {s['build_s']:8.1f} {s['bytes_per_vector']:13.0f}  {show(s['qps_1t@0.95']):>17s}"
              f" {show(s['qps_1t@0.99'])} {show(s.get('qps_nt@0.95')):>19s} {show(s.get('qps_nt@0.99'))}")
    for name, (value, bar) in bars.items():
        print(f"{'ok  ' if value >= bar else 'MISS'} {name}: {value:.2f}")
    sys.exit(0 if all(value >= bar for value, bar in bars.values()) else 1)


if __name__ == "__main__":
    main()
