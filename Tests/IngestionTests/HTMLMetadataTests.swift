import Ingestion
import Storage
import Testing

@Suite("HTML metadata")
struct HTMLMetadataTests {
    private func page(_ head: String, html: String = "<html>", body: String = "") throws -> ExtractedDocument {
        try extract(
            "<!DOCTYPE html>\(html)<head><title>Tides — The Harbour</title>\(head)</head><body><main>\(body)"
                + "<p>The tide comes in twice a day, and each time a little later than the day before. Boats leave with it, as they always have.</p></main></body></html>"
        )
    }

    private func value(_ document: ExtractedDocument, _ key: String) -> String? { document.metadata[key]?.stringValue }

    @Test("meta tags, OpenGraph and Dublin Core become keys that filters know")
    func metaTags() throws {
        let document = try page(
            """
            <meta name="author" content="Ada Reef"><meta property="article:author" content="https://example.org/ada">
            <meta property="article:published_time" content="2024-03-05T08:30:00+01:00">
            <meta property="article:modified_time" content="2024-04-01"><meta property="og:site_name" content="The Harbour">
            <meta property="og:type" content="article"><meta property="article:section" content="Sea">
            <meta property="og:image" content="https://example.org/tide.jpg"><meta name="keywords" content="tide, moon">
            <meta name="description" content="Why it comes &amp; goes"><link rel="canonical" href="https://example.org/tides">
            """)
        let expected = [
            "author": "Ada Reef", "published": "2024-03-05T08:30:00+01:00", "modified": "2024-04-01",
            "site_name": "The Harbour", "type": "article", "section": "Sea", "image": "https://example.org/tide.jpg",
            "keywords": "tide, moon", "description": "Why it comes & goes", "language": "en",
        ]
        for (key, text) in expected { #expect(value(document, key) == text) }
        #expect(document.url == "https://example.org/tides")
    }

    @Test("JSON-LD fills in what the tags leave open, the article before the page and the site")
    func structuredData() throws {
        let document = try page(
            """
            <script type="application/ld+json">{"@context": "https://schema.org", "@graph": [
              {"@type": "WebSite", "name": "Not this", "description": "Nor this"},
              {"@type": "WebPage", "datePublished": "2020-01-01"},
              {"@type": ["NewsArticle"], "headline": "Tides", "datePublished": "2021-02-03 10:00:00",
               "dateModified": "20210304", "author": [{"name": "Ada Reef"}, "Bo Sand"], "inLanguage": "pt_br",
               "publisher": {"@type": "Organization", "name": "The Harbour"}, "keywords": ["tide", "moon"]}]}</script>
            <script type="application/ld+json">{broken</script>
            """)
        #expect(document.title == "Tides")
        #expect(document.language == "pt-BR")
        let expected = [
            "author": "Ada Reef, Bo Sand", "published": "2021-02-03T10:00:00", "modified": "2021-03-04",
            "site_name": "The Harbour", "type": "NewsArticle", "keywords": "tide, moon",
        ]
        for (key, text) in expected { #expect(value(document, key) == text) }
        #expect(value(document, "description") == nil)
    }

    @Test("the date is that of the first <time>, if nothing else says one")
    func time() throws {
        let body = "<p>On <time datetime='yesterday'>a day</time>, <time datetime='2019-12-31T23:59Z'>late</time>.</p>"
        #expect(value(try page("", body: body), "published") == "2019-12-31T23:59Z")
        let stated = "<meta name='date' content='2018-01-02'>"
        #expect(value(try page(stated, body: body), "published") == "2018-01-02")
        #expect(value(try page("<meta name='date' content='2018-13-02'>"), "published") == nil)
    }

    @Test(
        "a declared language is written as BCP 47 writes it",
        arguments: [
            ("<html lang='DE_at'>", "", "de-AT"), ("<html lang='zh-hant-tw'>", "", "zh-Hant"),
            ("<html>", "<meta http-equiv='Content-Language' content='fr, en'>", "fr"),
            ("<html>", "<meta property='og:locale' content='es_ES'>", "es-ES"), ("<html lang='x'>", "", "en"),
        ])
    func declaredLanguage(html: String, head: String, expected: String) throws {
        #expect(try page(head, html: html).language == expected)
    }

    @Test(
        "a text that declares no language has the one it is written in, if it is long enough to tell",
        arguments: [
            (
                "Der Antrag muss spätestens zwei Wochen vor Beginn der Arbeiten bei der Gemeinde eingehen, sonst verfällt "
                    + "der Anspruch auf Förderung.", "de"
            ),
            (
                "La demande doit parvenir à la mairie au plus tard deux semaines avant le début des travaux, faute de quoi "
                    + "le droit à la subvention est perdu.", "fr"
            ),
            ("申请必须在工程开始前至少两周送达市政府，否则将失去获得补贴的权利。请附上所有必要的文件和报价单，并确保填写正确的联系方式。", "zh"),
        ] as [(String, String)])
    func detectedLanguage(text: String, expected: String) throws {
        #expect(try extract(text, "note.txt").language == expected)
    }

    @Test("short texts are in no language")
    func noLanguage() throws {
        let document = try extract("RX-12 4711 OK", "label.txt")
        #expect(document.language == nil)
        #expect(document.metadata["language"] == nil)
    }

    @Test("the sender's metadata goes before the document's")
    func sendersMetadata() throws {
        let source = SourceDocument(
            externalID: "a", bytes: Array("<html lang=en><p>Some text of a page.</p>".utf8), fileName: "a.html",
            metadata: ["language": .string("nl")])
        #expect(try DocumentExtractor().extract(source).metadata["language"] == .string("nl"))
    }
}
