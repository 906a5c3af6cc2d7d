import Ingestion
import Storage
import Testing

@Suite("HTML extraction")
struct HTMLExtractionTests {
    @Test("a help article gives its text, structure and metadata, and no boilerplate")
    func helpArticle() throws {
        let document = try extract(try fixture("help-article.html"), "help-article.html")
        #expect(document.title == "Returning an item")
        #expect(document.language == "en-GB")
        #expect(document.url == "https://help.example.com/returns")
        #expect(document.metadata["description"] == .string("How to send something back."))
        #expect(document.warnings.isEmpty)
        let blocks = document.blocks.map { ($0.kind, document.text(of: $0)) }
        let expected: [(Block.Kind, String)] = [
            (.heading(level: 1), "Returning an item"),
            (
                .paragraph,
                "You can return any unused item within 30 days of delivery, and we pay the postage."
            ),
            (.heading(level: 2), "What you need"),
            (.listItem(level: 1), "- the order number,"),
            (.listItem(level: 2), "  1. from the e-mail, or"),
            (.listItem(level: 2), "  2. from your account"),
            (.listItem(level: 1), "- the original box"),
            (.heading(level: 2), "How long a refund takes"),
            (.table(headerBytes: 14), "Paid by | Time\nCard | 3 days\nInvoice | 5 days\nInvoice | 7 days abroad"),
            (.quote, "Refunds are always paid the way you paid."),
            (.heading(level: 3), "For developers"),
            (.code, "GET /v1/returns\n    ?order=12"),
            (.term, "RMA"),
            (.paragraph, "A return number."),
            (.image, "A parcel with the label on its top side"),
            (.paragraph, "Large items are picked up at your door, free of charge."),
        ]
        #expect(blocks.count == expected.count)
        for (found, wanted) in zip(blocks, expected) {
            #expect(found.0 == wanted.0)
            #expect(found.1 == wanted.1)
        }
        #expect(document.headingPaths.last == ["Returning an item", "How long a refund takes", "For developers"])
    }

    @Test(
        "the bars and marks that documentation generators add are left out",
        arguments: [
            """
            <html><body><div class="navheader"><table><tr><th colspan="3">Limits</th></tr><tr><td><a href="a">Prev</a></td>
            <td>Appendix</td><td><a href="b">Next</a></td></tr></table></div><div class="sect1"><h2 class="title">Limits</h2>
            <p>A table can have at most 1,600 columns, and fewer when they are wide.</p></div><div class="navfooter">
            <table><tr><td><a href="a">Prev</a></td><td><a href="b">Next</a></td></tr></table></div></body></html>
            """,
            """
            <html><body><div class="related" role="navigation"><h3>Navigation</h3><ul><li><a href="a">Next</a></li></ul>
            </div><div class="document"><div class="body" role="main"><section id="l"><h2>Limits<a class="headerlink"
            href="#l" title="Link to this heading">¶</a></h2><p>A table can have at most 1,600 columns, and fewer when they
            are wide.</p></section></div></div><div class="sphinxsidebar" role="navigation"><h3>Contents</h3>
            <p class="topless">Prev topic</p></div><div class="footer">© Someone, made with a generator.</div></body></html>
            """,
        ])
    func documentationPages(html: String) throws {
        let document = try extract(html)
        #expect(document.text == "Limits\n\nA table can have at most 1,600 columns, and fewer when they are wide.")
    }

    @Test("a term that is explained at length is the heading of its explanation")
    func definitions() throws {
        let long = String(repeating: "It sets how much memory the server may use. ", count: 6)
        let document = try extract(
            """
            <h1>Settings</h1><dl><dt id="a"><code>shared_buffers</code> (integer)</dt><dd><p>\(long)</p></dd>
            <dt id="b">short</dt><dd>Off or on.</dd></dl><p>After the list.</p>
            """)
        let buffers = try #require(document.blocks.first { document.text(of: $0).hasPrefix("It sets") })
        #expect(document.headingPaths[buffers.section] == ["Settings", "shared_buffers (integer)"])
        let after = try #require(document.blocks.last)
        #expect(document.headingPaths[after.section] == ["Settings"])
    }

    @Test("a page whose names all say boilerplate keeps its text")
    func neverLoseTheText() throws {
        let document = try extract(
            "<body class='sidebar menu'><div class='sidebar'><p>The only text of this page, in a box called sidebar.</p></div>"
        )
        #expect(document.text == "The only text of this page, in a box called sidebar.")
    }

    @Test("a page of links keeps its links, having nothing else")
    func indexPage() throws {
        let links = (1...12).map { "<li><a href='\($0).html'>Chapter \($0): a title of some length</a></li>" }.joined()
        let document = try extract("<html><body><h1>Contents</h1><ul>\(links)</ul></body></html>")
        #expect(document.text.contains("Chapter 12: a title of some length"))
    }

    @Test("an image's text is kept where it has words of its own, and left out where the page says the same")
    func imageTexts() throws {
        let document = try extract(
            """
            <h1>Harbour walk</h1><p>The lighthouse stands at the end of the northern pier since 1871.</p>
            <img alt="The lighthouse at the end of the northern pier"><img alt="Map with three parking places marked">
            <figure><img alt="Fishermen mending torn nets by hand"><figcaption>Nets are mended on Mondays.</figcaption></figure>
            """)
        #expect(
            document.blocks.filter { $0.kind == .image }.map(document.text(of:)) == [
                "Map with three parking places marked"
            ])
    }

    @Test("a list of other pages' beginnings is left out, headings that link to themselves aren't")
    func teaserLists() throws {
        let prose = "The harbour was built in three years by two hundred people, and has been widened twice since then."
        let teasers = (1...3).map {
            "<div class=c><h3><a href='/story/\($0)'>Story number \($0)</a></h3><p>It begins like this, and goes on.</p></div>"
        }
        let document = try extract(
            """
            <main><h1>The harbour</h1><p>\(prose)</p><section><h2><a href='#b'>Ships</a></h2><p>\(prose)</p></section>
            <section><h2><a href='#c'>Piers</a></h2><p>\(prose)</p></section><div>\(teasers.joined())</div></main>
            """)
        #expect(!document.text.contains("Story number"))
        #expect(document.text.contains("Ships"))
        #expect(document.text.contains("Piers"))
    }

    @Test("layout tables are read as text, not as data")
    func layoutTable() throws {
        let document = try extract(
            "<table><tr><td><h2>News</h2><p>A first paragraph of the news page.</p></td><td>More here.</td></tr></table>"
        )
        #expect(document.blocks.map(\.kind) == [.heading(level: 2), .paragraph, .paragraph])
    }

    @Test(
        "malformed mark-up still gives its text",
        arguments: [
            "<p>Unclosed <b>bold <i>text</p><p>Second", "<div><p>Unclosed bold text<table><tr><td>Second",
            "<<p>Unclosed bold text</b></div></p><p>Second</html></html>",
            "<p a='\"><Unclosed>Unclosed bold text<p>Second",
            "<p>Unclosed bold text<p>Second<!-- never closed", "Unclosed bold text<br><br>Second &nosuch; &#xFFFFFFFF;",
        ])
    func malformed(html: String) throws {
        let document = try? extract(html)
        let text = document?.text ?? ""
        if !html.contains("a='") { #expect(text.contains("Second")) }
    }

    @Test("XHTML with self-closing anchors and a declaration is read")
    func xhtml() throws {
        let document = try extract(
            """
            <?xml version="1.0" encoding="UTF-8"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "x.dtd">
            <html xmlns="http://www.w3.org/1999/xhtml" xml:lang="de"><head><title>Größen</title></head>
            <body><h1><a id="top"/>Größen &amp; Maße</h1><p>Erste Zeile<br/>zweite Zeile</p></body></html>
            """, "page.xhtml")
        #expect(document.language == "de")
        #expect(document.text == "Größen & Maße\n\nErste Zeile\nzweite Zeile")
    }

    @Test("a million nested elements are refused, not followed")
    func deepNesting() {
        #expect(throws: IngestionError.tooDeep(limit: 4096)) {
            try extract(String(repeating: "<div>", count: 1_000_000) + "text")
        }
    }

    @Test("nesting within the limit is read, whatever nests")
    func nestingWithinLimit() throws {
        for tag in ["div", "ul><li", "blockquote", "b", "table><tr><td", "dl><dd"] {
            let document = try extract(String(repeating: "<\(tag)>", count: 600) + "The text at the bottom of it all.")
            #expect(document.text.contains("The text at the bottom of it all."))
        }
    }

    @Test("what a hostile page asks for is bounded")
    func hostilePages() throws {
        let closing = String(repeating: "<span>", count: 4000) + String(repeating: "</div>", count: 1_999_999)
        #expect(try extract(closing + "text").text == "text")
        let rows = String(repeating: "<tr><td rowspan=999999>x<td>y", count: 20_000)
        #expect(try extract("<table>\(rows)</table>").text.utf8.count < 1_000_000)
        let links = String(repeating: "<a href=x>link text here</a> ", count: 20_000)
        #expect(try extract(String(repeating: "<div>", count: 4000) + links).text.hasSuffix("link text here"))
    }

    @Test("an attribute of ten megabytes is no reason to lose the page")
    func longAttribute() throws {
        let data = String(repeating: "QUJD", count: 2_500_000)
        let document = try extract("<p><img src='data:image/png;base64,\(data)' alt=''>Text beside the picture.</p>")
        #expect(document.text.contains("Text beside the picture."))
    }
}
