#!/usr/bin/env python3
"""kill -9 at random moments of an ingest of 500 files with replacement and deletion, a hundred times and more.

    python3 Benchmarks/ingest_kill.py [--files 500] [--kills 100] [--rounds 10] [--seed 1]

Files are cut from the texts in corpus/ with a seed. A data folder holds their first version; then a third of the files
is rewritten, a fifth goes and as many come. `docent ingest` takes the folder in and `docent documents delete` removes
what is gone, or, in every second round, `docent ingest --sync` does both; in every round each of these commands may be killed at a random moment and is started again, until the
round's kills are spent; then all run to their end. `docent fsck` has to find nothing, after each kill and at the end,
and documents, texts, chunks and vectors have to be those of the same done once and undisturbed. A tiny encoder makes
many kills possible in a short time. Only processes started here are killed, by their id. Standard library alone.
"""
import json, os, pathlib, random, shutil, sqlite3, subprocess, sys, time

import common

ENCODER = common.ROOT / "Tests/EncodersTests/Fixtures/tiny-mean"


class Files:
    """Seeded files: their first version, and what they become."""

    def __init__(self, folder, count, seed):
        self.folder, chance = folder, random.Random(seed)
        lines = []
        for path in sorted((common.ROOT / "corpus").rglob("*")):
            if path.suffix in (".md", ".html", ".txt"):
                lines += [line for line in path.read_text(errors="replace").splitlines() if len(line) > 30]
        page = lambda: "# " + chance.choice(lines)[:60].strip("# <>") + "\n\n" + "\n\n".join(
            line.strip() for line in chance.sample(lines, chance.randint(4, 25)))
        names = [f"part{number % 7}/file{number:04}.md" for number in range(count)]
        self.first = {name: page() for name in names}
        self.second = dict(self.first)
        for name in chance.sample(names, count // 3):
            self.second[name] = page()
        self.gone = chance.sample(names, count // 5)
        for name in self.gone:
            del self.second[name]
        for number in range(count // 5):
            self.second[f"new/file{number:04}.md"] = page()

    def write(self, pages):
        shutil.rmtree(self.folder, ignore_errors=True)
        for name, text in pages.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)


def content(data):
    """What has to be equal: by id, without row ids and dates."""
    base = sqlite3.connect(f"file:{data}/docent.sqlite?mode=ro", uri=True)
    try:
        rows = lambda query: base.execute(query).fetchall()
        return {
            "documents": rows(
                "SELECT external_id, title, content_type, content_hash, metadata, state, error, byte_count, chunk_count,"
                " text FROM documents LEFT JOIN document_texts ON document_id = documents.id ORDER BY external_id"),
            "chunks": rows(
                "SELECT external_id, ordinal, heading_path, chunks.text, utf8_start, utf8_end, token_count,"
                " chunks.content_hash FROM chunks JOIN documents ON documents.id = document_id"
                " ORDER BY external_id, ordinal"),
            "vectors": rows(
                "SELECT vector FROM chunks JOIN documents ON documents.id = document_id"
                " LEFT JOIN chunk_vectors ON chunk_id = chunks.id ORDER BY external_id, ordinal"),
            "unfinished": rows("SELECT count(*) FROM jobs WHERE state IN ('queued', 'running')")[0][0],
        }
    finally:
        base.close()


def farthest(left, right):
    """The greatest difference between two lists of vectors."""
    import array
    if len(left) != len(right):
        return float("inf")
    worst = 0.0
    for (one,), (two,) in zip(left, right):
        if one is None or two is None or len(one) != len(two):
            return float("inf")
        if one != two:
            worst = max(worst, max(abs(a - b) for a, b in zip(array.array("f", one), array.array("f", two))))
    return worst


class Bench:
    def __init__(self, arguments, work):
        self.arguments, self.work, self.checks = arguments, work, common.Checks()
        self.env = {"DOCENT_ENCODER": str(ENCODER), "DOCENT_SNAPSHOT_CHANGES": "100"}
        self.kills = self.findings = 0

    def command(self, data, *words):
        return [str(w) for w in (self.arguments.docent, *words, "--collection", "c", "--quiet", "--data", data)]

    def commands(self, data, files, sync=False):
        if sync:
            yield self.command(data, "ingest", files.folder, "--recursive", "--sync")
            return
        yield self.command(data, "ingest", files.folder, "--recursive")
        for name in files.gone:
            yield self.command(data, "documents", "delete", name)

    def fsck(self, data, when):
        if not (data / "docent.sqlite").exists():
            return
        done = common.run([self.arguments.docent, "fsck", "--json", "--data", data], env=self.env)
        if done.code != 0:
            self.findings += 1
            self.checks.check(f"fsck {when}", False, done.json["findings"][:3] if done.out else done.error_lines)

    def undisturbed(self, data, files):
        for pages, commands in (
            (files.first, [self.command(data, "ingest", files.folder, "--recursive")]),
            (files.second, list(self.commands(data, files))),
        ):
            files.write(pages)
            for command in commands:
                start = time.monotonic()
                done = common.run(command, env=self.env)
                if done.code != 0:
                    sys.exit(f"{command[1]} ended with {done.code}: {done.error_lines[-1:]}")
                if command[1] == "ingest":
                    self.seconds = time.monotonic() - start
        return content(data)

    def run(self, command, chance, data, when, left):
        """Runs `command`, killing it up to `left` times, then to its end."""
        killed = 0
        while True:
            process = subprocess.Popen(
                command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={**os.environ, **self.env})
            if killed >= left:
                errors = process.communicate()[1].decode(errors="replace")
                # A deletion that was killed after its commit has nothing left to delete.
                fine = process.returncode == 0 or ("delete" in command and killed and "no document" in errors)
                if not fine:
                    self.checks.check(f"{when}: {command[1]} ends well", False, errors[-300:])
                return killed
            longest = self.seconds if command[1] == "ingest" else 0.15
            try:
                process.communicate(timeout=chance.uniform(0, 1.1) * longest)
                if process.returncode not in (0, None) and "delete" not in command:
                    self.checks.check(f"{when}: {command[1]} ends well", False, process.returncode)
                return killed
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                killed += 1
                self.kills += 1
                self.fsck(data, f"{when}, after kill {self.kills}")


def main():
    parser = common.parser(__doc__)
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=60, help="begin no round after this long")
    arguments = parser.parse_args()
    chance, start, rounds = random.Random(arguments.seed), time.monotonic(), []
    with common.Work(arguments) as work:
        bench = Bench(arguments, work)
        files = Files(work / "files", arguments.files, arguments.seed)
        expected = bench.undisturbed(work / "undisturbed", files)
        bench.fsck(work / "undisturbed", "of the undisturbed folder")
        print(f"undisturbed: {len(expected['documents'])} documents, {len(expected['chunks'])} chunks, "
              f"{bench.seconds:.2f} s", flush=True)
        number = 0
        while bench.kills < arguments.kills and time.monotonic() - start < arguments.minutes * 60:
            number += 1
            data, when, before = work / f"round{number}", f"round {number}", bench.kills
            share = -(-arguments.kills // arguments.rounds)
            files.write(files.first)
            bench.run(bench.command(data, "ingest", files.folder, "--recursive"), chance, data, when, share // 3)
            files.write(files.second)
            for command in bench.commands(data, files, sync=number % 2 == 0):
                left = share - (bench.kills - before)
                most = left if command[1] == "ingest" else min(left, chance.choice((0, 0, 0, 1)))
                most = max(0, min(most, share * 2 // 3)) if command[1] == "ingest" else most
                bench.run(command, chance, data, when, most)
            bench.fsck(data, f"at the end of {when}")
            actual = content(data)
            for part in ("documents", "chunks", "unfinished"):
                bench.checks.check(f"{when}: equal {part}", actual[part] == expected[part], len(actual[part]) if part != "unfinished" else "")
            gap = farthest(expected["vectors"], actual["vectors"])
            bench.checks.check(f"{when}: vectors within 1e-5", gap <= 1e-5, f"{gap:.1e}")
            rounds.append({"kills": bench.kills - before})
            shutil.rmtree(data)
    bench.checks.check("fsck was clean after every kill", bench.findings == 0, f"{bench.kills} kills")
    common.save(arguments, "ingest_kill", {
        "files": arguments.files, "chunks": len(expected["chunks"]), "seed": arguments.seed, "kills": bench.kills,
        "rounds": rounds, "fsck_findings": bench.findings, "missed": bench.checks.failed,
        "seconds": round(time.monotonic() - start)})
    bench.checks.finish()


main()
