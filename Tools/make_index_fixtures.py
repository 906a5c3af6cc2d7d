#!/usr/bin/env python3
"""Writes Tests/VectorIndexTests/Fixtures/hnsw-v2.snapshot: a graph over whole-number vectors, as docent writes it today.

    python3 Tools/make_index_fixtures.py --docent .build/release/docent

Run it for a new version of the format only, under a new name: the file proves that snapshots of its time still open.
"""

import argparse
import pathlib
import struct
import subprocess
import tempfile

COUNT, DIMENSION = 80, 16


def component(row, column):
    return float((row * 7919 + column * 104729 + row * column * 31) % 193 - 96)


def write_npy(path):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({COUNT}, {DIMENSION}), }}"
    header += " " * (63 - (len(header) + 10) % 64) + "\n"
    numbers = [component(row, column) for row in range(COUNT) for column in range(DIMENSION)]
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        file.write(struct.pack(f"<{len(numbers)}f", *numbers))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--docent", default=".build/release/docent")
    arguments = parser.parse_args()
    fixture = pathlib.Path(__file__).parent.parent / "Tests/VectorIndexTests/Fixtures/hnsw-v2.snapshot"
    with tempfile.TemporaryDirectory() as folder:
        vectors = f"{folder}/vectors.npy"
        write_npy(vectors)
        command = [arguments.docent, "index", "build", "--vectors", vectors, "--output", str(fixture), "--m", "4"]
        subprocess.run([*command, "--ef-construction", "40", "--precision", "int8", "--threads", "1"], check=True)


if __name__ == "__main__":
    main()
