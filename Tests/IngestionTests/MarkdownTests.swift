import Ingestion
import Storage
import Testing

@Suite("Markdown extraction")
struct MarkdownTests {
    private func blocks(_ text: String) throws -> [(Block.Kind, String)] {
        let document = try extract(text, "page.md")
        return document.blocks.map { ($0.kind, document.text(of: $0)) }
    }

    @Test("blocks of every kind are told apart")
    func structure() throws {
        let source = """
            ---
            title: "Delivery times"
            tags: [post, parcel]
            year: 2024
            ---
            # Delivery #

            Parcels *usually* take **two days**, see [the table](#t "x") or <https://example.com/a_b>.
            A second line of it.

            Abroad
            ------

            1. pack it
               - with care

               and more
            2. send `it*off*`

            > Quoted words
            go on.

            | Country | Days |
            |---------|:----:|
            | Norway  | 3    |
            | a \\| b | 4    |

            ```sh
            # no heading
            ship --fast
            ```

            ![A van in the snow](van.png)

            <div><p>Inline <b>HTML</b></p></div>

            [ref]: https://example.com
            """
        let found = try blocks(source)
        let expected: [(Block.Kind, String)] = [
            (.heading(level: 1), "Delivery"),
            (
                .paragraph,
                "Parcels usually take two days, see the table or https://example.com/a_b. A second line of it."
            ),
            (.heading(level: 2), "Abroad"),
            (.listItem(level: 1), "1. pack it"),
            (.listItem(level: 2), "  - with care"),
            (.listItem(level: 1), "and more"),
            (.listItem(level: 1), "2. send it*off*"),
            (.quote, "Quoted words go on."),
            (.table(headerBytes: 14), "Country | Days\nNorway | 3\na | b | 4"),
            (.code, "# no heading\nship --fast"),
            (.paragraph, "A van in the snow"),
            (.paragraph, "Inline HTML"),
        ]
        #expect(found.map(\.1) == expected.map(\.1))
        #expect(found.map(\.0) == expected.map(\.0))
        let document = try extract(source, "page.md")
        #expect(document.title == "Delivery times")
        #expect(document.metadata["year"] == .int(2024))
        #expect(document.metadata["tags"] == .array([.string("post"), .string("parcel")]))
    }

    @Test(
        "inline marks go, text stays",
        arguments: [
            ("snake_case_name and 2 * 3 * 4", "snake_case_name and 2 * 3 * 4"),
            ("***both*** __strong__ ~~gone~~", "both strong gone"),
            ("a [link [with] brackets](x(y)z) end", "a link [with] brackets end"),
            ("see [this][ref] and [plain] text", "see this and [plain] text"),
            ("``code with ` tick`` &amp; &#65; \\*not\\*", "code with ` tick & A *not*"),
            ("**unclosed and [unclosed](", "**unclosed and [unclosed]("),
            ("line one\\\nline two", "line one\nline two"),
            ("text <b>bold</b><!-- c --> a < b", "text bold a < b"),
        ])
    func inline(source: String, text: String) throws {
        #expect(try extract(source, "a.md").text == text)
    }

    @Test("a rule at the start is no front matter")
    func noFrontMatter() throws {
        #expect(try extract("---\n\nSome: text here\n\n---\n\nMore", "a.md").text.contains("More"))
    }

    @Test("hostile nesting ends in text")
    func nesting() throws {
        let document = try extract(
            String(repeating: "> ", count: 5000) + "deep\n\n" + String(repeating: "- ", count: 5000) + "x", "a.md")
        #expect(document.text.contains("deep"))
    }

    @Test("a long line of marks is read in linear time")
    func longLine() throws {
        let document = try extract(String(repeating: "[a](b) *c* `", count: 40_000), "a.md")
        #expect(document.text.utf8.count > 100_000)
    }
}
