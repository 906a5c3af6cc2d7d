public import Storage

/// A block of a document: the unit that chunks are made of.
public struct Block: Sendable, Equatable {
    /// What the block is.
    public enum Kind: Sendable, Equatable {
        /// A heading; level 1 is the highest, levels beyond 6 occur (terms of a definition list under a heading).
        case heading(level: Int)
        /// Running text.
        case paragraph
        /// An item of a list; level 1 is the outermost. The text starts with its marker unless it continues an item.
        case listItem(level: Int)
        /// A table, a row a line, cells joined by ` | `; the first `headerBytes` bytes (0: none) are the header row.
        case table(headerBytes: Int)
        /// Code or other preformatted text, verbatim.
        case code
        /// A quotation.
        case quote
        /// The term of a definition list, to be kept with the block after it.
        case term
        /// The alternative text of an image.
        case image
    }

    /// What the block is.
    public var kind: Kind
    /// Where its text is, in UTF-8 bytes of `ExtractedDocument.text`.
    public var utf8Span: Range<Int>
    /// Number of the section; blocks of one section follow each other.
    ///
    /// A heading belongs to the section it opens.
    public var section: Int

    /// A block of `kind` at `utf8Span`.
    public init(kind: Kind, utf8Span: Range<Int>, section: Int) {
        self.kind = kind
        self.utf8Span = utf8Span
        self.section = section
    }
}

/// A document's main content: its canonical text and the blocks in it.
///
/// `text` is the reference of every span: UTF-8, white space collapsed outside code, blocks in document order separated
/// by an empty line (items of a list by a line end), list items with a `- ` or `1. ` marker, table cells joined by ` | `.
public struct ExtractedDocument: Sendable, Equatable {
    /// The title: given, or found in the document; empty if there is none.
    public var title: String
    /// The language the document declares (BCP 47), if any.
    public var language: String?
    /// Where the document lives, if known.
    public var url: String?
    /// The format it was read as.
    public var format: SourceFormat
    /// The canonical text.
    public var text: String
    /// The blocks, in order; their spans don't overlap.
    public var blocks: [Block]
    /// The heading path of each section, outermost first; `Block.section` indexes it.
    public var headingPaths: [[String]]
    /// Description, author and what else the document says about itself.
    public var metadata: [String: JSONValue]
    /// What the user should know: repaired bytes, a fall-back to the whole page.
    public var warnings: [String]
    /// The encoding the text was in; nil for formats that say it inside.
    public var encoding: String?
    /// Whether nothing declared the encoding and the bytes left a choice.
    public var isEncodingGuessed = false
    /// What was left out as no part of the main content; empty unless it was asked for.
    public var dropped: [DroppedBlock] = []

    /// The text of a block.
    public func text(of block: Block) -> String { text.utf8Slice(block.utf8Span) }
}
