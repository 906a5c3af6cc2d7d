/// HTML to blocks: parse, find the main content, write it out, read the metadata.
struct HTMLExtractor {
    /// Extracts a page.
    /// - Parameters:
    ///   - utf8: the page, already UTF-8.
    ///   - explaining: whether the document says what was left out and why; costs about a second pass.
    /// - Returns: the document; without blocks if the page has no text.
    /// - Throws: `IngestionError.tooDeep`, `.tooManyElements`, `.outOfMemory`; never for bad mark-up.
    static func extract(_ utf8: [UInt8], explaining: Bool = false) throws(IngestionError) -> ExtractedDocument {
        let tree = try HTMLTree(utf8: utf8)
        let content = MainContent(tree)
        var builder = DocumentBuilder()
        HTMLBlockWriter.write(tree, dropped: content.dropped, into: &builder)
        let metadata = HTMLMetadata(tree, firstHeading: builder.firstHeading)
        var document = builder.finish(format: .html)
        document.title = metadata.title
        document.language = metadata.language
        document.url = metadata.url
        document.metadata = metadata.values
        if content.rigour == .everything, !document.blocks.isEmpty {
            document.warnings.append("main content not found: the whole page is indexed, menus included")
        }
        if explaining { document.dropped = DroppedBlock.all(in: tree, content) }
        return document
    }

    /// Appends a piece of HTML inside another format to a document; nothing in it counts as boilerplate.
    static func append(fragment utf8: [UInt8], to builder: inout DocumentBuilder) throws(IngestionError) {
        let tree = try HTMLTree(utf8: utf8)
        let dropped = tree.nodes.map { $0.tag.isNeverText }
        HTMLBlockWriter.write(tree, dropped: dropped, into: &builder)
    }
}
