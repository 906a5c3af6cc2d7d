#!/usr/bin/env python3
"""Damages a GGUF model in every way through the real command: an error or a text, never a crash, a hang or a heap of memory?

    python3 Benchmarks/gguf_damage.py [--model FILE.gguf] [--cuts 1000] [--flips 1] [--elements 8] [--noise 100]

Each case is one `docent generate` of two tokens over a copy of the model that is

- cut at one of `--cuts` places: half of them within the header, half over the whole file, each must be refused;
- changed in one header field, `--flips` ways per field (of: lowest bit, highest bit, all bits, all zero). Every field of
  the preamble, of each metadata pair and of each tensor's entry counts: lengths, first and last byte of texts, types,
  counts, values, dimensions, offsets; of lists `--elements` elements, spread;
- overwritten by noise in its tensors, at `--noise` places (scales that are no numbers are among them).

A case holds when the command ends within 30 s with code 0 and its JSON, or with code 1 and one line that names the
file, and peaks at no more than 1.25 times the sound file's memory. Standard library alone.
"""
import math, random, shutil, struct

import common

WIDTHS = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
STRING, ARRAY = 8, 9


class Header:
    """The header's fields as (name, offset, width); `end` is where it stops."""

    def __init__(self, content, elements):
        self.content, self.elements, self.at, self.fields = content, elements, 0, []
        self.field("signature", 4)
        self.field("version", 4)
        tensors, pairs = self.field("number of tensors", 8), self.field("number of pairs", 8)
        for number in range(pairs):
            key = self.string(f"key {number}")
            self.value(key, self.field(f"{key}: type", 4))
        for _ in range(tensors):
            name = self.string("tensor name")
            for axis in range(self.field(f"{name}: dimensions", 4)):
                self.field(f"{name}: dimension {axis}", 8)
            self.field(f"{name}: type", 4)
            self.field(f"{name}: offset", 8)
        self.end = self.at

    def field(self, name, width, kept=True):
        value = int.from_bytes(self.content[self.at : self.at + width], "little")
        if kept:
            self.fields.append((name, self.at, width))
        self.at += width
        return value

    def string(self, name, kept=True):
        length = self.field(f"{name}: length", 8, kept)
        start = self.at
        self.at += length
        if kept and length:
            self.fields += [(f"{name}: first byte", start, 1), (f"{name}: last byte", self.at - 1, 1)]
        return self.content[start : self.at].decode("utf-8", "replace")

    def value(self, name, kind, kept=True):
        if kind == STRING:
            self.string(name, kept)
        elif kind == ARRAY:
            inner, count = self.field(f"{name}: element type", 4, kept), self.field(f"{name}: count", 8, kept)
            step = math.ceil(count / self.elements)
            for index in range(count):
                self.value(f"{name}[{index}]", inner, kept and (index % step == 0 or index == count - 1))
        else:
            self.field(name, WIDTHS[kind], kept)


def flips(old, count, chance):
    """`count` of the ways to change a field, each different from what was there."""
    ways = [
        bytes([old[0] ^ 0x01]) + old[1:],
        old[:-1] + bytes([old[-1] ^ 0x80]),
        bytes(byte ^ 0xFF for byte in old),
        bytes(len(old)),
    ]
    return chance.sample([way for way in ways if way != old], min(count, sum(way != old for way in ways)))


class Bench:
    def __init__(self, arguments, work):
        self.arguments, self.path = arguments, work / "damaged.gguf"
        self.source = arguments.model or next(common.pathlib.Path(arguments.models).glob("smollm2-135m-instruct/*.gguf"))
        shutil.copyfile(self.source, self.path)
        self.size = self.path.stat().st_size
        with open(self.path, "rb") as file:
            self.header = Header(file.read(), arguments.elements)
        self.chance = random.Random(arguments.seed)
        self.checks, self.rows = common.Checks(), {}
        self.sound = self.generate()
        if self.sound.code != 0:
            raise SystemExit(f"the sound model does not generate: {self.sound.error_lines}")
        self.slowest, self.largest = 0.0, 0

    def generate(self):
        return common.run(
            [self.arguments.docent, "generate", "--model", self.path, "--raw", "--prompt", "the and", "--max-tokens", "2",
             "--json"], timeout=30)

    def case(self, kind, name, may_load=True):
        done = self.generate()
        problems = []
        if done.code == 0 and may_load:
            try:
                done.json["text"]
            except (ValueError, KeyError) as error:
                problems.append(f"its output is no JSON: {error}")
        elif done.code != 1 or len(done.error_lines) != 1 or self.path.name not in done.error_lines[0]:
            problems.append("no end within 30 s" if done.code is None else f"code {done.code}: {done.error_lines[:3]}"[:300])
        if done.peak > 1.25 * self.sound.peak:
            problems.append(f"{done.peak / 1e6:.0f} MB, the sound file takes {self.sound.peak / 1e6:.0f}")
        self.slowest, self.largest = max(self.slowest, done.seconds), max(self.largest, done.peak)
        row = self.rows.setdefault(kind, {"cases": 0, "refused": 0, "missed": []})
        row["cases"] += 1
        row["refused"] += done.code == 1
        if problems:
            row["missed"].append(f"{name}: {'; '.join(problems)}")
            print(f"FAIL  {kind}: {row['missed'][-1]}", flush=True)

    def changed(self, kind, name, offset, new):
        with open(self.path, "r+b") as file:
            file.seek(offset)
            old = file.read(len(new))
            file.seek(offset)
            file.write(new)
            file.flush()
            self.case(kind, name)
            file.seek(offset)
            file.write(old)

    def run(self):
        for name, offset, width in self.header.fields:
            with open(self.path, "rb") as file:
                file.seek(offset)
                old = file.read(width)
            for new in flips(old, self.arguments.flips, self.chance):
                self.changed("header field", f"{name} at {offset}: {old.hex()} → {new.hex()}", offset, new)
        noises = [struct.pack("<HH", 0x7E00, 0x7C00) * 8, b"\xff" * 64, b"\0" * 64]
        for number in range(self.arguments.noise):
            offset = self.chance.randrange(self.header.end, self.size - 64)
            noise = [*noises, self.chance.randbytes(64)][number % 4]
            self.changed("tensor noise", f"{noise[:4].hex()}… at {offset}", offset, noise)
        half = self.arguments.cuts // 2
        places = {self.header.end * step // half for step in range(half)}
        places |= {self.size * step // (self.arguments.cuts - half) for step in range(self.arguments.cuts - half)}
        step = 0
        while len(places) < self.arguments.cuts:
            places.add(self.size - 1 - step)
            step += 1
        # From the longest to the shortest, so that one copy serves them all.
        for place in sorted(places, reverse=True):
            with open(self.path, "r+b") as file:
                file.truncate(place)
            self.case("cut", f"at {place} of {self.size}", may_load=False)


def main():
    parser = common.parser(__doc__)
    parser.add_argument("--model", help="a GGUF file (default: the default decoder's)")
    parser.add_argument("--cuts", type=int, default=1000)
    parser.add_argument("--flips", type=int, default=1, choices=(1, 2, 3, 4))
    parser.add_argument("--elements", type=int, default=8, help="elements per list that are changed")
    parser.add_argument("--noise", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with common.Work(arguments) as work:
        bench = Bench(arguments, work)
        bench.run()
    for kind, row in bench.rows.items():
        detail = f"{row['cases']} cases, {row['refused']} refused, {len(row['missed'])} missed"
        bench.checks.check(kind, not row["missed"], detail)
    common.save(arguments, "gguf_damage", {
        "model": common.pathlib.Path(bench.source).name, "seed": arguments.seed, "kinds": bench.rows,
        "sound_peak_mb": round(bench.sound.peak / 1e6, 1), "greatest_peak_mb": round(bench.largest / 1e6, 1),
        "slowest_s": round(bench.slowest, 2)})
    bench.checks.finish()


main()
