#!/usr/bin/env python3
"""Whether Docent reads pages in the encoding that the standard says: W3C's charset pages and html5lib's cases.

    python3 Benchmarks/page_encodings.py --data FOLDER

FOLDER holds charset/ (golang/net, html/charset/testdata) and html5lib-tests/encoding/. Each charset page gets a paragraph
of the six bytes that it is about, goes through `PUT /v1/collections/…/documents/…` with the Content-Type of its test, and
the stored text must hold those bytes as the expected encoding reads them. html5lib's cases go through `docent extract
--format tree`; one counts as right if the page decoded from the encoding that Docent states is the page decoded from the
expected one (ASCII pages are the same in nearly all).

Needs: nothing but the data. Bar: all charset pages right, no case without an answer.
"""

import codecs, json, pathlib, time

import common, server

BYTES = bytes([0xC3, 0xBD, 0xC3, 0xA4, 0xC3, 0xA8])
HEADER = "text/html; charset=iso-8859-15"
PAGES = {
    "HTTP-charset.html": (HEADER, "iso-8859-15"),
    "HTTP-vs-UTF-8-BOM.html": (HEADER, "utf-8"),
    "HTTP-vs-meta-charset.html": (HEADER, "iso-8859-15"),
    "HTTP-vs-meta-content.html": (HEADER, "iso-8859-15"),
    "No-encoding-declaration.html": ("text/html", "utf-8"),
    "UTF-16BE-BOM.html": ("text/html", "utf-16-be"),
    "UTF-16LE-BOM.html": ("text/html", "utf-16-le"),
    "UTF-8-BOM-vs-meta-charset.html": ("text/html", "utf-8"),
    "UTF-8-BOM-vs-meta-content.html": ("text/html", "utf-8"),
    "meta-charset-attribute.html": ("text/html", "iso-8859-15"),
    "meta-content-attribute.html": ("text/html", "iso-8859-15"),
}


def with_bytes(page, encoding):
    """The page with the six bytes in its notes, and what a reader should see of them."""
    text = "ýäè" if encoding.startswith("utf-16") else BYTES.decode(encoding)
    before, note = (part.encode(encoding) for part in ('<div class="notes">', "<p>These bytes are read as "))
    shown, after = text.encode(encoding), " by whoever reads this page as its sender wanted it to be read.</p>".encode(encoding)
    at = page.find(before) + len(before) if before in page else page.rfind("</body>".encode(encoding))
    return page[:at] + note + shown + after + page[at:], f"are read as {text} by whoever"


def cases(path):
    """(data, encoding) of a .dat file."""
    for part in path.read_bytes().split(b"#data\n")[1:]:
        data, _, rest = part.partition(b"\n#encoding\n")
        yield data, rest.split(b"\n")[0].decode().strip()


def decoded(data, name):
    names = {"cp932": "cp932", "gbk": "gb18030", "cp949": "cp949", "big5-hkscs": "big5hkscs", "windows-1252": "cp1252"}
    return data.decode(codecs.lookup(names.get(name.lower(), name)).name, "replace")


def stored(docent, path):
    """The document's text, when its job is done."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found = docent.request("GET", path + "/content")
        if found.status == 200:
            return found.body.decode()
        time.sleep(0.05)
    return "not stored within 20 s"


def main():
    parser = common.parser(__doc__)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    checks, right, wrong = common.Checks(), [], []
    with common.Work(arguments) as work:
        with server.Server(arguments, work / "data") as docent:
            made = docent.request("POST", "/v1/collections", {"name": "pages"})
            if made.status >= 300:
                raise SystemExit(f"POST /v1/collections: {made.status}")
            for name, (content_type, encoding) in PAGES.items():
                page, wanted = with_bytes((arguments.data / "charset" / name).read_bytes(), encoding)
                path = f"/v1/collections/pages/documents/{name}"
                put = docent.request("PUT", path, page, {"Content-Type": content_type})
                text = stored(docent, path) if put.status < 300 else f"HTTP {put.status}"
                (right if wanted in text else wrong).append(name)
        found, names = [], work / "names.txt"
        for file in sorted((arguments.data / "html5lib-tests/encoding").glob("*.dat")):
            found += [(file.name, *case) for case in cases(file)]
        for number, (_, data, _) in enumerate(found):
            (work / f"{number}.html").write_bytes(data)
        names.write_text("".join(f"{work / f'{number}.html'}\n" for number in range(len(found))))
        done = common.run([arguments.docent, "extract", "--list", names, "--format", "tree", "--quiet"])
        answers = [json.loads(line) for line in done.out.splitlines()]
    same = exact = 0
    for (file, data, expected), answer in zip(found, answers, strict=True):
        stated = answer.get("encoding", "")
        agrees = bool(stated) and decoded(data, stated) == decoded(data, expected)
        same += agrees
        exact += stated.lower() == expected.lower()
        if not agrees:
            print(f"{file}: expected {expected}, read as {stated}: {data[:100]!r}")
    checks.check("charset pages", not wrong, f"{len(right)} of {len(PAGES)}{' wrong: ' + ', '.join(wrong) if wrong else ''}")
    print(f"html5lib: {same} of {len(found)} cases give the text of the expected encoding, {exact} by the same name")
    checks.check("an answer to every case", len(answers) == len(found), f"{len(answers)} of {len(found)}")
    common.save(arguments, "page_encodings", {"pages": len(right), "cases": len(found), "same": same, "missed": checks.failed})
    checks.finish()


if __name__ == "__main__":
    main()
