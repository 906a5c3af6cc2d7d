/// What a page says to crawlers: its links, its canonical address, and whether it wants to be indexed and followed.
package struct PageLinks: Sendable, Equatable {
    /// The most links that are taken of a page.
    static let maximumLinks = 5_000

    /// The pages it links to, each once, in order; none when the page says `nofollow`.
    package private(set) var links: [PageURL] = []
    /// Where the page says it really lives.
    package private(set) var canonical: PageURL?
    /// Where it sends its readers at once.
    package private(set) var refresh: PageURL?
    /// Whether it may be indexed.
    package private(set) var isIndexed = true
    /// Whether its links may be followed.
    package private(set) var isFollowed = true

    /// What a response's headers alone say.
    /// - Parameters:
    ///   - robotsTag: the `X-Robots-Tag` header.
    ///   - agent: the crawler's name.
    package init(robotsTag: String?, agent: String) {
        guard let robotsTag else { return }
        var isOurs = true
        for directive in robotsTag.split(separator: ",") {
            var words = String(directive).trimmingWhitespace().lowercased()[...]
            // `name: noindex` is for the crawler of that name, as is what follows it.
            if let colon = words.firstIndex(of: ":"), !words.hasPrefix("unavailable_after") {
                isOurs = words[..<colon] == agent.lowercased()
                words = words[words.index(after: colon)...]
            }
            if isOurs { apply(words) }
        }
    }

    /// Reads an HTML page.
    /// - Parameters:
    ///   - bytes: the page.
    ///   - contentType: its Content-Type, for the encoding.
    ///   - address: where it was fetched.
    ///   - agent: the crawler's name, for `<meta name="docent">`.
    /// - Throws: `IngestionError`: the page can't be parsed.
    package mutating func read(
        _ bytes: [UInt8], contentType: String?, at address: PageURL, agent: String
    ) throws(IngestionError) {
        let text = try TextEncoding.decode(bytes, charset: MediaType(contentType).charset, isHTML: true)
        let tree = try HTMLTree(utf8: text.bytes)
        var base = address
        var hasBase = false
        var seen: Set<PageURL> = []
        var found: [PageURL] = []
        for index in tree.nodes.indices {
            switch tree.nodes[index].tag {
            case .base:
                // The first one counts, as in browsers.
                if !hasBase, let href = tree.string(.href, of: index) {
                    base = PageURL(href, base: address) ?? base
                    hasBase = true
                }
            case .meta: readMeta(tree, index, agent, base)
            case .link:
                if canonical == nil, tree.string(.rel, of: index)?.lowercased() == "canonical",
                    let href = tree.string(.href, of: index)
                {
                    canonical = PageURL(href, base: base)
                }
            case .a, .area:
                guard found.count < Self.maximumLinks, let href = tree.string(.href, of: index),
                    let link = PageURL(href, base: base)
                else { continue }
                let relations = tree.string(.rel, of: index)?.lowercased().split(separator: " ") ?? []
                if !relations.contains("nofollow"), seen.insert(link).inserted { found.append(link) }
            default: continue
            }
        }
        links = isFollowed ? found : []
    }

    private mutating func readMeta(_ tree: HTMLTree, _ index: Int, _ agent: String, _ base: PageURL) {
        if tree.string(.httpEquiv, of: index)?.lowercased() == "refresh", refresh == nil {
            refresh = tree.string(.content, of: index).flatMap { Self.refresh($0, base: base) }
        }
        let name = tree.string(.name, of: index)?.lowercased()
        guard name == "robots" || name == agent.lowercased(), let content = tree.string(.content, of: index) else {
            return
        }
        for directive in content.lowercased().split(separator: ",") { apply(directive) }
    }

    /// The target of `0; url=there`; a page that is shown for a while before is one to be read.
    private static func refresh(_ content: String, base: PageURL) -> PageURL? {
        let parts = content.split(separator: ";", maxSplits: 1)
        guard parts.count == 2, let seconds = Double(String(parts[0]).trimmingWhitespace()), seconds <= 5 else {
            return nil
        }
        var target = String(parts[1]).trimmingWhitespace()
        if let equals = target.firstIndex(of: "="), target[..<equals].lowercased().hasPrefix("url") {
            target = String(target[target.index(after: equals)...]).trimmingWhitespace()
        }
        return PageURL(target.trimmingCharacters("\"'"), base: base)
    }

    private mutating func apply(_ directive: some StringProtocol) {
        switch String(directive).trimmingWhitespace() {
        case "noindex": isIndexed = false
        case "nofollow": isFollowed = false
        case "none": (isIndexed, isFollowed) = (false, false)
        default: break
        }
    }
}
