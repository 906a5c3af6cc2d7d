/// A part of a page that was left out of its main content, and why.
public struct DroppedBlock: Sendable, Equatable, Encodable {
    /// Which rule left it out.
    public enum Reason: String, Sendable, Encodable {
        /// Navigation, header, footer, advertising, comments, hidden parts: its element, role or name says so.
        case chrome
        /// Away from the element that the page's text centres on, and it doesn't read like text.
        case outside
        /// Among the text, but about other things: lists of links, "read also", who wrote it, empty headings.
        case beside
    }

    /// The element's name, `#text` for bare text.
    public var element: String
    /// Which rule left it out.
    public var reason: Reason
    /// The start of its text.
    public var text: String

    /// The most that are listed of a page.
    static let mostListed = 500
    /// The most bytes of a text.
    private static let mostBytes = 300

    /// What `content` leaves out of a page, outermost elements in document order.
    ///
    /// Works the steps of ``MainContent`` out again, so that extraction itself needn't remember them. Scripts, styles and
    /// form controls are no text and aren't listed.
    static func all(in tree: HTMLTree, _ content: MainContent) -> [DroppedBlock] {
        guard content.rigour != .everything else { return [] }
        let outline = HTMLOutline(tree)
        let unseen = MainContent.neverText(tree)
        let whole = TextStatistics(tree, outline, dropped: unseen)
        let isStrict = content.rigour == .strict
        let chrome = MainContent.chrome(tree, unseen: unseen, whole: whole, byName: isStrict)
        let near = isStrict ? MainContent.aroundCentre(tree, outline, dropped: chrome) ?? chrome : chrome
        var blocks: [DroppedBlock] = []
        var index = 1
        while index < tree.nodes.count, blocks.count < mostListed {
            guard content.dropped[index] else {
                index += 1
                continue
            }
            if !unseen[index], whole.text[index] > 0 {
                let text = DocumentExtractor.shortened(tree.plainText(of: index, limit: mostBytes), to: mostBytes)
                let reason: Reason = chrome[index] ? .chrome : near[index] ? .outside : .beside
                if !text.isEmpty {
                    blocks.append(DroppedBlock(element: tree.nodes[index].tag.name, reason: reason, text: text))
                }
            }
            index = Int(tree.nodes[index].end)
        }
        return blocks
    }
}
