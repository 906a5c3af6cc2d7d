/// Decides whether an image's alternative text says something that the page's own words don't.
///
/// Most alternative texts repeat a heading, a caption or the sentence beside the picture, for those who can't see it; in a
/// collection they are noise. One that has words of its own is part of the document.
struct ImageText {
    /// A text of fewer words is a label.
    private static let fewestWords = 4
    private static let longest = 1000
    /// The part of its words that must be new: half.
    private static let newShare = 2

    /// The words of the page's text, looked at when the first image asks.
    private var pageWords: Set<UInt64>?

    /// The alternative text of an image as a line, nil if there is nothing new in it.
    mutating func text(of image: Int, in tree: HTMLTree) -> [UInt8]? {
        guard let alt = tree.value(.alt, of: image), alt.count <= Self.longest, !Self.isCaptioned(image, tree) else {
            return nil
        }
        let words = Self.words(alt)
        guard words.count >= Self.fewestWords, !alt.starts(with: "http".utf8) else { return nil }
        let known = pageWords ?? Self.allWords(tree)
        pageWords = known
        guard words.count(where: { !known.contains($0) }) * Self.newShare >= words.count else { return nil }
        var line = InlineText()
        line.append(alt)
        return line.finish()
    }

    /// Whether the image has a caption that a reader sees.
    private static func isCaptioned(_ image: Int, _ tree: HTMLTree) -> Bool {
        var at = image
        for _ in 0..<6 {
            at = Int(tree.nodes[at].parent)
            guard tree.nodes[at].tag == .figure else { continue }
            return (at..<Int(tree.nodes[at].end)).contains { tree.nodes[$0].tag == .figcaption }
        }
        return false
    }

    private static func allWords(_ tree: HTMLTree) -> Set<UInt64> {
        var found: Set<UInt64> = []
        var index = 0
        while index < tree.nodes.count {
            let tag = tree.nodes[index].tag
            if tag == .text { found.formUnion(words(tree.text(of: index))) }
            index = tag == .script || tag == .style ? Int(tree.nodes[index].end) : index + 1
        }
        return found
    }

    /// Hashes of the words of a text, ASCII without case.
    private static func words(_ text: ArraySlice<UInt8>) -> [UInt64] {
        var words: [UInt64] = []
        var hash = HTMLName.emptyHash
        for byte in text {
            if byte.isAlphanumeric || byte >= 0x80 {
                hash = HTMLName.step(hash, byte.lowercased)
            } else if hash != HTMLName.emptyHash {
                words.append(hash)
                hash = HTMLName.emptyHash
            }
        }
        if hash != HTMLName.emptyHash { words.append(hash) }
        return words
    }
}
