#!/usr/bin/env python3
"""Drives bad input through the real binary: each case has to end with the right exit code or status and one clear line.

    python3 Benchmarks/bad_input.py [--only WORD] [--work DIR]

Files that are missing, unreadable, empty, binary noise, 200 MB of one line, broken UTF-8; truncated and lying GGUF and
safetensors; a wrong checksum; a collection that isn't there; malformed JSON and a vector of the wrong dimension over
HTTP; wrong usage; damaged index snapshots. A good collection is made first, and must be untouched afterwards.
"One clear line": with --quiet, stderr holds exactly one line, and it names what is wrong.

Needs: setpriv and root for the case of missing permissions (left out, and said so, otherwise). Bars: every check.
"""

import os, pathlib, random, shutil, struct, subprocess, sys

import common
from server import Server, multipart

LINE_BYTES = 200_000_000
MEMORY_LIMIT = 1_000_000_000


class Bench:
    def __init__(self, arguments, work):
        self.arguments, self.work, self.data = arguments, work, work / "data"
        self.checks, self.files = common.Checks(), work / "files"
        self.files.mkdir(parents=True, exist_ok=True)

    def docent(self, *words, quiet=True, data=None, models=None, stdin=None, before=None, timeout=300):
        return common.run(
            [
                self.arguments.docent,
                *words,
                "--data",
                data or self.data,
                "--models",
                models or self.arguments.models,
                *(["--quiet"] if quiet else []),
            ],
            stdin=stdin,
            before=before,
            timeout=timeout,
        )

    def ingest(self, *words, **options):
        return self.docent("ingest", *words, "--collection", "bad", **options)

    def fails(self, name, done, code=1, names=()):
        """Checks the exit code, that stderr is one line, and that the line holds one of each of `names`."""
        lines = done.error_lines
        text = " ".join(lines).lower()
        missing = [word for word in names if not any(option in text for option in word.split("|"))]
        right = done.code == code and len(lines) == 1 and not missing
        problem = "" if right else f" [exit {done.code}, wanted {code}; {len(lines)} lines; missing {missing}]"
        self.checks.check(name, right, (lines[-1][:200] if lines else "(silent)") + problem)

    def file(self, name, content):
        path = self.files / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def state(self):
        """What must not change: the good collection's documents and what a search finds."""
        listed = self.docent("documents", "list", "--collection", "good", "--json")
        found = self.docent("search", "refund after a return", "--collection", "good", "--json")
        hits = [(hit["document_id"], hit["text"]) for hit in found.json["hits"]] if found.code == 0 else found.err
        return listed.out, hits


def documents(bench):
    bench.fails(
        "a missing file",
        bench.ingest(bench.files / "nowhere.html"),
        names=["nowhere.html", "no such|not exist|missing|not found"],
    )
    bench.fails("an empty file", bench.ingest(bench.file("empty.html", b"")), names=["empty|no text"])
    bench.fails("a file of blanks", bench.ingest(bench.file("blank.txt", b" \n\t\n" * 100)), names=["empty|no text"])
    noise = random.Random(7).randbytes(300_000)
    bench.fails("binary noise named .html", bench.ingest(bench.file("noise.html", noise)), names=["binary|not text"])
    bench.fails("binary noise named .txt", bench.ingest(bench.file("noise.txt", noise)), names=["binary|not text"])
    bench.fails("binary noise named .jsonl", bench.ingest(bench.file("noise.jsonl", noise)), names=["line|binary|json"])
    broken = b"<title>Caf\xc3</title><p>Broken \xff\xfe bytes \xed\xa0\x80 in \xe2\x82 an otherwise good text.</p>"
    done = bench.ingest(bench.file("broken.html", broken), "--json")
    if done.code == 0:
        shown = bench.docent("documents", "show", "broken.html", "--collection", "bad")
        readable = b"otherwise good text" in shown.out
        try:
            shown.out.decode("utf-8")
        except UnicodeDecodeError:
            readable = False
        bench.checks.check(
            "broken UTF-8: taken in as valid text", readable, shown.out[:120].decode("utf-8", "replace").strip()
        )
    else:
        bench.fails("broken UTF-8: refused clearly", done, names=["utf-8|encod"])
    lines = b'{"id": "a", "text": "A good line about parcels."}\n{"id": "b", "te\xff\n{"id": 3}\n'
    done = bench.ingest(bench.file("lines.jsonl", lines), quiet=False)
    told = "line 2" in " ".join(done.error_lines) or "2 of 3" in " ".join(done.error_lines)
    bench.checks.check(
        "bad lines of a JSON Lines file: named, the good line is taken in",
        done.code in (0, 1) and told,
        " ".join(done.error_lines)[-250:],
    )


def permissions(bench):
    locked = bench.files / "locked"
    locked.mkdir(exist_ok=True)
    (locked / "page.html").write_text("<p>secret</p>")
    locked.chmod(0)
    if os.geteuid() == 0:
        if not shutil.which("setpriv"):
            return bench.checks.skip("a directory without permission", "root, and no setpriv")
        nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        reach = subprocess.run([*nobody, "test", "-x", bench.arguments.docent, "-a", "-r", bench.arguments.models])
        own = bench.work / "nobody"
        own.mkdir(exist_ok=True)
        os.chown(own, 65534, 65534)
        for folder in [bench.work, *bench.work.parents]:
            if folder == bench.work:
                folder.chmod(0o755)
        if reach.returncode != 0 or subprocess.run([*nobody, "test", "-w", own]).returncode != 0:
            return bench.checks.skip("a directory without permission", "user nobody can't reach the binary or models")
        run = lambda path: common.run(
            [
                *nobody,
                bench.arguments.docent,
                "ingest",
                path,
                "--collection",
                "bad",
                "--quiet",
                "--recursive",
                "--data",
                own,
                "--models",
                bench.arguments.models,
            ]
        )
    else:
        run = lambda path: bench.ingest(path, "--recursive")
    bench.fails(
        "a directory without permission", run(locked), names=["locked", "permission|denied|not allowed|unreadable"]
    )
    locked.chmod(0o755)
    (locked / "page.html").chmod(0)
    bench.fails(
        "a file without permission",
        run(locked / "page.html"),
        names=["page.html", "permission|denied|not allowed|unreadable"],
    )
    (locked / "page.html").chmod(0o644)


def one_line(bench):
    for name, start, end in [
        ("line.txt", b"", b""),
        ("line.html", b"<p>", b"</p>"),
        ("line.jsonl", b'{"id":"l","text":"', b'"}'),
    ]:
        path = bench.files / name
        with open(path, "wb") as file:
            file.write(start)
            block = b"an endless line of plain words " * 33_000
            for _ in range(LINE_BYTES // len(block) + 1):
                file.write(block)
            file.write(end)
        done = bench.ingest(path, timeout=600)
        size = path.stat().st_size
        path.unlink()
        bench.fails(f"200 MB of one line, {name}", done, names=["bytes|large|long|limit|mb"])
        bench.checks.check(
            f"200 MB of one line, {name}: peak memory under 1 GB",
            done.peak < MEMORY_LIMIT,
            f"{done.peak / 1e6:.0f} MB for {size / 1e6:.0f} MB, {done.seconds:.1f} s",
        )


def model_files(bench):
    gguf = next(pathlib.Path(bench.arguments.models).glob("smollm2*/*.gguf"), None)
    if gguf:
        with open(gguf, "rb") as file:
            head = file.read(4_000_000)
        size = gguf.stat().st_size
        for name, content in [
            ("empty", b""),
            ("10 bytes", head[:10]),
            ("in the metadata", head[:1000]),
            ("after 4 MB", head),
            ("a tensor count of 2^63", head[:8] + struct.pack("<Q", 1 << 63) + head[16:]),
            ("a metadata count of 2^64-1", head[:16] + b"\xff" * 8 + head[24:]),
            ("wrong magic", b"JUNK" + head[4:]),
        ]:
            done = bench.docent(
                "generate", "--model", bench.file("cut.gguf", content), "--prompt", "hi", "--max-tokens", "2"
            )
            bench.fails(f"GGUF cut: {name}", done, names=["gguf|trunc|magic|tensor|metadata|byte|file"])
        cut = bench.files / "cut.gguf"
        shutil.copy(gguf, cut)
        os.truncate(cut, size - 1)
        bench.fails(
            "GGUF cut: last byte",
            bench.docent("generate", "--model", cut, "--prompt", "hi", "--max-tokens", "2"),
            names=["trunc|byte|file|beyond|end"],
        )
        cut.unlink()
    else:
        bench.checks.skip("truncated GGUF", "the model is not there")
    folder = pathlib.Path(bench.arguments.models) / "all-minilm-l6-v2"
    copy = bench.files / "encoder"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("*.safetensors"))
    text = bench.file("texts.txt", b"one text\n")
    with open(folder / "model.safetensors", "rb") as file:
        head = file.read(2_000_000)
    size = (folder / "model.safetensors").stat().st_size
    for name, content in [
        ("missing", None),
        ("empty", b""),
        ("5 bytes", head[:5]),
        ("in the header", head[:1000]),
        ("after 2 MB", head),
        ("a header of 2^63 bytes", struct.pack("<Q", 1 << 63) + head[8:]),
        ("a header that is no JSON", head[:8] + b"!" + head[9:]),
    ]:
        if content is not None:
            (copy / "model.safetensors").write_bytes(content)
        done = bench.docent("embed", "--model", copy, "--input", text)
        bench.fails(f"safetensors cut: {name}", done, names=["safetensors"])
    (copy / "model.safetensors").unlink()
    shutil.copy(folder / "model.safetensors", copy / "model.safetensors")
    os.truncate(copy / "model.safetensors", size - 4)
    bench.fails(
        "safetensors cut: last value", bench.docent("embed", "--model", copy, "--input", text), names=["safetensors"]
    )
    bench.fails(
        "a model that isn't in the catalog",
        bench.docent("embed", "--model", "no-such-model", "--input", text),
        names=["no-such-model"],
    )
    shutil.rmtree(copy)


def checksum(bench):
    models = bench.work / "models"
    shutil.rmtree(models, ignore_errors=True)
    (models / "all-minilm-l6-v2").mkdir(parents=True)
    source = pathlib.Path(bench.arguments.models)
    shutil.copy(source / "catalog.json", models)
    shutil.copytree(source / "all-minilm-l6-v2", models / "all-minilm-l6-v2", dirs_exist_ok=True)
    with open(models / "all-minilm-l6-v2/model.safetensors", "r+b") as file:
        file.seek(50_000_000)
        byte = file.read(1)
        file.seek(50_000_000)
        file.write(bytes([byte[0] ^ 1]))
    done = bench.docent("models", "verify", models=models)
    text = (done.out + done.err).decode("utf-8", "replace").lower()
    bench.checks.check(
        "a wrong checksum: models verify ends with 1 and names the file",
        done.code == 1
        and "model.safetensors" in text
        and ("checksum" in text or "sha-256" in text or "sha256" in text),
        f"exit {done.code}: {' '.join(done.error_lines)[:200]}",
    )
    shutil.rmtree(models)


def usage(bench):
    for words in [("search", "x"), ("ask", "x")]:
        bench.fails(
            f"{words[0]} in a collection that isn't there",
            bench.docent(*words, "--collection", "nowhere"),
            names=["nowhere"],
        )
    bench.fails(
        "documents of a collection that isn't there",
        bench.docent("documents", "list", "--collection", "nowhere"),
        names=["nowhere"],
    )
    bench.fails(
        "a document that isn't there",
        bench.docent("documents", "show", "none.html", "--collection", "good"),
        names=["none.html"],
    )
    bench.fails(
        "a filter that is no JSON",
        bench.docent("search", "x", "--collection", "good", "--filter", "{lang"),
        64,
        ["filter"],
    )
    done = bench.docent("search", "x", "--collection", "good", "--filter", '{"a": {"$near": 1}}')
    bench.fails("a filter with an unknown operator", done, done.code if done.code in (1, 64) else 64, ["$near"])
    done = bench.docent("search", "x", "--collection", "good", "--top-k", "0")
    bench.fails("top-k 0", done, done.code if done.code in (1, 64) else 64, ["top"])
    for name, words in [
        ("an unknown mode", ("search", "x", "--collection", "good", "--mode", "psychic")),
        ("an option that isn't there", ("search", "x", "--collection", "good", "--frobnicate")),
        ("no arguments", ("search",)),
        ("an unknown command", ("frobnicate",)),
    ]:
        done = bench.docent(*words)
        bench.checks.check(
            f"wrong usage, {name}: exit 64",
            done.code == 64 and done.err,
            f"exit {done.code}: {' '.join(done.error_lines)[:120]}",
        )
    junk = bench.work / "junk"
    junk.mkdir(exist_ok=True)
    (junk / "docent.sqlite").write_bytes(random.Random(3).randbytes(50_000))
    bench.fails(
        "a database that is none",
        bench.docent("search", "x", "--collection", "good", data=junk),
        names=["docent.sqlite|database"],
    )


def refused(bench, name, reply, status, code=None):
    right = reply.status == status and reply.error is not None and (code is None or reply.error["code"] == code)
    shown = f"{reply.status} {reply.body[:200].decode('utf-8', 'replace')}"
    bench.checks.check(f"HTTP: {name}: {status}{' ' + code if code else ''}", right, shown)


def http(bench):
    with Server(bench.arguments, bench.data) as server:
        post = lambda path, body, **headers: server.request("POST", "/v1/collections" + path, body, headers or None)
        json_type = {"Content-Type": "application/json"}
        good = "/good/search"
        refused(
            bench, "a collection that isn't there", post("/nowhere/search", {"query": "x"}), 404, "collection_not_found"
        )
        for name, body in [
            ("malformed JSON", b'{"query": '),
            ("an empty body", b""),
            ("JSON that is no object", b"[1,2]"),
            ("broken UTF-8 in JSON", b'{"query": "caf\xc3"}'),
            ("a query of the wrong type", b'{"query": 5}'),
            ("JSON nested 100,000 deep", b'{"query":"x","filter":' + b'{"$not":' * 100_000 + b"1" + b"}" * 100_001),
        ]:
            refused(bench, name, server.request("POST", "/v1/collections" + good, body, json_type), 400)
        for length in (0, 1, 383, 385, 4096):
            refused(bench, f"a vector of dimension {length}", post(good, {"vector": [0.1] * length}), 400)
        refused(
            bench,
            "a vector of infinities",
            server.request(
                "POST", "/v1/collections" + good, b'{"vector":[' + b",".join([b"1e999"] * 384) + b"]}", json_type
            ),
            400,
        )
        refused(bench, "neither query nor vector", post(good, {"top_k": 3}), 400)
        refused(bench, "an empty query", post(good, {"query": " "}), 400)
        for top in (0, -1, 10**9):
            refused(bench, f"top_k {top}", post(good, {"query": "x", "top_k": top}), 400)
        refused(bench, "an unknown mode", post(good, {"query": "x", "mode": "psychic"}), 400)
        refused(bench, "an unknown operator", post(good, {"query": "x", "filter": {"a": {"$near": 1}}}), 400)
        refused(bench, "an answer without a question", post("/good/answer", {}), 400)
        refused(bench, "an unknown generator", post("/good/answer", {"question": "x", "generator": "oracle"}), 400)
        refused(bench, "no documents", post("/good/documents", {"documents": []}), 400)
        refused(
            bench,
            "a document with two texts",
            post("/good/documents", {"documents": [{"text": "a", "html": "b"}]}),
            400,
        )
        refused(
            bench, "a document that isn't there", server.request("GET", "/v1/collections/good/documents/nope.html"), 404
        )
        refused(bench, "a job that isn't there", server.request("GET", "/v1/jobs/999999"), 404)
        refused(bench, "a route that isn't there", server.request("GET", "/v1/nonsense"), 404)
        wrong_method = server.request("DELETE", "/v1/collections")
        refused(bench, "a method that isn't there", wrong_method, 405 if wrong_method.status == 405 else 404)
        refused(bench, "a collection's name with a slash", post("", {"name": "../etc"}), 400)
        refused(bench, "a collection twice", post("", {"name": "good"}), 409)
        refused(
            bench,
            "a body over the limit",
            server.request("POST", "/v1/collections" + good, b'{"query":"' + b"x" * (3 << 20) + b'"}', json_type),
            413,
        )
        body, kind = multipart([("a.html", b"<p>x</p>", "text/html")])
        refused(
            bench,
            "a form that is cut off",
            server.request("POST", "/v1/collections/good/documents", body[:-30], {"Content-Type": kind}),
            400,
        )
        refused(
            bench, "feedback on no answer", server.request("POST", "/v1/answers/none/feedback", {"rating": "up"}), 404
        )
        bench.checks.check(
            "HTTP: the server still works", server.is_alive and post(good, {"query": "refund"}).status == 200
        )


def snapshots(bench):
    """A damaged or cut index file must cost a rebuild, not the results."""
    before = bench.state()
    files = [
        path
        for path in bench.data.rglob("*")
        if path.is_file()
        and not path.name.startswith("docent.sqlite")
        and path.suffix != ".lock"
        and path.stat().st_size > 200
    ]
    if not files:
        return bench.checks.skip("damaged index snapshots", "the data folder holds none")
    for name, damage in [
        (
            "a flipped byte",
            lambda raw: raw[: len(raw) // 2] + bytes([raw[len(raw) // 2] ^ 255]) + raw[len(raw) // 2 + 1 :],
        ),
        ("cut in half", lambda raw: raw[: len(raw) // 2]),
        ("noise", lambda raw: random.Random(1).randbytes(len(raw))),
    ]:
        for path in files:
            path.write_bytes(damage(path.read_bytes()))
        bench.checks.check(f"index snapshots, {name}: the same results", bench.state() == before, f"{len(files)} files")


def main():
    parser = common.parser(__doc__)
    parser.add_argument("--only", help="only the group of that name: documents, permissions, one_line, …")
    arguments = parser.parse_args()
    groups = [documents, permissions, one_line, model_files, checksum, usage, http, snapshots]
    with common.Work(arguments) as work:
        bench = Bench(arguments, work)
        good = bench.docent("ingest", common.ROOT / "corpus/shop-help", "--recursive", "--collection", "good")
        if good.code != 0:
            sys.exit(f"the good collection can't be made: {' '.join(good.error_lines)}")
        before = bench.state()
        for group in groups:
            if arguments.only in (None, group.__name__):
                group(bench)
        bench.checks.check(
            "nothing else is harmed: documents and results of the good collection", bench.state() == before
        )
    common.save(
        arguments,
        "bad_input",
        {
            "checks": len(bench.checks.rows),
            "failed": bench.checks.failed,
            "skipped": [row["check"] for row in bench.checks.rows if row["passed"] is None],
        },
    )
    bench.checks.finish()


main()
