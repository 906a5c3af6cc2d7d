import Ingestion
import Testing

@Suite("Format and encoding")
struct SniffingTests {
    @Test(
        "the declared type goes first, then the extension, then the bytes",
        arguments: [
            ("<p>a</p>", "x.txt", nil, SourceFormat.text),
            ("<p>a</p>", "x", "text/html; charset=utf-8", .html),
            ("# a", "x.md", "text/plain", .markdown),
            ("# a", "x.md", "application/octet-stream", .markdown),
            ("  <!DOCTYPE html><p>a", nil, nil, .html),
            ("<?xml version='1.0'?><html>", nil, nil, .html),
            ("plain words", nil, nil, .text),
            ("{}", "x.jsonl", nil, .jsonLines),
            ("{}", "x.json", nil, .json),
            ("a;b", "x.csv", "text/plain", .csv),
            ("From a Mon Mar 9\nSubject: x\n\ny", nil, nil, .mailbox),
            ("Subject: x\n\ny", "x.eml", "application/octet-stream", .mail),
            ("a < b", nil, "text/plain", .text),
        ] as [(String, String?, String?, SourceFormat)])
    func formats(text: String, name: String?, type: String?, format: SourceFormat) throws {
        #expect(try SourceFormat.sniff(Array(text.utf8), fileName: name, contentType: type) == format)
    }

    @Test(
        "what can't be read is refused in the user's words",
        arguments: [
            (Array("%PDF-1.7 x".utf8), "a.html", "the PDF can't be read"),
            ([0x50, 0x4B, 3, 4, 0, 0], "a.docx", "the Word document can't be read"),
            (Array("no zip".utf8), "a.xlsx", "the spreadsheet can't be read: it doesn't start as one"),
            ([0xD0, 0xCF, 0x11, 0xE0, 0, 0], "a.docx", "the Word document is encrypted"),
            ([0xD0, 0xCF, 0x11, 0xE0, 0, 0], "a.xls", "a spreadsheet's xls is not supported"),
            ([0x50, 0x4B, 3, 4, 0, 0], "a.txt", "An archive as one document is not supported"),
            ((0..<4000).map { UInt8(truncatingIfNeeded: $0 &* 197 &+ $0 / 7) }, "noise.html", "looks like binary data"),
            (Array("{".utf8), "a.json", "the JSON can't be read: it is malformed"),
            (Array("{}".utf8), "a.json", "no text"),
            ([], "empty.html", "no text"),
            (Array("   \n\t ".utf8), "blank.txt", "no text"),
            (Array("<html><head><title>t</title></head><body><script>x</script></body>".utf8), "s.html", "no text"),
        ] as [([UInt8], String, String)])
    func refused(bytes: [UInt8], name: String, message: String) {
        let error = #expect(throws: IngestionError.self) { try extract(bytes, name) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }

    @Test("a document over the limit is refused with its size")
    func tooLarge() {
        let source = SourceDocument(externalID: "a", bytes: [UInt8](repeating: 0x61, count: 101), fileName: "a.txt")
        #expect(throws: IngestionError.tooLarge(byteCount: 101, limit: 100)) {
            try DocumentExtractor(byteLimit: 100).extract(source)
        }
    }

    @Test(
        "every encoding gives the same text",
        arguments: [
            ([0xEF, 0xBB, 0xBF] + Array("Größe für 5 €".utf8), nil),
            (Array("Größe für 5 €".utf8), nil),
            ([0xFF, 0xFE] + "Größe für 5 €".utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }, nil),
            (
                [0xFE, 0xFF] + "Größe für 5 €".utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] },
                "text/plain; charset=utf-8"
            ),
            ("Größe für 5 €".utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }, nil),
            (Array("Gr".utf8) + [0xF6, 0xDF] + Array("e f".utf8) + [0xFC] + Array("r 5 ".utf8) + [0x80], nil),
            (
                Array("Gr".utf8) + [0xF6, 0xDF] + Array("e f".utf8) + [0xFC] + Array("r 5 ".utf8) + [0xA4],
                "text/plain; charset=iso-8859-15"
            ),
        ] as [([UInt8], String?)])
    func encodings(bytes: [UInt8], type: String?) throws {
        let document = try extract(bytes, "a.txt", contentType: type)
        #expect(document.text == "Größe für 5 €")
        #expect(document.warnings.isEmpty)
    }

    @Test("a page's own charset is used, unless its sender knows better")
    func metaCharset() throws {
        let page: [UInt8] =
            Array("<meta charset='windows-1251'><p>".utf8) + [0xCF, 0xF0, 0xE8, 0xE2, 0xE5, 0xF2] + Array("</p>".utf8)
        #expect(try extract(page, "a.html").text == "Привет")
        #expect(try extract(page, "a.html", contentType: "text/html; charset=koi8-r").text == "оПХБЕР")
        #expect(try extract(page, "a.html", contentType: "text/html; charset=no-such").text == "Привет")
    }

    @Test(
        "a declaration counts where browsers see one",
        arguments: [
            ("<meta http-equiv='Content-Type' content='text/html; charset=windows-1251'>", true),
            ("<META CONTENT=\"text/html; charset='windows-1251'\" HTTP-EQUIV=content-type>", true),
            ("<meta/charset=windows-1251>", true),
            ("<?xml version='1.0' encoding='windows-1251'?>", true),
            ("<!--><meta charset=windows-1251>-->", true),
            ("<meta charset=no-such><meta charset=windows-1251>", true),
            ("<meta content='text/html; charset=windows-1251'>", false),
            ("<meta name=note content='x' title='charset=windows-1251'>", false),
            ("<p title='<meta charset=windows-1251>'>", false),
            ("<!-- <meta charset=windows-1251> -->", false),
            ("<meta http-equiv=content-type content='text/html; charset=\"windows-1251'>", false),
            ("<metacharset=windows-1251>", false),
        ] as [(String, Bool)])
    func declarations(head: String, counts: Bool) throws {
        let page = Array(head.utf8) + Array("<p>".utf8) + [0xCF, 0xF0, 0xE8, 0xE2, 0xE5, 0xF2] + Array("</p>".utf8)
        #expect(try extract(page, "a.html").text.contains("Привет") == counts)
    }

    @Test("broken UTF-8 is repaired and reported")
    func brokenUTF8() throws {
        let bytes: [UInt8] = Array("Größe".utf8) + [0xC3] + Array(" und Maße über alles ".utf8) + [0xE2, 0x82]
        let document = try extract(bytes, "a.txt")
        #expect(document.text == "Größe\u{FFFD} und Maße über alles \u{FFFD}")
        #expect(document.warnings.count == 1)
        #expect(document.warnings.first?.hasPrefix("2 byte sequences are not UTF-8") == true)
    }
}
