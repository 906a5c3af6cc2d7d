#!/usr/bin/env python3
"""Main-content extraction of Docent, trafilatura and readability-lxml on the same pages: quality and pages per second.

    python3 Benchmarks/ingest_quality.py --data FOLDER [--peers PYTHON] [--rounds 3]

FOLDER holds `readability/` (source.html, expected.html) and `trafilatura/` (evaldata.json, html/). The scores:
readability pages: mean F1 of the 4-word shingles against the expected text; trafilatura pages: F1 over the segments
that must and must not be in the text. By the hash of its name a page is one that Docent's rules were worked out on
("seen": half of the trafilatura pages, three quarters of the readability pages), or one that is looked at for the score
alone ("held out").
PYTHON is an interpreter that has both peers; each tool takes all pages in one process and thread, page by page, after
the files are read; rounds alternate between tools, the median counts. Docent's time is the sum of what `docent extract`
states per page, reading the file included.

Needs: trafilatura and readability-lxml from PyPI for the peers, left out without --peers. Bars: below no peer on either
set, 0.02 above trafilatura on the mean of the two, 20 times trafilatura's speed and 8 times readability-lxml's.
"""

import gzip, hashlib, html.parser, json, pathlib, re, statistics, subprocess, sys, tempfile, time

import common

PEERS = ("trafilatura", "readability-lxml")


class Text(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.parts = []

    def handle_data(self, data):
        self.parts.append(data)


def plain(page):
    """The text of mark-up, nothing left out."""
    parser = Text()
    parser.feed(page)
    return " ".join(parser.parts)


def shingles(text):
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[at : at + 4]) for at in range(max(0, len(words) - 3))}


def collapse(text):
    return " ".join(text.split())


def is_seen(kind, name):
    first = hashlib.sha256(name.encode()).digest()[0]
    return first % 4 != 3 if kind == "readability" else first % 2 == 0


def read_pages(data):
    """One row a page: set, name, bytes, and what it is scored against."""
    data, rows = pathlib.Path(data), []
    for folder in sorted((data / "readability").iterdir()):
        if (folder / "source.html").exists():
            expected = (folder / "expected.html").read_text(encoding="utf-8")
            rows.append(("readability", folder.name, (folder / "source.html").read_bytes(), shingles(plain(expected))))
    for name, item in sorted(json.loads((data / "trafilatura/evaldata.json").read_text(encoding="utf-8")).items()):
        path = data / "trafilatura/html" / (item.get("html") or item["file"])
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        rows.append(("trafilatura", name, content, (item["with"], item["without"])))
    return rows


def shingle_f1(expected, text):
    found = shingles(text)
    return 2 * len(expected & found) / (len(expected) + len(found)) if expected or found else 1.0


def segment_counts(wanted, unwanted, text):
    """True positives, false negatives, false positives."""
    text = collapse(text)
    hits = sum(collapse(segment) in text for segment in wanted)
    return hits, len(wanted) - hits, sum(collapse(segment) in text for segment in unwanted)


def score(rows, texts):
    """The two sets' scores and their mean."""
    shares, counts = [], [0, 0, 0]
    for (kind, _, _, expected), text in zip(rows, texts, strict=True):
        if kind == "readability":
            shares.append(shingle_f1(expected, text))
        else:
            counts = [a + b for a, b in zip(counts, segment_counts(*expected, text))]
    hits, missed, bad = counts
    result = {
        "readability_f1": sum(shares) / max(1, len(shares)),
        "trafilatura_f1": 2 * hits / max(1, 2 * hits + missed + bad),
        "trafilatura_precision": hits / max(1, hits + bad),
        "trafilatura_recall": hits / max(1, hits + missed),
    }
    result["mean_f1"] = (result["readability_f1"] + result["trafilatura_f1"]) / 2
    return {name: round(value, 4) for name, value in result.items()}


def by_half(rows, texts):
    """Scores of all pages, of those the rules were worked out on, and of the others."""
    parts = {
        "all": lambda row: True,
        "seen": lambda row: is_seen(row[0], row[1]),
        "held_out": lambda row: not is_seen(row[0], row[1]),
    }
    pairs = list(zip(rows, texts, strict=True))
    return {
        part: score([row for row, _ in pairs if wanted(row)], [text for row, text in pairs if wanted(row)])
        for part, wanted in parts.items()
    }


def extract_docent(docent, paths, work):
    """The texts and the seconds that reading and extracting took, without the writing of JSON."""
    names = work / "names.txt"
    names.write_text("".join(f"{path}\n" for path in paths))
    done = common.run([docent, "extract", "--list", names, "--format", "json", "--quiet"])
    found = [json.loads(line) for line in done.out.splitlines()]
    if len(found) != len(paths):
        raise SystemExit(f"docent extract gave {len(found)} of {len(paths)} documents: {done.error_lines[-1:]}")
    return [page.get("text", "") for page in found], sum(page["extract_ms"] for page in found) / 1000


def extract_peer(name, python, paths):
    """As above, by a process of the peer's interpreter: this script with --serve."""
    done = common.run([python, __file__, "--serve", name], stdin="\n".join(map(str, paths)).encode(), timeout=1200)
    if done.code != 0:
        raise SystemExit(f"{name}: {' '.join(done.error_lines[-2:])}")
    return done.json["texts"], done.json["seconds"]


def serve(name):
    """Runs in the peer's interpreter: paths on stdin, texts and seconds on stdout."""
    import logging

    logging.disable(logging.CRITICAL)
    pages = [pathlib.Path(line.strip()).read_bytes() for line in sys.stdin]
    if name == "trafilatura":
        import trafilatura

        extract, read = lambda page: trafilatura.extract(page) or "", str
    else:
        import readability

        extract, read = lambda page: readability.Document(page.decode("utf-8", "replace")).summary(), plain
    found, start = [], time.perf_counter()
    for page in pages:
        try:
            found.append(extract(page))
        except Exception:
            found.append("")
    seconds = time.perf_counter() - start
    json.dump({"texts": [read(text) for text in found], "seconds": seconds}, sys.stdout)


def versions(python):
    """The versions of the peers' packages, as installed."""
    show = "import importlib.metadata as m, json; print(json.dumps({n: m.version(n) for n in %r}))" % (PEERS,)
    return json.loads(subprocess.run([python, "-c", show], capture_output=True, text=True, check=True).stdout)


def main():
    parser = common.parser(__doc__)
    parser.add_argument("--data", required=True, help="the folder of the two sets")
    parser.add_argument("--peers", help="a Python interpreter that has trafilatura and readability-lxml")
    parser.add_argument("--rounds", type=int, default=3, help="timed passes over all pages")
    arguments = parser.parse_args()
    rows, tools = read_pages(arguments.data), ["docent", *(PEERS if arguments.peers else ())]
    result, seconds, texts = {"pages": len(rows)}, {tool: [] for tool in tools}, {}
    with common.Work(arguments) as work:
        paths = []
        for number, row in enumerate(rows):
            paths.append(work / f"{number}.html")
            paths[-1].write_bytes(row[2])
        for _ in range(arguments.rounds):
            for tool in tools:
                extract = extract_docent if tool == "docent" else extract_peer
                first = (arguments.docent, paths, work) if tool == "docent" else (tool, arguments.peers, paths)
                texts[tool], spent = extract(*first)
                seconds[tool].append(spent)
    for tool in tools:
        speed = round(len(rows) / statistics.median(seconds[tool]), 1)
        result[tool] = {**by_half(rows, texts[tool]), "pages_per_s": speed}
        for half in ("all", "seen", "held_out"):
            print(f"{tool:17} {half:9}", *(f"{name} {value:.4f}" for name, value in result[tool][half].items()))
        print(f"{tool:17} {speed} pages/s")
    checks = common.Checks()
    if arguments.peers:
        result["versions"] = versions(arguments.peers)
        ours, peers = result["docent"], [result[peer] for peer in PEERS]
        for name in ("readability_f1", "trafilatura_f1"):
            best = max(peer["all"][name] for peer in peers)
            checks.check(f"{name}: not below the best peer", ours["all"][name] >= best, f"{ours['all'][name]} / {best}")
        ahead = round(ours["all"]["mean_f1"] - peers[0]["all"]["mean_f1"], 4)
        checks.check("mean: 0.02 above trafilatura", ahead >= 0.02, ahead)
        for peer, factor in zip(PEERS, (20, 8)):
            ratio = round(ours["pages_per_s"] / result[peer]["pages_per_s"], 1)
            checks.check(f"speed: {factor} times {peer}", ratio >= factor, ratio)
    common.save(arguments, "ingest_quality", {**result, "missed": checks.failed})
    checks.finish()


if __name__ == "__main__":
    serve(sys.argv[2]) if sys.argv[1:2] == ["--serve"] else main()
