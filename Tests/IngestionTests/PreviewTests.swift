import Ingestion
import Storage
import Testing

@Suite("Previews")
struct PreviewTests {
    private func previews(
        _ sources: [SourceDocument], _ configure: (inout DocumentPreviewer.Limits) -> Void = { _ in }
    ) -> (shown: [DocumentPreview], leftOut: Int) {
        var limits = DocumentPreviewer.Limits()
        configure(&limits)
        let settings = ChunkingSettings(targetTokens: 20, maxTokens: 30, overlapTokens: 0)
        return DocumentPreviewer(embedder: StubEncoder(), settings: settings, limits: limits).previews(of: sources)
    }

    @Test("a long text is cut at a character, with counts of the whole and a warning")
    func longText() throws {
        let text = String(repeating: "Ein Kessel für Öl und Essig steht hier.\n\n", count: 50)
        let source = SourceDocument(externalID: "a", bytes: Array(text.utf8), fileName: "a.txt")
        let preview = try #require(previews([source]) { $0.textBytes = 101 }.shown.first)
        let document = try #require(preview.document)
        #expect(document.text.utf8.count <= 101 && document.text.unicodeScalars.allSatisfy { $0 != "\u{FFFD}" })
        #expect(preview.textByteCount > 1000 && preview.chunkCount > preview.chunks.count)
        #expect(document.warnings.contains { $0.contains("bytes of text") })
        #expect(document.blocks.allSatisfy { $0.utf8Span.upperBound <= document.text.utf8.count })
    }

    @Test("an archive gives each of its documents, as many as are shown, and counts the rest")
    func archive() {
        let zip = StoredZip(["a.md": "# A\n\nText.", "b.csv": "x,y\n1,2\n", "c.docx": "PK no zip"])
        let source = SourceDocument(externalID: "all.zip", bytes: zip.bytes, fileName: "all.zip")
        #expect(DocumentPreviewer.isContainer(source))
        let all = previews([source])
        #expect(all.shown.map(\.id) == ["all.zip/a.md", "all.zip/b.csv", "all.zip/c.docx"])
        #expect(all.shown.map(\.state) == [.indexed, .indexed, .failed])
        let some = previews([source]) { $0.documentCount = 1 }
        #expect(some.shown.count == 1 && some.leftOut == 2)
    }

    @Test("an encoding that nothing declares is named as a guess")
    func encoding() throws {
        let bytes =
            Array("Preise: 5 ".utf8) + [0x80] + Array(" und Gr\u{F6}\u{DF}e".unicodeScalars.map { UInt8($0.value) })
        let source = SourceDocument(externalID: "a", bytes: bytes, fileName: "a.txt")
        let document = try #require(previews([source]).shown.first?.document)
        #expect(document.encoding == "WINDOWS-1252" && document.warnings.contains { $0.contains("no encoding") })
    }

    @Test("what was left out of a page comes with the rule that left it out, and only when asked for")
    func dropped() throws {
        let page = """
            <html><body><nav>Home, all articles, contact</nav><main><p>A paragraph about kettles that is long enough to be
            read as the text of this page, with commas, and clauses, and all that prose has.</p><p>Another paragraph that
            goes on about kettles, their lids, and the descaling that they need twice a year at least.</p>
            <ul><li><a href="/1">One more</a></li><li><a href="/2">Two more</a></li><li><a href="/3">And three</a></li></ul>
            </main></body></html>
            """
        let source = SourceDocument(externalID: "a", bytes: Array(page.utf8), fileName: "a.html")
        #expect(try DocumentExtractor().extract(source).dropped.isEmpty)
        let dropped = try DocumentExtractor().extract(source, explaining: true).dropped
        #expect(dropped.map(\.element) == ["nav", "ul"] && dropped.map(\.reason) == [.chrome, .beside])
    }
}
