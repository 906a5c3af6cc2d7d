/// A document's blocks by section, for the chunker.
///
/// Headings aren't part of the text of their section: they go with it as its path. A heading with nothing under it is
/// text of the section around it, so that it can be found.
struct DocumentSections: Sequence {
    struct Section {
        var headingPath: [String]
        var blocks: [Block]
    }

    private var sections: [Section] = []

    init(_ document: ExtractedDocument) {
        let blocks = document.blocks
        var index = 0
        while index < blocks.count {
            let number = blocks[index].section
            var end = index
            while end < blocks.count, blocks[end].section == number { end += 1 }
            let path = number < document.headingPaths.count ? document.headingPaths[number] : []
            var body = Array(blocks[index..<end])
            if case .heading = body[0].kind { body.removeFirst() }
            if !body.isEmpty {
                append(body, path)
            } else {
                // Covered by the path of a deeper section that follows?
                let next = end < blocks.count ? document.headingPaths[blocks[end].section] : []
                let isCovered = next.count > path.count && Array(next.prefix(path.count)) == path
                if !isCovered { append([blocks[index]], Array(path.dropLast())) }
            }
            index = end
        }
    }

    private mutating func append(_ blocks: [Block], _ path: [String]) {
        if let last = sections.last, last.headingPath == path, isHeading(blocks.first) {
            sections[sections.count - 1].blocks += blocks
        } else {
            sections.append(Section(headingPath: path, blocks: blocks))
        }
    }

    private func isHeading(_ block: Block?) -> Bool {
        if case .heading = block?.kind { return true }
        return false
    }

    func makeIterator() -> IndexingIterator<[Section]> { sections.makeIterator() }
}
