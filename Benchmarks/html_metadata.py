#!/usr/bin/env python3
"""How often the metadata that Docent reads from pages is that of Mozilla's Readability.

    python3 Benchmarks/html_metadata.py --data FOLDER [--show]

FOLDER holds pages (source.html) with expected-metadata.json. Compared, where the expectation has a value: title (without
case and white space), language (the part before the hyphen), site name, and the day of publication. What Docent reads
where nothing is expected is counted apart: Readability asks fewer sources.

Needs: nothing but the data. No bar.
"""

import json, pathlib

import common

FIELDS = {"title": "title", "lang": "language", "siteName": "site_name", "publishedTime": "published"}


def normal(field, value):
    value = " ".join(str(value).split()).lower()
    if field == "lang":
        return value.split("-")[0].split("_")[0]
    return value[:10] if field == "publishedTime" else value


def main():
    parser = common.parser(__doc__)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--show", action="store_true", help="prints the differences")
    arguments = parser.parse_args()
    folders = [folder for folder in sorted(arguments.data.iterdir()) if (folder / "expected-metadata.json").exists()]
    with common.Work(arguments) as work:
        names = work / "names.txt"
        names.write_text("".join(f"{folder / 'source.html'}\n" for folder in folders))
        done = common.run([arguments.docent, "extract", "--list", names, "--format", "json", "--quiet"])
        pages = [json.loads(line) for line in done.out.splitlines()]
    counts = {field: [0, 0, 0] for field in FIELDS}  # as expected, expected, more
    for folder, page in zip(folders, pages, strict=True):
        expected = json.loads((folder / "expected-metadata.json").read_text(encoding="utf-8"))
        for field, ours in FIELDS.items():
            found = page.get(ours) or page.get("metadata", {}).get(ours)
            if not expected.get(field):
                counts[field][2] += bool(found)
                continue
            agrees = found is not None and normal(field, found) == normal(field, expected[field])
            counts[field][0] += agrees
            counts[field][1] += 1
            if arguments.show and not agrees:
                print(f"{folder.name}: {field} {found!r}, expected {expected[field]!r}")
    for field, (same, count, more) in counts.items():
        print(f"{field}: {same} of {count} as expected; {more} more where none is expected")
    common.save(arguments, "html_metadata", {"pages": len(folders), "counts": counts})


if __name__ == "__main__":
    main()
