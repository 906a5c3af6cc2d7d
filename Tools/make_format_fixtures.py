#!/usr/bin/env python3
"""Makes the small documents of Tests/IngestionTests/Fixtures/formats: one of every format, and archives that attack.

    python3 Tools/make_format_fixtures.py

Needs python-docx, openpyxl, python-pptx and odfpy from PyPI; the tests need none of them. All of it is made up here.
"""

import datetime, io, pathlib, tarfile, zipfile

import docx, openpyxl, pptx
from odf import opendocument, style, table as odf_table, text as odf_text

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests/IngestionTests/Fixtures/formats"
SENTENCE = "Parcels leave the warehouse on the day of the order."


def word():
    document = docx.Document()
    document.core_properties.title, document.core_properties.author = "Delivery manual", "Ada Example"
    document.add_heading("Delivery", level=1)
    document.add_paragraph(SENTENCE)
    document.add_heading("Costs", level=2)
    for item in ("Letters are free", "Parcels cost 4 €"):
        document.add_paragraph(item, style="List Bullet")
    for item in ("Weigh it", "Stamp it"):
        document.add_paragraph(item, style="List Number")
    grid = document.add_table(rows=3, cols=2)
    for row, cells in zip(grid.rows, (("Country", "Days"), ("Norway", "3"), ("Chile", "9"))):
        for cell, value in zip(row.cells, cells):
            cell.text = value
    document.save(FOLDER / "manual.docx")


def sheet():
    book = openpyxl.Workbook()
    first = book.active
    first.title = "Orders"
    for row in (("Order", "Placed", "Sum", "Paid"), (17, datetime.datetime(2026, 3, 9), 12.5, True),
                (18, datetime.datetime(2026, 3, 10, 14, 30), 0.1 + 0.2, False)):
        first.append(row)
    second = book.create_sheet("Notes")
    second["A1"], second["C2"], second["A2"] = "Prices with tax", "gap before", "first"
    second["A3"], second["B3"] = "second", "middle"
    book.create_sheet("Secret").sheet_state = "hidden"
    book["Secret"]["A1"] = "not to be read"
    book.save(FOLDER / "orders.xlsx")


def slides():
    show = pptx.Presentation()
    show.core_properties.title = "Team day"
    slide = show.slides.add_slide(show.slide_layouts[1])
    slide.shapes.title.text = "Agenda"
    frame = slide.placeholders[1].text_frame
    frame.text = "Welcome"
    for level, words in ((0, "Plans"), (1, "Next quarter")):
        paragraph = frame.add_paragraph()
        paragraph.text, paragraph.level = words, level
    slide.notes_slide.notes_text_frame.text = "Thank the hosts first."
    slide = show.slides.add_slide(show.slide_layouts[5])
    slide.shapes.title.text = "Numbers"
    grid = slide.shapes.add_table(2, 2, 0, 0, 5000000, 1000000).table
    for row, cells in enumerate((("Year", "Visitors"), ("2025", "1200"))):
        for column, value in enumerate(cells):
            grid.cell(row, column).text = value
    show.save(FOLDER / "team.pptx")


def open_document():
    document = opendocument.OpenDocumentText()
    document.text.addElement(odf_text.H(outlinelevel=1, text="Returns"))
    document.text.addElement(odf_text.P(text=SENTENCE))
    numbers = odf_text.ListStyle(name="Numbers")
    numbers.addElement(odf_text.ListLevelStyleNumber(level="1", numformat="1"))
    document.automaticstyles.addElement(numbers)
    listing = odf_text.List(stylename=numbers)
    for words in ("Open the box", "Keep the bill"):
        item = odf_text.ListItem()
        item.addElement(odf_text.P(text=words))
        listing.addElement(item)
    document.text.addElement(listing)
    grid = odf_table.Table(name="Fees")
    for cells in (("Kind", "Fee"), ("Shoes", "none")):
        row = odf_table.TableRow()
        for value in cells:
            cell = odf_table.TableCell()
            cell.addElement(odf_text.P(text=value))
            row.addElement(cell)
        grid.addElement(row)
    document.text.addElement(grid)
    document.save(str(FOLDER / "returns.odt"))
    book = opendocument.OpenDocumentSpreadsheet()
    grid = odf_table.Table(name="Stock")
    for cells in (("Item", "Count"), ("Chair", "4"), ("Desk", "2")):
        row = odf_table.TableRow()
        for value in cells:
            cell = odf_table.TableCell(valuetype="string")
            cell.addElement(odf_text.P(text=value))
            row.addElement(cell)
        row.addElement(odf_table.TableCell(numbercolumnsrepeated=1000))
        grid.addElement(row)
    empty = odf_table.TableRow(numberrowsrepeated=1000000)
    empty.addElement(odf_table.TableCell(numbercolumnsrepeated=1000))
    grid.addElement(empty)
    book.spreadsheet.addElement(grid)
    book.save(str(FOLDER / "stock.ods"))


def book():
    container = ('<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">'
                 '<rootfiles><rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>')
    package = ('<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata '
               'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>The Lighthouse</dc:title><dc:creator>Ada Example</dc:creator>'
               '<dc:language>en</dc:language></metadata><manifest>'
               '<item id="n" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>'
               '<item id="b" href="two%20b.xhtml" media-type="application/xhtml+xml"/>'
               '<item id="a" href="one.xhtml" media-type="application/xhtml+xml"/></manifest>'
               '<spine><itemref idref="n"/><itemref idref="a"/><itemref idref="b"/></spine></package>')
    page = '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head><body><h1>%s</h1><p>%s</p></body></html>'
    with zipfile.ZipFile(FOLDER / "lighthouse.epub", "w") as out:
        out.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        for name, content in (("META-INF/container.xml", container), ("OEBPS/book.opf", package),
                              ("OEBPS/nav.xhtml", page % ("Contents", "One, two")),
                              ("OEBPS/two b.xhtml", page % ("Night", "The lamp went out at caf&#233; hours.")),
                              ("OEBPS/one.xhtml", page % ("Morning", SENTENCE))):
            out.writestr(name, content, zipfile.ZIP_DEFLATED)


MAIL = """From: =?utf-8?q?Ada_L=C3=B8vlace?= <ada@example.org>
To: help@example.org
Subject: =?utf-8?b?UsO8Y2tnYWJl?= of order
 17
Date: Mon, 9 Mar 2026 10:00:00 +0100
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="outer"

--outer
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

The chair is broken, and I should like to send it back to G=F6teborg as so=
on as possible.

--inner
Content-Type: text/html; charset=utf-8

<p>The <b>chair</b></p>
--inner--
--outer
Content-Type: application/pdf; name="bill.pdf"
Content-Disposition: attachment; filename="bill.pdf"
Content-Transfer-Encoding: base64

JVBERi0=
--outer--
"""


def mail():
    (FOLDER / "return.eml").write_bytes(MAIL.replace("\n", "\r\n").encode())
    second = "From: b@example.org\nSubject: Second\n\nHello again.\n>From here on it is quoted.\n"
    (FOLDER / "box.mbox").write_text(f"From ada Mon Mar  9 10:00:00 2026\n{MAIL}\nFrom b Tue Mar 10 10:00:00 2026\n{second}")


def pdf(name, pages):
    """Writes a PDF of lines of text in Helvetica; an empty page has a drawn line and no text."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    kids = []
    for lines in pages:
        shown = " ".join(f"({line}) Tj T*" for line in lines)
        content = f"BT /F1 11 Tf 14 TL 72 760 Td {shown} ET" if lines else "72 700 m 300 700 l S"
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
        objects.append(f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {len(objects)} 0 R "
                       "/Resources << /Font << /F1 3 0 R >> >> >>")
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    out, offsets = io.BytesIO(b""), []
    out.write(b"%PDF-1.4\n")
    for number, body in enumerate(objects, 1):
        offsets.append(out.tell())
        out.write(f"{number} 0 obj\n{body}\nendobj\n".encode())
    start = out.tell()
    out.write(f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode())
    out.write(b"".join(f"{offset:010} 00000 n \n".encode() for offset in offsets))
    out.write(f"trailer << /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode())
    (FOLDER / name).write_bytes(out.getvalue())


def archives():
    with zipfile.ZipFile(FOLDER / "mixed.zip", "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("help/returns.html", f"<html><body><h1>Returns</h1><p>{SENTENCE}</p></body></html>")
        out.writestr("help/broken.docx", b"PK\x03\x04 this is no zip")
        out.writestr("help/logo.png", b"\x89PNG\r\n")
        out.writestr("../outside.txt", "never")
        out.writestr("__MACOSX/help/._returns.html", "x")
        inner = io.BytesIO()
        with zipfile.ZipFile(inner, "w") as nested:
            nested.writestr("deep.md", "# Deep\n\nA page in a zip in a zip.")
        out.writestr("inner.zip", inner.getvalue())
        link = zipfile.ZipInfo("link.txt")
        link.external_attr = 0o120777 << 16
        out.writestr(link, "/etc/passwd")
    with tarfile.open(FOLDER / "folder.tar.gz", "w:gz") as out:
        entry = tarfile.TarInfo("notes/a.txt")
        entry.size = len(SENTENCE)
        out.addfile(entry, io.BytesIO(SENTENCE.encode()))
        entry = tarfile.TarInfo("notes/hosts")
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/hosts"
        out.addfile(entry)
    content = b"No end."
    for depth in range(4):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
            out.writestr("end.txt" if depth == 0 else "again.zip", content)
        content = packed.getvalue()
    (FOLDER / "nested.zip").write_bytes(content)
    with zipfile.ZipFile(FOLDER / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as out:
        for number in range(12):
            out.writestr(f"{number}.txt", b" " * (16 << 20))


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    word(), sheet(), slides(), open_document(), book(), mail(), archives()
    running = lambda number, *lines: ["Delivery manual", *lines, f"Page {number}"]
    pdf("manual.pdf", [
        running(number, f"{name} is where the ware-", "house sends most of its parcels on the same day, and what it",
                f"costs to send one to {name} is in the list.")
        for number, name in enumerate(("Norway", "Chile", "Ghana", "Japan", "Peru", "Oman"), 1)])
    pdf("scan.pdf", [[], []])


main()
