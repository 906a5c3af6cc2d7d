import Storage

/// Puts blocks together into the canonical text, and keeps track of the section each belongs to.
struct DocumentBuilder {
    private var text: [UInt8] = []
    private(set) var blocks: [Block] = []
    private var headingPaths: [[String]] = [[]]
    private var section = 0
    /// The open headings, outermost first; levels ascend.
    private var open: [(level: Int, title: String)] = []

    /// Bytes of text so far.
    var byteCount: Int { text.count }

    /// The level a heading below the current one would have.
    var nextLevel: Int { (open.last?.level ?? 0) + 1 }

    /// The first heading and its level.
    private(set) var firstHeading: (level: Int, title: String)?

    /// Opens a section.
    mutating func heading(_ title: [UInt8], level: Int) {
        guard !title.isEmpty else { return }
        let name = String(decoding: title, as: UTF8.self)
        if firstHeading == nil { firstHeading = (level, name) }
        open.removeAll { $0.level >= level }
        open.append((level, name))
        startSection()
        append(title, kind: .heading(level: level))
    }

    /// Closes the headings of `level` and deeper: what follows belongs to the section around them.
    mutating func closeHeadings(from level: Int) {
        guard let last = open.last, last.level >= level else { return }
        open.removeAll { $0.level >= level }
        startSection()
    }

    /// Appends a block of text that is already normalised; empty text is no block.
    mutating func append(_ content: [UInt8], kind: Block.Kind) {
        guard !content.isEmpty else { return }
        if !text.isEmpty {
            text.append(0x0A)
            var tight = false
            if case .listItem = kind, case .listItem = blocks.last?.kind { tight = blocks.last?.section == section }
            if !tight { text.append(0x0A) }
        }
        let start = text.count
        text.append(contentsOf: content)
        blocks.append(Block(kind: kind, utf8Span: start..<text.count, section: section))
    }

    /// Appends a block unless the one before it says the same.
    mutating func appendOnce(_ content: [UInt8], kind: Block.Kind) {
        if let last = blocks.last, text[last.utf8Span].elementsEqual(content) { return }
        append(content, kind: kind)
    }

    private mutating func startSection() {
        section += 1
        headingPaths.append(open.map(\.title))
    }

    /// The finished document.
    consuming func finish(format: SourceFormat) -> ExtractedDocument {
        ExtractedDocument(
            title: "", language: nil, url: nil, format: format, text: String(decoding: text, as: UTF8.self),
            blocks: blocks, headingPaths: headingPaths, metadata: [:], warnings: [])
    }
}
