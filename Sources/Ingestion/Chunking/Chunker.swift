public import Storage

/// Cuts a document into chunks along its structure, sized in the encoder's own tokens.
///
/// A chunk never mixes sections. In a section, blocks stay whole where they fit; a block that doesn't is cut at
/// sentences, rows, items or lines, and only a single sentence or word longer than a chunk is cut anywhere else. The
/// chunks of a section are filled evenly rather than leaving a scrap at the end. Title and heading path are embedded
/// with every chunk, so they count: `EmbeddedText` of a chunk never has more than ``limit`` tokens. Why these sizes:
/// docs/decisions/0003-chunks.md.
public struct Chunker: Sendable {
    /// Changes when the same document would be cut differently, so that it is cut anew.
    public static let version = 1

    /// The most tokens of a chunk with its headings, special tokens not included.
    public let limit: Int
    private let target: Int
    private let overlap: Int
    private let tokenCount: @Sendable (String) -> Int

    /// Special tokens that an encoder puts around a text.
    public static let specialTokenCount = 2
    /// The least room that headings leave for text.
    private static let leastRoom = 16

    /// Makes a chunker.
    /// - Parameters:
    ///   - settings: the collection's; `targetTokens` and `maxTokens` count the headings in.
    ///   - maxTokenCount: the encoder's limit, special tokens included.
    ///   - tokenCount: the encoder's tokens in a text, special tokens not included.
    public init(
        settings: ChunkingSettings, maxTokenCount: Int, tokenCount: @escaping @Sendable (String) -> Int
    ) {
        limit = max(min(settings.maxTokens, maxTokenCount - Self.specialTokenCount), Self.leastRoom * 2)
        target = min(settings.targetTokens, limit)
        overlap = min(settings.overlapTokens, target / 2)
        self.tokenCount = tokenCount
    }

    /// The chunks of a document, in order.
    ///
    /// Deterministic; O(bytes) but for the counting of tokens.
    public func chunks(of document: ExtractedDocument) -> [Chunk] {
        let bytes = Array(document.text.utf8)
        return DocumentSections(document).flatMap { chunks(of: $0, in: document, bytes) }
    }

    /// A section with the room its headings leave.
    private struct Frame {
        var title: String
        var headingPath: [String]
        var limit: Int
        var target: Int
    }

    private func chunks(of section: DocumentSections.Section, in document: ExtractedDocument, _ bytes: [UInt8])
        -> [Chunk]
    {
        let frame = frame(title: document.title, section.headingPath)
        let cutter = ChunkCutter(bytes: bytes, limit: frame.limit) { span in
            tokenCount(String(decoding: bytes[span], as: UTF8.self))
        }
        let pieces = section.blocks.flatMap { cutter.pieces(of: $0) }
        let layout = ChunkLayout(limit: frame.limit, target: frame.target, overlap: overlap)
        return layout.groups(pieces).flatMap { chunks(from: $0, frame, bytes) }
    }

    /// Shortens headings until they leave half of the chunk to the text.
    private func frame(title: String, _ headingPath: [String]) -> Frame {
        var path = headingPath
        func size() -> Int {
            let heading = EmbeddedText.heading(title: title, headingPath: path)
            return heading.isEmpty ? 0 : tokenCount(heading)
        }
        var used = size()
        while used > limit / 2, !path.isEmpty {
            // The innermost heading says most about the chunk: outer ones go first.
            if path.count > 1 {
                path.removeFirst()
            } else if path[0].count > 24 {
                path[0] = String(path[0].prefix(path[0].count / 2))
            } else {
                path = []
            }
            used = size()
        }
        let room = max(limit - used, Self.leastRoom)
        return Frame(
            title: title, headingPath: path, limit: room,
            target: min(room, max(target - used, room / 3, Self.leastRoom)))
    }

    /// The chunk of a group; two or more should the tokens of the whole be more than those of its pieces.
    private func chunks(from group: [ChunkPiece], _ frame: Frame, _ bytes: [UInt8]) -> [Chunk] {
        guard let first = group.first, let last = group.last else { return [] }
        let span = first.span.lowerBound..<last.span.upperBound
        var text = String(decoding: bytes[span], as: UTF8.self)
        if let header = first.header { text = String(decoding: bytes[header.span], as: UTF8.self) + "\n" + text }
        let tokens = tokenCount(text)
        if tokens > frame.limit, group.count > 1 {
            let half = group.count / 2
            return chunks(from: Array(group[..<half]), frame, bytes) + chunks(from: Array(group[half...]), frame, bytes)
        }
        return [
            Chunk(title: frame.title, headingPath: frame.headingPath, text: text, utf8Span: span, tokenCount: tokens)
        ]
    }
}
