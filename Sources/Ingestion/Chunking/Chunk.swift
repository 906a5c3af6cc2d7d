import Crypto
import Storage

/// A passage of a document: what is embedded, searched and cited.
public struct Chunk: Sendable, Equatable {
    /// The headings above it, outermost first, without the document's title; long ones shortened to leave room.
    public var headingPath: [String]
    /// The text: the slice `utf8Span` of the document's text, and before it, where a table goes on from an earlier
    /// chunk, the table's header row and a line end.
    public var text: String
    /// The slice of `ExtractedDocument.text`, in UTF-8 bytes.
    public var utf8Span: Range<Int>
    /// The encoder's tokens in `text`, special tokens not included.
    public var tokenCount: Int
    /// SHA-256 over the document's title, the heading path and the text: all that the vector is made from.
    public var contentHash: String

    init(title: String, headingPath: [String], text: String, utf8Span: Range<Int>, tokenCount: Int) {
        self.headingPath = headingPath
        self.text = text
        self.utf8Span = utf8Span
        self.tokenCount = tokenCount
        var hasher = SHA256()
        for part in [title] + headingPath + [text] {
            hasher.update(data: Array(part.utf8))
            hasher.update(data: [0x1F])
        }
        contentHash = hasher.finalize().hexadecimal
    }

    /// What is embedded and indexed for the chunk of a document called `title`.
    public func embeddedText(title: String) -> String {
        EmbeddedText.compose(title: title, headingPath: headingPath, text: text)
    }
}

extension Sequence<UInt8> {
    /// The bytes in hexadecimal, as checksums are written.
    var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in self {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
