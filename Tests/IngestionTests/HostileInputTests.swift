import Foundation
import Ingestion
import Testing

@Suite("Hostile input")
struct HostileInputTests {
    private func within(_ seconds: Int, _ body: () throws -> Void) rethrows {
        let start = ContinuousClock.now
        try body()
        #expect(ContinuousClock.now - start < .seconds(seconds))
    }

    @Test("a million nested divs are refused")
    func nestedElements() throws {
        let page = String(repeating: "<div>", count: 1_000_000) + "deep"
        within(5) { #expect(throws: IngestionError.self) { try extract(page) } }
    }

    @Test("ten megabytes of attribute cost nothing")
    func longAttributes() throws {
        let page = "<p class='" + String(repeating: "nav ", count: 2_500_000) + "'>Text.</p><p>More of it.</p>"
        try within(5) {
            let document = try extract(page)
            #expect(document.text.contains("More of it."))
        }
    }

    @Test("ten thousand attributes and a million small elements are read")
    func manyElements() throws {
        let attributes = (0..<10_000).map { "a\($0)='x'" }.joined(separator: " ")
        let page = "<p \(attributes)>Start.</p>" + String(repeating: "<b>x</b> ", count: 500_000)
        try within(5) {
            let document = try extract(page)
            #expect(document.text.contains("Start."))
        }
    }

    @Test("a megabyte of the same few characters is refused, one of lines that differ in a number is not")
    func filler() throws {
        let quotes = "a,b\n\"" + String(repeating: "\"\"", count: 2_000_000)
        let words = String(repeating: "word ", count: 1_000_000)
        within(5) {
            #expect(throws: IngestionError.filler(byteCount: 4_999_999)) { try extract(words, "line.txt") }
            #expect(throws: IngestionError.self) { try extract(quotes, "quotes.csv") }
        }
        let log = (0..<40_000).map { "parcel \($0) has arrived at the depot" }.joined(separator: "\n")
        #expect(try extract(log, "log.txt").text.hasSuffix("39999 has arrived at the depot"))
    }

    @Test("XML that declares entities is refused, in whatever office format")
    func entities() throws {
        let bomb = """
            <!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]>
            <document><body><p><r><t>&c;</t></r></p></body></document>
            """
        let zip = StoredZip(["[Content_Types].xml": "<x/>", "word/document.xml": bomb])
        within(5) { #expect(throws: IngestionError.entities) { try extract(zip.bytes, "bomb.docx") } }
        let outside = """
            <!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><document><body><p><r><t>&a;</t></r></p></body></document>
            """
        let thief = StoredZip(["[Content_Types].xml": "<x/>", "word/document.xml": outside])
        #expect(throws: IngestionError.entities) { try extract(thief.bytes, "thief.docx") }
    }

    @Test("office XML nested too deeply or cut off is refused")
    func brokenOffice() throws {
        let deep = String(repeating: "<p>", count: 100_000)
        let zip = StoredZip(["[Content_Types].xml": "<x/>", "word/document.xml": deep])
        within(5) { #expect(throws: IngestionError.tooDeep(limit: 256)) { try extract(zip.bytes, "deep.docx") } }
        let whole = try fixture("formats/manual.docx")
        for count in stride(from: 100, to: whole.count / 2, by: 1571) {
            #expect(throws: IngestionError.self) { try extract(Array(whole.prefix(count)), "cut.docx") }
        }
    }

    @Test(
        "damaged packed files never crash", arguments: ["manual.docx", "orders.xlsx", "lighthouse.epub", "stock.ods"])
    func damaged(name: String) throws {
        let whole = try fixture("formats/" + name)
        var seed: UInt64 = 42
        for _ in 0..<60 {
            var bytes = whole
            for _ in 0..<8 {
                seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                bytes[Int(seed >> 33) % bytes.count] = UInt8(truncatingIfNeeded: seed >> 24)
            }
            _ = try? extract(bytes, name)
        }
    }

    @Test("mail of endless parts is bounded")
    func endlessMail() throws {
        var mail = "Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n"
        for _ in 0..<20_000 { mail += "--b\nContent-Type: multipart/mixed; boundary=b\n\n" }
        mail += "--b\n\nText.\n"
        within(5) { _ = try? extract(mail, "x.eml") }
    }

    @Test("JSON nested a hundred thousand deep is refused")
    func deepJSON() {
        let text = String(repeating: "[", count: 100_000)
        within(5) { #expect(throws: IngestionError.self) { try extract(text, "x.json") } }
    }
}
