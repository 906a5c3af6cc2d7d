#!/usr/bin/env python3
"""Large and hostile files through `docent ingest`: is memory bounded, is the reason clear and quick, does the rest go on?

    python3 Benchmarks/ingest_hostile.py [--only large,hostile,many] [--encoder PATH] [--text-mb 500] [--text-seconds 300]

large    a PDF of 1,600 pages, a CSV file of 100,000 rows and a text file of 500 MB, each by itself: peak memory of the
         process and of the programs it starts, lines of progress, chunks. The text is stopped after --text-seconds.
hostile  each file beside a good one in a folder: archives that unpack to gigabytes, nest without end or hold 200,000
         entries; XML that expands; entries and links that lead outside; a million nested elements; attributes of 10 MB.
         The good file has to be searchable, the hostile one to fail with a reason or to give its text, in 5 seconds
         from the start of the process to its end.
many     10,000 files, 1 % of them broken in ten ways: 9,900 documents indexed, 100 listed with a reason.

Files are made by the script. A tiny encoder is used unless --encoder names another. Standard library alone.
"""
import io, json, os, pathlib, random, re, sqlite3, struct, subprocess, sys, tarfile, threading, time, zipfile, zlib

import common

TINY = common.ROOT / "Tests/EncodersTests/Fixtures/tiny-mean"
MEMORY, SECONDS = 400e6, 5.0
WORDS = ("account address agreement amount answer archive balance bank basket border box branch buyer cable card case "
         "change charge claim class clause code colour copy country courier credit customer damage date delivery deposit "
         "discount duty email exchange fee form fund goods guarantee help invoice item label letter limit list loan "
         "mail market member message method money month notice number office offer order packet parcel part payment "
         "period person phone pickup place plan point policy post price product proof purchase rate reason receipt "
         "record refund region repair reply report request return right rule sale season seller service set shelf "
         "shipment shop size stamp state stock store street sum supply surface table tax term ticket time title total "
         "track transfer unit value visit voucher warehouse week weight window year").split()


def sentence(chance, count):
    words = [chance.choice(WORDS) for _ in range(count)]
    return " ".join(words).capitalize() + "."


def pdf(path, pages, chance):
    """A PDF with `pages` pages of text, one page per content stream."""
    with open(path, "wb") as file:
        offsets = []
        def add(body):
            offsets.append(file.tell())
            file.write(f"{len(offsets)} 0 obj\n".encode() + body + b"\nendobj\n")
        file.write(b"%PDF-1.4\n")
        first = 4
        kids = " ".join(f"{first + 2 * number} 0 R" for number in range(pages))
        add(b"<< /Type /Catalog /Pages 2 0 R >>")
        add(f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>".encode())
        add(b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
        for number in range(pages):
            lines = [f"Section {number + 1}"] + [sentence(chance, 11) for _ in range(34)]
            shown = "\n".join(f"({line}) Tj T*" for line in lines)
            stream = zlib.compress(f"BT /F1 11 Tf 14 TL 50 780 Td\n{shown}\nET".encode())
            add(f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> "
                f"/Contents {first + 2 * number + 1} 0 R >>".encode())
            add(f"<< /Length {len(stream)} /Filter /FlateDecode >>\nstream\n".encode() + stream + b"\nendstream")
        start = file.tell()
        file.write(f"xref\n0 {len(offsets) + 1}\n0000000000 65535 f \n".encode())
        for offset in offsets:
            file.write(f"{offset:010} 00000 n \n".encode())
        file.write(f"trailer << /Size {len(offsets) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode())


def table(path, rows, chance):
    with open(path, "w") as file:
        file.write("number,name,place,amount,remark\n")
        for number in range(rows):
            file.write(f'{number},{chance.choice(WORDS)} {chance.choice(WORDS)},"{chance.choice(WORDS)}, '
                       f'{chance.choice(WORDS)}",{chance.randint(1, 9999)},{sentence(chance, 8)}\n')


def long_text(path, megabytes, chance):
    block = "\n\n".join(" ".join(sentence(chance, 12) for _ in range(6)) for _ in range(2000)).encode()
    with open(path, "wb") as file:
        for number in range(int(megabytes * 1e6 / len(block)) + 1):
            file.write(f"Part {number} of the long text.\n\n".encode() + block + b"\n\n")


def zipped(entries, method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return buffer.getvalue()


def zeros_zip(name, megabytes):
    """A zip whose one entry unpacks to zeros."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open(name, "w", force_zip64=True) as entry:
            block = b" " * (1 << 20)
            for _ in range(megabytes):
                entry.write(block)
    return buffer.getvalue()


def tarred(members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, kind, content in members:
            member = tarfile.TarInfo(name)
            if kind == "link":
                member.type, member.linkname = tarfile.SYMTYPE, content
                archive.addfile(member)
            else:
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


LAUGHS = ('<?xml version="1.0"?><!DOCTYPE z [<!ENTITY a0 "laugh">' + "".join(
    f'<!ENTITY a{n} "{"&a" + str(n - 1) + ";"}{"&a" + str(n - 1) + ";"}{"&a" + str(n - 1) + ";" * 1}'
    + ("&a" + str(n - 1) + ";") * 7 + '">' for n in range(1, 12)) + "]>")
TEXT = b"Parcels are kept for ten days at the pickup point, then they go back to the warehouse."
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def docx(body, prolog="<?xml version='1.0'?>"):
    kinds = ('<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
             '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType='
             '"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>')
    return zipped([("[Content_Types].xml", kinds),
                   ("word/document.xml", f"{prolog}<w:document {W}><w:body>{body}</w:body></w:document>")])


def nested():
    content = zipped([("inner.md", TEXT)])
    for number in range(12):
        content = zipped([(f"level{number}.zip", content)], zipfile.ZIP_STORED)
    return content


def wide():
    inner = zipped([("page.md", b"same " * 200_000)])
    return zipped([(f"copy{number}.zip", inner) for number in range(400)])


def hostile():
    """Name of the file, what makes its bytes, and what has to come of it: `fails`, `text` (its text is taken in) or `either`."""
    paragraph = f"<w:p><w:r><w:t>{TEXT.decode()}</w:t></w:r></w:p>"
    yield "nested.zip", nested, "fails"
    yield "ratio.zip", lambda: zeros_zip("page.txt", 2048), "fails"
    yield "ratio-many.zip", lambda: zipped([(f"p{n}.txt", b"word " * 4_000_000) for n in range(12)]), "either"
    yield "wide.zip", wide, "either"
    yield "count.zip", lambda: zipped([(f"e{n}.md", b"") for n in range(200_000)], zipfile.ZIP_STORED), "fails"
    yield "bomb.tar.gz", lambda: tarred([("page.txt", "file", b" " * (1 << 29))]), "fails"
    yield "traversal.zip", lambda: zipped([("../../outside.md", TEXT), ("/etc/outside.md", TEXT), ("good.md", TEXT)]), "entry"
    yield "traversal.tar.gz", lambda: tarred([("../../outside.md", "file", TEXT), ("in.md", "file", TEXT)]), "entry"
    yield "links.tar.gz", lambda: tarred([("passwd.md", "link", "/etc/passwd"), ("in.md", "file", TEXT)]), "either"
    yield "bomb.docx", lambda: zeros_zip("word/document.xml", 2048), "fails"
    yield "laughs.docx", lambda: docx(f"<w:p><w:r><w:t>&a11;</w:t></w:r></w:p>{paragraph}", LAUGHS), "either"
    yield "external.docx", lambda: docx(
        f"<w:p><w:r><w:t>&x;</w:t></w:r></w:p>{paragraph}",
        '<?xml version="1.0"?><!DOCTYPE z [<!ENTITY x SYSTEM "file:///etc/passwd">]>'), "either"
    yield "laughs.xhtml", lambda: (LAUGHS + "<html><body><p>&a11;</p><p>" + TEXT.decode() + "</p></body></html>").encode(), "either"
    yield "deep.docx", lambda: docx("<w:p>" * 300_000 + "</w:p>" * 300_000), "either"
    yield "divs.html", lambda: b"<html><body>" + b"<div>" * 1_000_000 + TEXT + b"</div>" * 1_000_000 + b"</body></html>", "either"
    yield "spans.html", lambda: b"<html><body><p>" + b"<b><i>" * 500_000 + TEXT + b"</p></body></html>", "either"
    yield "attribute.html", lambda: b'<html><body><p title="' + b"a" * 10_000_000 + b'">' + TEXT + b"</p></body></html>", "text"
    yield "attributes.html", lambda: b"<html><body><p " + b" ".join(b"a%d=%d" % (n, n) for n in range(500_000)) + b">" + TEXT + b"</p></body></html>", "either"
    yield "comment.html", lambda: b"<html><body><!--" + b"<!--" * 2_000_000 + b"--><p>" + TEXT + b"</p></body></html>", "either"
    yield "brackets.md", lambda: b"[" * 1_000_000 + b"\n\n" + TEXT + b"\n\n" + b"> " * 500_000 + b"deep\n\n" + b"*_" * 500_000, "either"
    yield "array.json", lambda: b"[" * 1_000_000 + b"]" * 1_000_000, "fails"
    yield "quotes.csv", lambda: b'a,b\n"' + b'""' * 5_000_000, "either"
    yield "line.txt", lambda: b"word " * 5_000_000, "either"


class Bench:
    def __init__(self, arguments, work):
        self.arguments, self.work, self.checks, self.rows = arguments, work, common.Checks(), {}
        self.env = {"DOCENT_ENCODER": str(arguments.encoder)}

    def ingest(self, path, name, timeout=600, limit=None):
        """`docent ingest` of a path into a folder of its own, with the peak memory of it and its children together."""
        data = self.work / f"data-{name}"
        command = [self.arguments.docent, "ingest", path, "--recursive", "--collection", "c", "--data", data,
                   "--models", self.arguments.models]
        start, process = time.monotonic(), subprocess.Popen(
            [str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, **self.env})
        peak, children, lines, stopped = [0], [0], [], False

        def watch():
            while process.poll() is None:
                try:
                    status = open(f"/proc/{process.pid}/status").read()
                    peak[0] = max(peak[0], int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) * 1024)
                    for task in os.listdir(f"/proc/{process.pid}/task"):
                        for child in open(f"/proc/{process.pid}/task/{task}/children").read().split():
                            found = re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{child}/status").read())
                            children[0] = max(children[0], int(found.group(1)) * 1024 if found else 0)
                except (OSError, AttributeError):
                    pass
                time.sleep(0.01)

        def read():
            for block in iter(lambda: process.stderr.read1(1 << 16), b""):
                lines.extend(part for part in re.split(rb"[\r\n]+", block) if part.strip())

        threads = [threading.Thread(target=watch), threading.Thread(target=read)]
        for thread in threads:
            thread.start()
        try:
            process.wait(limit or timeout)
        except subprocess.TimeoutExpired:
            stopped = True
            process.kill()
            process.wait()
        seconds = time.monotonic() - start
        for thread in threads:
            thread.join()
        process.stdout.close()
        return {"data": data, "code": None if stopped else process.returncode, "seconds": round(seconds, 2),
                "peak_mb": round(peak[0] / 1e6), "children_mb": round(children[0] / 1e6), "progress_lines": len(lines),
                "last": lines[-1].decode("utf-8", "replace")[-160:] if lines else ""}

    def rows_of(self, done, query):
        base = sqlite3.connect(f"file:{done['data']}/docent.sqlite?mode=ro", uri=True)
        try:
            return base.execute(query).fetchall()
        finally:
            base.close()

    def keep(self, name, done, **more):
        self.rows[name] = {**{key: value for key, value in done.items() if key not in ("data", "last")}, **more}

    def large(self):
        chance, folder = random.Random(1), self.work / "large"
        folder.mkdir(exist_ok=True)
        for name, make in (("manual.pdf", lambda path: pdf(path, 1600, chance)),
                           ("table.csv", lambda path: table(path, 100_000, chance)),
                           ("long.txt", lambda path: long_text(path, self.arguments.text_mb, chance))):
            if self.arguments.files and name not in self.arguments.files.split(","):
                continue
            path = folder / name
            make(path)
            limit = self.arguments.text_seconds if name == "long.txt" else None
            done = self.ingest(path, name, limit=limit, timeout=900)
            documents, chunks = self.rows_of(done, "SELECT count(*), coalesce(sum(chunk_count), 0) FROM documents WHERE state = 'indexed'")[0]
            read = self.rows_of(done, "SELECT coalesce(sum(byte_count), 0) FROM documents WHERE state = 'indexed'")[0][0]
            peak = max(done["peak_mb"], done["children_mb"])
            self.keep(name, done, bytes=path.stat().st_size, documents=documents, chunks=chunks, bytes_done=read)
            finished = done["code"] == 0 or (limit and done["code"] is None)
            self.checks.check(f"{name}: taken in", finished and chunks > 0,
                              f"{documents} documents, {chunks} chunks, {read / 1e6:.0f} of {path.stat().st_size / 1e6:.0f} MB, {done['seconds']} s, {done['last']}")
            self.checks.check(f"{name}: at most 400 MB", peak <= MEMORY / 1e6, f"{done['peak_mb']} MB, children {done['children_mb']} MB")
            self.checks.check(f"{name}: with progress", done["progress_lines"] >= 3, f"{done['progress_lines']} lines")
            path.unlink()

    def hostile(self):
        for name, make, wanted in hostile():
            if self.arguments.files and name not in self.arguments.files.split(","):
                continue
            folder = self.work / "hostile" / name
            folder.mkdir(parents=True)
            (folder / name).write_bytes(make())
            (folder / "zz-good.md").write_bytes(b"# Good\n\n" + TEXT)
            self.judge(name, folder, wanted)
        if self.arguments.files and "symbolic-links" not in self.arguments.files.split(","):
            return
        folder = self.work / "hostile" / "symbolic-links"
        folder.mkdir(parents=True)
        (folder / "zz-good.md").write_bytes(b"# Good\n\n" + TEXT)
        (folder / "passwd.txt").symlink_to("/etc/passwd")
        (folder / "circle.md").symlink_to("circle.md")
        (folder / "nowhere.md").symlink_to("nowhere-at-all.md")
        (folder / "loop").symlink_to(".")
        (folder / "root").symlink_to("/")
        self.judge("symbolic-links", folder, "links")

    def judge(self, name, folder, wanted):
        done = self.ingest(folder, name, limit=60)
        documents = self.rows_of(done, "SELECT external_id, state, error, text FROM documents"
                                 " LEFT JOIN document_texts ON document_id = documents.id")
        failed = [(row[0], row[2]) for row in documents if row[1] == "failed"]
        good = any("zz-good.md" in row[0] and row[1] == "indexed" for row in documents)
        texts = [row[3] or "" for row in documents if row[1] == "indexed" and "zz-good.md" not in row[0]]
        sane = {"fails": bool(failed), "text": any("Parcels are kept" in text for text in texts),
                "entry": bool(failed) and any("Parcels are kept" in text for text in texts),
                "either": bool(failed) or bool(texts), "links": not any("root:" in text for text in texts)}[wanted]
        leaked = any("root:x:" in text for text in texts) or any("outside" in row[0] and row[1] == "indexed" for row in documents)
        right = good and sane and not leaked and done["code"] in (0, 1) and done["seconds"] <= SECONDS
        reason = (failed[0][1] if failed else f"{len(texts)} documents, {sum(map(len, texts))} characters")
        self.keep(name, done, reason=reason[:150], failed=len(failed), documents=len(texts))
        problem = "" if right else f" [code {done['code']}, good {good}, sane {sane}, leaked {leaked}]"
        self.checks.check(f"hostile {name}", right, f"{done['seconds']} s, {done['peak_mb']} MB: {reason[:110]}{problem}")

    def many(self):
        chance, folder = random.Random(3), self.work / "many"
        broken = set(chance.sample(range(10_000), 100))
        breaks = [
            lambda: ("empty.md", b""), lambda: ("blank.txt", b" \n" * 50),
            lambda: ("noise.html", chance.randbytes(3000)), lambda: ("cut.docx", docx("<w:p/>")[:200]),
            lambda: ("noise.pdf", b"%PDF-1.4\n" + chance.randbytes(2000)), lambda: ("bad.json", b'{"text": '),
            lambda: ("cut.epub", b"PK\x03\x04" + chance.randbytes(400)), lambda: ("bad.xlsx", zipped([("x.txt", "x")])),
            lambda: ("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + chance.randbytes(2000)),
            lambda: ("deep.html", b"<div>" * 100_000),
        ]
        for number in range(10_000):
            place = folder / f"{number // 500:02}"
            place.mkdir(parents=True, exist_ok=True)
            if number in broken:
                name, content = breaks[sorted(broken).index(number) % len(breaks)]()
                (place / f"{number:05}-{name}").write_bytes(content)
            else:
                (place / f"{number:05}.md").write_text(f"# Page {number}\n\n{sentence(chance, 30)} Token qz{number}z.")
        done = self.ingest(folder, "many", timeout=900)
        states = dict(self.rows_of(done, "SELECT state, count(*) FROM documents GROUP BY state"))
        reasons = self.rows_of(done, "SELECT external_id, error FROM documents WHERE state = 'failed'")
        self.keep("many", done, states=states, reasons=len({row[1] for row in reasons}))
        self.checks.check("many: 9,900 are indexed", states.get("indexed") == 9900, f"{states}, {done['seconds']} s, {done['peak_mb']} MB")
        self.checks.check("many: 100 are listed with the reason", len(reasons) == 100 and all(row[1] for row in reasons),
                          "; ".join(sorted({row[1][:60] for row in reasons})[:12]))
        found = 0
        sample = chance.sample([n for n in range(10_000) if n not in broken], 20)
        for number in sample:
            out = common.run([self.arguments.docent, "search", f"qz{number}z", "--mode", "lexical", "--top-k", "1", "--json",
                              "--collection", "c", "--data", done["data"], "--models", self.arguments.models], env=self.env)
            found += out.code == 0 and any(f"{number:05}.md" in hit["document_id"] for hit in out.json["hits"])
        self.checks.check("many: found by their own words", found == len(sample), f"{found} of {len(sample)}")
        fsck = common.run([self.arguments.docent, "fsck", "--json", "--data", done["data"]], env=self.env)
        self.checks.check("many: fsck is clean", fsck.code == 0, fsck.error_lines[-1:] or "")


def main():
    parser = common.parser(__doc__)
    parser.add_argument("--only", default="large,hostile,many")
    parser.add_argument("--files", help="of large and hostile, only these names, with commas")
    parser.add_argument("--encoder", default=str(TINY))
    parser.add_argument("--text-mb", type=float, default=500)
    parser.add_argument("--text-seconds", type=float, default=300)
    arguments = parser.parse_args()
    with common.Work(arguments) as work:
        bench = Bench(arguments, work)
        for part in arguments.only.split(","):
            getattr(bench, part)()
    common.save(arguments, "ingest_hostile", {
        "encoder": pathlib.Path(arguments.encoder).name, "parts": arguments.only, "cases": bench.rows,
        "missed": bench.checks.failed})
    bench.checks.finish()


main()
