#!/usr/bin/env python3
"""Damages index snapshots in every way through the real server: noticed, answered rightly meanwhile, rebuilt, reported?

    python3 Benchmarks/index_damage.py [--seed 1] [--texts 700]

A collection is filled and its snapshots are saved. Then each case starts `docent serve` over a copy of the data folder
in which one snapshot was damaged: bits flipped in the header, the section table and each section; cut short at many
lengths; of another version; of another collection; a folder, a link to itself or nothing in its place. The
server has to start and be ready, name the file and the reason in `/readyz` and in the collection's index state, answer
searches by word and by vector as before (compared at once, and after the rebuild), and leave a good snapshot behind.
Before that `docent fsck` has to find the damage and `docent collections stats` to name it.
Standard library alone.
"""
import json, os, pathlib, random, shutil, struct, sys, time

import common
from server import Server

ENCODER = common.ROOT / "Tests/EncodersTests/Fixtures/tiny-mean"
WORDS = [word for word in (ENCODER / "vocab.txt").read_text().split() if word.isalpha() and len(word) > 2]
HEADER, TABLE, ENTRY = 4096, 64, 48


def sections(content):
    """The sections of a snapshot by name, as (offset, length)."""
    count = struct.unpack_from("<I", content, 20)[0]
    found = {}
    for number in range(count):
        base = TABLE + number * ENTRY
        name = content[base : base + 16].rstrip(b"\0").decode()
        found[name] = struct.unpack_from("<QQ", content, base + 16)
    return found


def damages(content, other, chance):
    """Name, and what becomes of the file: bytes, or a function of its path."""
    def flipped(at):
        changed = bytearray(content)
        changed[at] ^= 1 << chance.randrange(8)
        return bytes(changed)

    for name, at in (("magic", 3), ("container version", 8), ("kind", 12), ("version", 16), ("sections", 20),
                     ("collection", 24), ("watermark", 32), ("length", 40), ("checksum", 57), ("table", TABLE + 17),
                     ("section checksum", TABLE + 33), ("fingerprint", 1603), ("header's end", 4000)):
        yield f"a flipped bit in the header: {name}", flipped(at)
    for name, (offset, length) in sections(content).items():
        for part in (0, length // 2, length - 1) if length else ():
            yield f"a flipped bit in section {name} at {part}", flipped(offset + part)
    for share in (0, 0.001, 0.1, 0.33, 0.5, 0.75, 0.9, 0.999):
        yield f"cut to {share:.1%}", content[: int(len(content) * share)]
    yield "cut by one byte", content[:-1]
    yield "a byte too many", content + b"\0"
    yield "another collection's file", other
    yield "noise", chance.randbytes(len(content))
    yield "a folder in its place", lambda path: path.mkdir()
    yield "a link to itself in its place", lambda path: path.symlink_to(path.name)
    yield "no file", lambda path: None


class Bench:
    def __init__(self, arguments, work):
        self.arguments, self.work, self.checks = arguments, work, common.Checks()
        self.env = {"DOCENT_ENCODER": str(ENCODER)}
        self.chance = random.Random(arguments.seed)
        self.cases = 0

    def text(self):
        return " ".join(self.chance.choice(WORDS) for _ in range(150))

    def fill(self, data):
        for collection in ("other", "c"):
            done = common.run([self.arguments.docent, "collections", "create", collection, "--data", data], env=self.env)
            if done.code != 0:
                sys.exit(f"a collection can't be made: {done.error_lines}")
        with Server(self.arguments, data, env=self.env) as server:
            for collection, count in (("other", 20), ("c", self.arguments.texts)):
                documents = [{"id": f"d{n}", "text": f"qx{n}z {self.text()}"} for n in range(count)]
                for first in range(0, count, 50):
                    reply = server.request(
                        "POST", f"/v1/collections/{collection}/documents?wait=true",
                        {"documents": documents[first : first + 50]})
                    assert reply.status == 200, reply.body[:300]
            self.chunks = server.request("GET", "/v1/collections/c").json["chunks"]

    def answers(self, server):
        found = []
        for number in (3, 77, 150):
            for body in ({"query": f"qx{number}z", "mode": "lexical"}, {"query": f"qx{number}z {WORDS[number % len(WORDS)]}"},
                         {"query": " ".join(WORDS[number % 20 : number % 20 + 6]), "mode": "dense"}):
                reply = server.request("POST", "/v1/collections/c/search", {**body, "top_k": 10})
                found.append([hit["chunk_id"] for hit in reply.json["hits"]] if reply.status == 200 else reply.status)
        return found

    def agree(self, found):
        """The share of the hits that are the undamaged collection's; a graph may differ in a hit, exact search may not."""
        same = sum(len(set(a) & set(b)) for a, b in zip(found, self.expected) if isinstance(a, list))
        return same / max(1, sum(map(len, self.expected)))

    def state(self, server):
        ready = server.request("GET", "/readyz")
        mine = next((row["index"] for row in (ready.json or {}).get("indexes", []) if row["collection"] == "c"), {})
        index = server.request("GET", "/v1/collections/c").json["index"]
        return ready.status, mine, index

    def case(self, file, name, damage):
        data = self.work / "case"
        shutil.rmtree(data, ignore_errors=True)
        shutil.copytree(self.work / "data", data)
        path = next(data.glob(f"collections/{self.number}/{file}"))
        path.unlink()
        if callable(damage):
            damage(path)
        else:
            path.write_bytes(damage)
        problems = []
        fsck = common.run([self.arguments.docent, "fsck", "--json", "--data", data], env=self.env)
        checks = {finding["check"] for finding in fsck.json["findings"]} if fsck.out else set()
        # A snapshot that isn't there is no damage.
        if name != "no file" and (fsck.code != 1 or "snapshot" not in checks):
            problems.append(f"fsck: {fsck.code} {checks}")
        stats = common.run([self.arguments.docent, "collections", "stats", "c", "--data", data], env=self.env)
        if file not in [remark.get("file") for remark in stats.json["index"]["remarks"]]:
            problems.append("collections stats does not name it")
        start = time.monotonic()
        with Server(self.arguments, data, env=self.env) as server:
            first = self.state(server)
            exact = self.agree(self.answers(server))
            status, mine, index = first
            if status != 200 or file not in [remark.get("file") for remark in mine.get("remarks", [])]:
                problems.append(f"readyz: {status} {mine}")
            if file not in [remark.get("file") for remark in index.get("remarks", [])]:
                problems.append(f"collection: {index}")
            while self.state(server)[2]["state"] != "ready" and time.monotonic() < start + 60:
                time.sleep(0.05)
            after = self.agree(self.answers(server))
            state = self.state(server)[2]
            if state["state"] != "ready" or state["vectors"] != self.chunks or state["lexical"] != self.chunks:
                problems.append(f"after the rebuild: {state}")
            if exact < 0.97 or after < 0.97:
                problems.append(f"answers agree {exact:.3f} at once, {after:.3f} after the rebuild")
        self.rebuilding += first[2]["state"] == "rebuilding"
        again = common.run([self.arguments.docent, "collections", "stats", "c", "--data", data], env=self.env)
        if again.json["index"]["remarks"] or again.json["index"]["vectors"] != self.chunks:
            problems.append(f"no good snapshot is left: {again.json['index']}")
        self.cases += 1
        reason = next((remark["reason"] for remark in mine.get("remarks", []) if remark.get("file") == file), "")
        self.checks.check(f"{file}: {name}", not problems, "; ".join(problems) or reason.replace(str(data), "")[:110])

    def run(self):
        self.rebuilding = 0
        self.fill(self.work / "data")
        folders = sorted((self.work / "data/collections").iterdir(), key=lambda path: int(path.name))
        self.number = folders[-1].name
        with Server(self.arguments, self.work / "data", env=self.env) as server:
            self.expected = self.answers(server)
        for file in ("vectors.index", "lexical.index"):
            content, other = ((folder / file).read_bytes() for folder in (folders[-1], folders[0]))
            for name, damage in list(damages(content, other, self.chance))[:: self.arguments.every]:
                self.case(file, name, damage)


def main():
    parser = common.parser(__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--texts", type=int, default=700)
    parser.add_argument("--every", type=int, default=1, help="only every so-many-th case")
    arguments = parser.parse_args()
    with common.Work(arguments) as work:
        bench = Bench(arguments, work)
        bench.run()
    common.save(arguments, "index_damage", {
        "cases": bench.cases, "chunks": bench.chunks, "searched_while_rebuilding": bench.rebuilding,
        "missed": bench.checks.failed})
    bench.checks.finish()


main()
