import Foundation
import Ingestion
import Storage
import Testing

@Suite("Formats")
struct FormatTests {
    private static let sentence = "Parcels leave the warehouse on the day of the order."

    @Test(
        "each format gives its headings, lists and tables",
        arguments: [
            (
                "manual.docx", "Delivery manual",
                """
                # Delivery

                \(sentence)

                ## Costs

                - Letters are free

                - Parcels cost 4 €

                1. Weigh it

                2. Stamp it

                | Country | Days |
                | --- | --- |
                | Norway | 3 |
                | Chile | 9 |
                """
            ),
            (
                "orders.xlsx", "orders",
                """
                ## Orders

                | Order | Placed | Sum | Paid |
                | --- | --- | --- | --- |
                | 17 | 2026-03-09 | 12.5 | TRUE |
                | 18 | 2026-03-10 14:30 | 0.3 | FALSE |

                ## Notes

                Prices with tax

                | first |  | gap before |
                | --- | --- | --- |
                | second | middle |
                """
            ),
            (
                "team.pptx", "Team day",
                """
                ## Agenda

                - Welcome

                - Plans

                  - Next quarter

                Thank the hosts first.

                ## Numbers

                | Year | Visitors |
                | --- | --- |
                | 2025 | 1200 |
                """
            ),
            (
                "returns.odt", "Returns",
                """
                # Returns

                \(sentence)

                1. Open the box

                2. Keep the bill

                |  |  |
                | --- | --- |
                | Kind | Fee |
                | Shoes | none |
                """
            ),
            (
                "stock.ods", "Stock",
                """
                ## Stock

                | Item | Count |
                | --- | --- |
                | Chair | 4 |
                | Desk | 2 |
                """
            ),
            (
                "lighthouse.epub", "The Lighthouse",
                "# Morning\n\n\(sentence)\n\n# Night\n\nThe lamp went out at café hours."
            ),
            (
                "return.eml", "Rückgabe of order 17",
                """
                # Rückgabe of order 17

                The chair is broken, and I should like to send it back to Göteborg as soon as possible.
                """
            ),
        ] as [(String, String, String)])
    func blocks(name: String, title: String, markdown: String) throws {
        let document = try extract(try fixture("formats/" + name), name)
        #expect(document.title == title)
        #expect(document.markdown == markdown)
        for block in document.blocks { #expect(!document.text(of: block).isEmpty) }
    }

    @Test("a mail message's sender, date and attachments are its metadata")
    func mailMetadata() throws {
        let document = try extract(try fixture("formats/return.eml"), "return.eml")
        #expect(document.metadata["author"] == .string("Ada Løvlace <ada@example.org>"))
        #expect(document.metadata["attachments"] == .array([.string("bill.pdf")]))
        #expect(document.warnings == ["attachments are not indexed: bill.pdf"])
    }

    @Test("a PDF's text comes without running heads and page numbers, across the pages")
    func pdf() throws {
        let document = try extract(try fixture("formats/manual.pdf"), "manual.pdf")
        #expect(document.blocks.count == 6)
        #expect(!document.text.contains("Delivery manual"))
        #expect(document.text.contains("Norway is where the warehouse sends most of its parcels"))
        #expect(document.metadata["pages"] == .int(6))
    }

    @Test("a PDF of scans is reported as having no text")
    func scannedPDF() throws {
        #expect(throws: IngestionError.noTextLayer(pageCount: 2)) {
            try extract(try fixture("formats/scan.pdf"), "scan.pdf")
        }
    }

    @Test(
        "delimiter and header of a CSV file are found out",
        arguments: [
            ("Name;City\nAda;\"Åre; Sweden\"\n", "a.csv", "Name | City\nAda | Åre; Sweden", 11),
            ("Name,City\n\"A \"\"x\"\"\nB\",Rome\n,\n", "a.csv", "Name | City\nA \"x\" B | Rome", 11),
            ("1\t2\n3\t4\n", "a.tsv", "1 | 2\n3 | 4", 0),
        ] as [(String, String, String, Int)])
    func delimited(text: String, name: String, expected: String, headerBytes: Int) throws {
        let document = try extract(text, name)
        #expect(document.text == expected)
        #expect(document.blocks.map(\.kind) == [.table(headerBytes: headerBytes)])
    }

    @Test("JSON objects become lines, sections and tables")
    func json() throws {
        let document = try extract(
            #"{"title": "Shop", "open": true, "staff": [{"name": "Ada", "room": 4}, {"name": "Bo", "room": 5}], "tags": ["a", "b"]}"#,
            "shop.json")
        #expect(document.title == "Shop")
        #expect(
            document.text == "open: true\n\ntitle: Shop\n\nstaff\n\nname | room\nAda | 4\nBo | 5\n\ntags:\n\n- a\n- b")
        let ours = try extract(#"{"title": "Page", "html": "<h1>A</h1><p>b</p>"}"#, "page.json")
        #expect(ours.markdown == "# A\n\nb")
    }

    @Test("a hundred thousand rows of CSV are one table")
    func manyRows() throws {
        var text = "Number,Name,City,Note\n"
        for row in 0..<100_000 { text += "\(row),Name \(row),Berlin,\"a note, with a comma\"\n" }
        let start = ContinuousClock.now
        let document = try extract(text, "rows.csv")
        #expect(ContinuousClock.now - start < .seconds(5))
        #expect(document.blocks.count == 1)
        #expect(document.text.hasSuffix("99999 | Name 99999 | Berlin | a note, with a comma"))
    }
}
