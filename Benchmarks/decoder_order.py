#!/usr/bin/env python3
"""Builds Docent's decoder with llama.cpp's order of operations, for decoder_parity.py: is the order all that differs?

Needs AVX-512 VNNI and the Swift toolchain. Run from the repository's root:

    python3 Benchmarks/decoder_order.py --work FOLDER
    VENV/bin/python Benchmarks/decoder_parity.py --cache CACHE --docent FOLDER/.build/release/order --results FOLDER

The sources of the decoder are copied into FOLDER, the kernels' table is filled from decoder_order.c, and four lines are
changed (below). What is built answers as `docent generate --raw --json --logprobs` does. With ORDER_WITHOUT in the
environment the parts it names stay Docent's: products, scales, norm, silu, rotation, angles, attention.
"""

import argparse, pathlib, re, shutil, subprocess, sys

import common

TARGETS = ["CKernels", "Kernels", "Tensors", "Tokenizers", "Decoders"]
CHANGES = [
    ("CKernels/include/ck_quant.h", "/// One row of a file's layout as floats.",
     "void order_begin(int token_count);\nint order_has(const char *part);\nvoid order_fill(ck_quant_table *table);\n"
     "void order_attend(const ck_attention *a);\n\n/// One row of a file's layout as floats."),
    ("CKernels/quant/quant_fill.c", "#else\n    (void)level;", "    order_fill(table);\n#else\n    (void)level;"),
    ("CKernels/quant/attention.c", "const ck_attention *a) {\n    size_t rows",
     'const ck_attention *a) {\n    if (order_has("attention")) { order_attend(a); return; }\n    size_t rows'),
    ("Decoders/Models/Llama.swift", "        for token in 0..<tokenCount {\n            for (pair, frequency)",
     '        order_begin(Int32(tokenCount))\n        if unsafe order_has("angles") != 0, frequencies.count > 1 {\n'
     "            let ratio = Float(frequencies[1] / frequencies[0])\n            for token in 0..<tokenCount {\n"
     "                var angle = Float(first + token)\n                for pair in frequencies.indices {\n"
     "                    unsafe cosines.row(token)[pair] = cosf(angle)\n"
     "                    unsafe sines.row(token)[pair] = sinf(angle)\n                    angle *= ratio\n"
     "                }\n            }\n            return\n        }\n"
     "        for token in 0..<tokenCount {\n            for (pair, frequency)"),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", required=True, help="folder for the copied sources and the build")
    work = pathlib.Path(parser.parse_args().work).resolve()
    sources = work / "Sources"
    shutil.rmtree(sources, ignore_errors=True)
    for target in TARGETS:
        shutil.copytree(common.ROOT / "Sources" / target, sources / target)
    here = pathlib.Path(__file__).resolve().parent
    shutil.copy(here / "decoder_order.c", sources / "CKernels/quant/order.c")
    (sources / "order").mkdir()
    shutil.copy(here / "decoder_order.swift", sources / "order/main.swift")
    for name, old, new in CHANGES:
        text = (sources / name).read_text()
        if text.count(old) != 1:
            sys.exit(f"{name} has changed: {old!r} is there {text.count(old)} times")
        (sources / name).write_text(text.replace(old, new))
    manifest = (common.ROOT / "Package.swift").read_text()
    lines = re.findall(r'\.target\(name: "(?:%s)".*\),\n' % "|".join(TARGETS), manifest)
    lines.append('.executableTarget(name: "order", dependencies: ["Decoders", "Kernels", "Tokenizers"]),')
    settings = manifest[manifest.index("for target in package.targets"):]
    (work / "Package.swift").write_text(
        "// swift-tools-version: 6.2\nimport PackageDescription\nlet package = Package(\n"
        f'name: "order", platforms: [.macOS(.v26)], targets: [\n{"".join(lines)}\n],'
        f" swiftLanguageModes: [.v6])\n{settings}")
    subprocess.run(["swift", "build", "-c", "release", "--package-path", str(work)], check=True)
    print(work / ".build/release/order")


if __name__ == "__main__":
    main()
