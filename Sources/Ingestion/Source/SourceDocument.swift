public import Storage

/// One document as it arrives: bytes and what its sender says about them.
public struct SourceDocument: Sendable, Equatable {
    /// The id the document has in its collection; the same id again replaces it.
    public var externalID: String
    /// The document, in any encoding.
    public var bytes: [UInt8]
    /// The declared Content-Type, such as `text/html; charset=iso-8859-1`; nil: not declared.
    public var contentType: String?
    /// The name of the file it came from; its extension helps to tell the format.
    public var fileName: String?
    /// A title that goes before the one found in the document.
    public var title: String?
    /// Where the document lives; goes before the one found in the document.
    public var url: String?
    /// What searches filter by; goes before metadata found in the document.
    public var metadata: [String: JSONValue]

    /// A document of `bytes`; everything else is optional.
    public init(
        externalID: String,
        bytes: [UInt8],
        contentType: String? = nil,
        fileName: String? = nil,
        title: String? = nil,
        url: String? = nil,
        metadata: [String: JSONValue] = [:]
    ) {
        self.externalID = externalID
        self.bytes = bytes
        self.contentType = contentType
        self.fileName = fileName
        self.title = title
        self.url = url
        self.metadata = metadata
    }
}

extension SourceDocument {
    /// Whether it is an archive, a mailbox or JSON Lines, whose documents are taken in in its place.
    public var holdsDocuments: Bool { JobItems.containerFormat(JobItems.item(of: self)) != nil }
}
