"""What the measuring scripts share: arguments, the machine, running docent, results files.

Nothing here is measured; the scripts import it. Standard library alone.
"""

import argparse, datetime, json, os, pathlib, platform, subprocess, sys, tempfile, threading, time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def parser(description):
    """An argument parser with the options every script has."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--docent",
        default=os.environ.get("DOCENT", str(ROOT / ".build/release/docent")),
        help="the binary to measure (default: .build/release/docent, or $DOCENT)",
    )
    parser.add_argument(
        "--models",
        default=os.environ.get("DOCENT_MODELS", str(ROOT / "models")),
        help="the models folder (default: models, or $DOCENT_MODELS)",
    )
    parser.add_argument(
        "--results",
        default=str(ROOT / "Benchmarks/results"),
        help="where the results file goes (default: Benchmarks/results)",
    )
    parser.add_argument("--work", help="folder for temporary files (default: a temporary folder, removed at the end)")
    return parser


def machine():
    """Processor, cores and memory, as a results file states them."""
    model = next(
        (line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")),
        platform.machine(),
    )
    flags = next((line for line in open("/proc/cpuinfo") if line.startswith("flags")), "")
    level = [name for name in ("avx2", "avx512f", "avx512_vnni", "avx512_bf16") if f" {name}" in flags]
    memory = int(next(line for line in open("/proc/meminfo") if line.startswith("MemTotal")).split()[1])
    return {"cpu": model, "cores": os.cpu_count(), "instructions": level, "memory_gb": round(memory / 1e6, 1)}


def commit():
    """The commit of the working tree, with a + when Sources differ from it."""
    git = lambda *words: subprocess.run(["git", "-C", str(ROOT), *words], capture_output=True, text=True).stdout.strip()
    return git("rev-parse", "--short", "HEAD") + ("+" if git("status", "--porcelain", "--", "Sources") else "")


def save(arguments, name, result):
    """Writes NAME.json into the results folder, with machine, commit and date."""
    folder = pathlib.Path(arguments.results)
    folder.mkdir(parents=True, exist_ok=True)
    stamp = {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
        "commit": commit(),
        "machine": machine(),
    }
    path = folder / f"{name}.json"
    path.write_text(json.dumps({**stamp, **result}, indent=1, ensure_ascii=False) + "\n")
    print(f"results: {path}", file=sys.stderr)


class Work:
    """The folder for temporary files: the one given, kept; else a new one, removed at the end."""

    def __init__(self, arguments):
        self.given = arguments.work

    def __enter__(self):
        if self.given:
            pathlib.Path(self.given).mkdir(parents=True, exist_ok=True)
            return pathlib.Path(self.given)
        self.temporary = tempfile.TemporaryDirectory(prefix="docent-bench-")
        return pathlib.Path(self.temporary.name)

    def __exit__(self, *_):
        if not self.given:
            self.temporary.cleanup()


class Checks:
    """Named checks, printed as they come; the exit code says whether all held."""

    def __init__(self):
        self.rows = []

    def check(self, name, passed, detail=""):
        self.rows.append({"check": name, "passed": bool(passed), "detail": str(detail)})
        print(f"{'PASS' if passed else 'FAIL'}  {name}{'  ' + str(detail) if detail != '' else ''}", flush=True)
        return passed

    def skip(self, name, reason):
        self.rows.append({"check": name, "passed": None, "detail": reason})
        print(f"SKIP  {name}  {reason}", flush=True)

    @property
    def failed(self):
        return [row["check"] for row in self.rows if row["passed"] is False]

    def finish(self):
        done = [row for row in self.rows if row["passed"] is not None]
        print(f"{len(done) - len(self.failed)} of {len(done)} checks hold")
        sys.exit(1 if self.failed else 0)


class Finished:
    """How a process ended: code, stdout, stderr (bytes), seconds, peak resident bytes."""

    def __init__(self, code, out, err, seconds, peak):
        self.code, self.out, self.err, self.seconds, self.peak = code, out, err, seconds, peak

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def error_lines(self):
        return [line for line in self.err.decode("utf-8", "replace").splitlines() if line.strip()]


def run(command, stdin=None, timeout=600, env=None, cwd=None, tee=False, before=None):
    """Runs `command`, waits for it, and measures it alone (wait4, so that other children don't count).

    With `tee` its stderr is also shown. After `timeout` seconds the process is killed and its code is None.
    """
    start = time.monotonic()
    process = subprocess.Popen(
        [str(word) for word in command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **(env or {})},
        cwd=cwd,
        preexec_fn=before,
    )
    captured = {"out": b"", "err": b""}

    def read(stream, name):
        for block in iter(lambda: stream.read1(1 << 16), b""):
            captured[name] += block
            if tee and name == "err":
                sys.stderr.buffer.write(block)
                sys.stderr.flush()

    def write():
        try:
            if stdin:
                process.stdin.write(stdin)
            process.stdin.close()
        except BrokenPipeError:
            pass

    threads = [
        threading.Thread(target=read, args=(process.stdout, "out")),
        threading.Thread(target=read, args=(process.stderr, "err")),
        threading.Thread(target=write),
    ]
    for thread in threads:
        thread.daemon = True
        thread.start()
    timed_out = threading.Event()
    timer = threading.Timer(timeout, lambda: (timed_out.set(), process.kill()))
    timer.start()
    _, status, usage = os.wait4(process.pid, 0)
    timer.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    for thread in threads[:2]:
        thread.join(10)
    code = None if timed_out.is_set() else process.returncode
    return Finished(code, captured["out"], captured["err"], time.monotonic() - start, usage.ru_maxrss * 1024)
