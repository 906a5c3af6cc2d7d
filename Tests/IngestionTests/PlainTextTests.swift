import Ingestion
import Testing

@Suite("Plain text extraction")
struct PlainTextTests {
    @Test("headings are found by underline, capitals and number, and nothing else")
    func headings() throws {
        let document = try extract(
            """
            Warranty
            ========

            All our products come with a warranty of two years, which starts on the day of delivery and
            covers faults in material and make, but not wear.

            WHAT IS COVERED

            1.2 Batteries

            Batteries are covered for six months.

            It is 5 o'clock

            - first point
              goes on
            - second point

            HTTP.
            """, "warranty.txt")
        #expect(document.title == "Warranty")
        #expect(
            document.blocks.map { document.text(of: $0) } == [
                "Warranty",
                "All our products come with a warranty of two years, which starts on the day of delivery and "
                    + "covers faults in material and make, but not wear.",
                "WHAT IS COVERED", "1.2 Batteries", "Batteries are covered for six months.", "It is 5 o'clock",
                "- first point goes on", "- second point", "HTTP.",
            ])
        #expect(document.headingPaths.last == ["WHAT IS COVERED", "1.2 Batteries"])
    }

    @Test("short lines keep their breaks, wrapped prose doesn't")
    func lineBreaks() throws {
        let verse = try extract("Roses are red\nViolets are blue\n\nEnd of the verse.", "a.txt")
        #expect(verse.text == "Roses are red\nViolets are blue\n\nEnd of the verse.")
    }

    @Test("the file's name is the title where the text has none")
    func nameAsTitle() throws {
        #expect(try extract("Just one sentence.", "folder/opening-hours.txt").title == "opening-hours")
    }
}
