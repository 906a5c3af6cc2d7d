#!/usr/bin/env python3
"""kill -9 while an index file is written, hundreds of times: is the file ever anything but the old one or the new one?

    VENV/bin/python Benchmarks/index_kill.py [--kills 300] [--seed 1]

Two sets of vectors are indexed in turn into the same file. Each time the process is killed at a random moment, most of
them while it builds or writes; then the file is opened and searched, and the answers have to be those of one of the two
sets, the same as before the kill unless the new file was finished. Only processes started here are killed, by their id.
Needs: numpy. Exit code 1 when a file could not be opened or answered wrongly.
"""
import pathlib
import random
import subprocess
import sys
import tempfile
import time

import numpy as np

import common

parser = common.parser(__doc__)
parser.add_argument("--kills", type=int, default=300)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--rows", type=int, default=4000)
args = parser.parse_args()
chance = random.Random(args.seed)
numbers = np.random.default_rng(args.seed)
folder = pathlib.Path(args.work or tempfile.mkdtemp())
index, answers = folder / "x.index", folder / "answers.npy"
np.save(folder / "queries.npy", numbers.standard_normal((20, 64), dtype=np.float32))


def build(name):
    """Starts indexing the vectors called `name`."""
    command = ["index", "build", "--vectors", folder / f"{name}.npy", "--output", index, "--json"]
    return subprocess.Popen([args.docent, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def search():
    """The ids the file answers with; None when it can't be opened."""
    command = ["index", "search", "--index", index, "--queries", folder / "queries.npy", "--output", answers]
    done = subprocess.run([args.docent, *command], capture_output=True, text=True)
    if done.returncode != 0:
        print(done.stderr.strip())
        return None
    return np.load(answers).tobytes()


expected, seconds = {}, 0.0
for name in ("a", "b"):
    np.save(folder / f"{name}.npy", numbers.standard_normal((args.rows, 64), dtype=np.float32))
    start = time.perf_counter()
    if build(name).wait() != 0:
        sys.exit("the index could not be built at all")
    seconds = max(seconds, time.perf_counter() - start)
    expected[name] = search()
holds, wrong, replaced, killed = "b", 0, 0, 0
for number in range(args.kills):
    other = "a" if holds == "b" else "b"
    process = build(other)
    time.sleep(chance.uniform(0.2, 1.1) * seconds)
    killed += process.poll() is None
    process.kill()
    process.wait()
    found = search()
    # Threads make other graphs of the same vectors: an answer counts as a set's when nearly all ids agree.
    same = lambda name: found is not None and np.mean(
        np.frombuffer(found, np.uint8) == np.frombuffer(expected[name], np.uint8)) > 0.9
    if same(other):
        holds, replaced = other, replaced + 1
    elif not same(holds):
        wrong += 1
        print(f"kill {number}: the file answers as neither")
print(f"{killed} of {args.kills} killed while running, {replaced} files replaced, {wrong} wrong")
common.save(args, "index_kill", {"kills": killed, "replaced": replaced, "wrong": wrong, "seed": args.seed})
sys.exit(1 if wrong else 0)
