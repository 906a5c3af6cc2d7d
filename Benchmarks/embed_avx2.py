#!/usr/bin/env python3
"""Embedding at the AVX2 level: Docent (DOCENT_KERNELS=avx2) beside ONNX Runtime held to AVX2.

    VENV/bin/python Benchmarks/embed_avx2.py [--peers-home ~/.cache/docent-peers] [--rounds 5] [--passages 48]

ONNX Runtime has no switch for its instruction set. It asks `cpuid`, so a copy of its library gets `ud2` in place of each
`cpuid` (found by objdump), and a preloaded handler (cpuid_mask.c) answers without the bits of AVX-512 and AVX-VNNI. Each
round runs Docent's f32, int16 (what `auto` is there) and int8, the masked ONNX Runtime in f32 and int8, and the
unmasked one, which shows that the mask bites. Medians over the rounds, foreign cores said.

Bar: each of Docent's >= 1.0 x the masked ONNX Runtime of its kind (int16 against f32). Writes embed_avx2.json.
Needs the peers' environment (`setup.sh embed`, `embed_prepare.py onnx_export`), objdump and cc.
"""

import os, pathlib, re, shutil, subprocess, sys

import onnxruntime

import common
from embed_peers import Docent, Peer, measured, median, write_inputs

KINDS = {"f32": "ort_fp32", "int16": "ort_fp32", "int8": "ort_int8"}


def segments(path):
    """Of each loaded segment: its address, its place in the file, its length."""
    out = subprocess.run(["readelf", "-lW", path], check=True, capture_output=True, text=True).stdout
    for offset, address, size in re.findall(r"LOAD\s+(0x\w+)\s+(0x\w+)\s+0x\w+\s+(0x\w+)", out):
        yield int(address, 16), int(offset, 16), int(size, 16)


def mask(package, target):
    """A copy of ONNX Runtime whose `cpuid` instructions are `ud2`; returns how many there were."""
    shutil.copytree(package, target / "onnxruntime")
    library = next((target / "onnxruntime/capi").glob("onnxruntime_pybind11_state*.so"))
    code = subprocess.run(["objdump", "-d", "--no-show-raw-insn", library], check=True, capture_output=True, text=True)
    found = [int(address, 16) for address in re.findall(r"^\s*([0-9a-f]+):\s+cpuid", code.stdout, re.M)]
    data, loaded = bytearray(library.read_bytes()), list(segments(library))
    for address in found:
        start, offset, _ = next(s for s in loaded if s[0] <= address < s[0] + s[2])
        place = address - start + offset
        assert data[place:place + 2] == b"\x0f\xa2"
        data[place:place + 2] = b"\x0f\x0b"
    library.write_bytes(data)
    return len(found)


class Masked(Peer):
    """A peer run with the masked library."""

    def __init__(self, name, arguments, environment):
        super().__init__(name, arguments)
        self.environment = environment

    def bench(self, mode, **options):
        kept = dict(os.environ)
        os.environ.update(self.environment)
        try:
            return super().bench(mode, **options)
        finally:
            os.environ.clear()
            os.environ.update(kept)


def main():
    parser = common.parser(__doc__)
    parser.add_argument("--peers-home", default="~/.cache/docent-peers")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--passages", type=int, default=48)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    os.environ["DOCENT_KERNELS"] = "avx2"
    checks = common.Checks()
    with common.Work(arguments) as work:
        count = mask(pathlib.Path(onnxruntime.__file__).parent, work)
        source = pathlib.Path(__file__).parent / "cpuid_mask.c"
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", work / "mask.so", source], check=True)
        environment = {"PYTHONPATH": str(work), "LD_PRELOAD": str(work / "mask.so")}
        inputs = write_inputs(arguments, work)
        model = pathlib.Path(arguments.models) / "all-minilm-l6-v2"
        systems = {f"docent_{precision}": Docent(precision, arguments, model, inputs) for precision in KINDS}
        for name in ("ort_fp32", "ort_int8"):
            systems[f"{name}_avx2"] = Masked(name, arguments, environment)
            systems[name] = Peer(name, arguments)
        rows = {name: {"cosine_min": round(system.prepare(), 7)} for name, system in systems.items()}
        rounds = {name: [] for name in systems}
        for number in range(arguments.rounds):
            print(f"round {number + 1} of {arguments.rounds}", file=sys.stderr, flush=True)
            for name, system in systems.items():
                rounds[name].append(system.round())
    for name, row in rows.items():
        for key in ("p50_ms", "tokens_per_s"):
            row[key] = round(median([one[key] for one in rounds[name]]), 3)
        row["foreign_cores"] = round(max(one["tokens_per_s"][1] for one in rounds[name]), 2)
        print(name, row)
    for precision, peer in KINDS.items():
        ratio = rows[f"docent_{precision}"]["tokens_per_s"] / rows[f"{peer}_avx2"]["tokens_per_s"]
        checks.check(f"AVX2, {precision}: tokens/s >= 1.0 x ONNX Runtime's {peer}", ratio >= 1, f"{ratio:.2f}")
    common.save(arguments, "embed_avx2", {"threads": arguments.threads, "rounds": arguments.rounds,
                                          "passages": arguments.passages, "cpuid_instructions": count, "rows": rows,
                                          "checks": checks.rows})
    checks.finish()


if __name__ == "__main__":
    main()
