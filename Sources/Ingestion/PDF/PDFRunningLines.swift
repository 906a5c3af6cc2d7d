/// Tells the lines that stand at the top or bottom of most pages (running heads, page numbers) from the text.
struct PDFRunningLines {
    /// Lines from a page's edge that may be running ones.
    private static let depth = 2
    /// The least share of pages that have a running line, in percent, on either of facing pages.
    private static let leastShare = 35
    private static let fewestPages = 4

    private var running: Set<[UInt8]> = []

    /// Counts the lines at the edges of all pages, digits aside.
    init(_ pages: [[ArraySlice<UInt8>]]) {
        guard pages.count >= Self.fewestPages else { return }
        var counts: [[UInt8]: Int] = [:]
        for page in pages {
            for key in Set(Self.edges(of: page).map { Self.key(page[$0]) }) { counts[key, default: 0] += 1 }
        }
        for (key, count) in counts where count >= 3 && count * 100 >= pages.count * Self.leastShare {
            running.insert(key)
        }
    }

    /// The page's lines without running ones and lone page numbers, from its edges inwards.
    func remaining(of page: [ArraySlice<UInt8>]) -> [ArraySlice<UInt8>] {
        let filled = page.indices.filter { !page[$0].isBlank }
        let top = filled.prefix(Self.depth).prefix { isRunning(page[$0]) }
        let bottom = filled.suffix(Self.depth).reversed().prefix { isRunning(page[$0]) }
        let dropped = Set(top).union(bottom)
        return page.indices.filter { !dropped.contains($0) }.map { page[$0] }
    }

    private func isRunning(_ line: ArraySlice<UInt8>) -> Bool {
        running.contains(Self.key(line)) || Self.isNumber(line)
    }

    private static func edges(of page: [ArraySlice<UInt8>]) -> [Int] {
        let filled = page.indices.filter { !page[$0].isBlank }
        return Array(Set(filled.prefix(depth) + filled.suffix(depth)))
    }

    /// A line with its numbers replaced: they count the pages.
    private static func key(_ line: ArraySlice<UInt8>) -> [UInt8] {
        var key: [UInt8] = []
        for byte in line.trimmed {
            if (0x30...0x39).contains(byte) {
                if key.last != 0x23 { key.append(0x23) }
            } else {
                key.append(byte)
            }
        }
        return key
    }

    private static func isNumber(_ line: ArraySlice<UInt8>) -> Bool {
        let text = line.trimmed
        return text.count <= 5 && !text.isEmpty && text.allSatisfy { (0x30...0x39).contains($0) }
    }
}
