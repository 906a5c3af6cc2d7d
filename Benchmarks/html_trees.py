#!/usr/bin/env python3
"""How many of html5lib's tree-construction cases Docent's HTML parser reads into the same tree.

    python3 Benchmarks/html_trees.py --data FOLDER [--show N]

FOLDER holds the `.dat` files. Every case goes through `docent extract --format tree`, which must end without a crash;
the trees of whole documents that don't need scripts are compared line by line. Not compared: cases of fragments (Docent
reads documents alone) and of `#script-on`. Names of SVG's elements and attributes that the standard gives capitals are
compared without case, and NUL characters become spaces before parsing, as in every document that is ingested.

Needs: nothing but the data (golang/net, html/testdata/html5lib-tests/tree-construction). Bar: no case fails to be read.
"""

import json, pathlib

import common


def read_cases(path):
    """The cases of a file: data, the expected tree, and what it is about."""
    cases, case, section = [], None, None
    for line in path.read_bytes().decode("utf-8", "surrogateescape").split("\n"):
        if line == "#data":
            if case:
                cases.append(case)
            case, section = {"file": path.name, "data": []}, "data"
        elif line.startswith("#") and case is not None and line[1:] in (
            "errors", "new-errors", "document", "document-fragment", "script-on", "script-off",
        ):
            section = line[1:]
            case[section] = []
        elif case is not None:
            case[section].append(line)
    cases.append(case)
    for case in cases:
        case["data"] = "\n".join(case["data"])
        tree = case["document"]
        while tree and tree[-1] == "":
            tree.pop()
        case["tree"] = "\n".join(tree)
    return cases


def normal(tree):
    """Names in SVG and MathML without case, their attributes in order: the standard spells some with capitals."""
    lines, inside, attributes = [], False, []
    for line in tree.split("\n"):
        name = line[1:].strip()
        if inside and name and name[0] not in "<\"":
            attributes.append(line.lower())
            continue
        lines += sorted(attributes)
        attributes = []
        if name.startswith("<"):
            inside = name.startswith(("<svg ", "<math "))
        lines.append(line.lower() if inside else line)
    return "\n".join(lines + sorted(attributes))


def main():
    parser = common.parser(__doc__)
    parser.add_argument("--data", required=True, help="the folder of the .dat files")
    parser.add_argument("--show", type=int, default=0, help="how many differences to print")
    arguments = parser.parse_args()
    paths = sorted(pathlib.Path(arguments.data).rglob("*.dat"))
    cases, checks = [case for path in paths for case in read_cases(path)], common.Checks()
    with common.Work(arguments) as work:
        names = work / "names.txt"
        for number, case in enumerate(cases):
            (work / f"{number}.html").write_bytes(case["data"].encode("utf-8", "surrogateescape"))
        names.write_text("".join(f"{work / f'{number}.html'}\n" for number in range(len(cases))))
        done = common.run([arguments.docent, "extract", "--list", names, "--format", "tree", "--quiet"])
        found = [json.loads(line) for line in done.out.splitlines()]
    read = sum("tree" in page for page in found)
    checks.check("every case is read", read == len(cases), f"{read} of {len(cases)}")
    compared = same = 0
    by_file, shown = {}, 0
    for case, page in zip(cases, found):
        if "document-fragment" in case or "script-on" in case:
            continue
        agrees = normal(page.get("tree", "")) == normal(case["tree"])
        compared += 1
        same += agrees
        counts = by_file.setdefault(case["file"], [0, 0])
        counts[0] += agrees
        counts[1] += 1
        if not agrees and shown < arguments.show:
            shown += 1
            print(f"--- {case['file']}\n{case['data']}\nexpected\n{case['tree']}\nfound\n{page.get('tree')}\n")
    for name, (agree, count) in sorted(by_file.items()):
        if agree < count:
            print(f"{name}: {agree} of {count}")
    print(f"{same} of {compared} trees agree ({same / compared:.1%}); {len(cases)} cases read")
    common.save(arguments, "html_trees", {"cases": len(cases), "read": read, "compared": compared, "same": same})
    checks.finish()


if __name__ == "__main__":
    main()
