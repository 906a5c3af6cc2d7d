/// Why a document could not be ingested; each is about one document, the others of a job go on.
///
/// `description` is the one line a user reads: what was wrong and what to do.
public enum IngestionError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file can't be opened or read (caller or machine): check the path and its permissions.
    case unreadable(path: String, reason: String)
    /// The document is larger than the limit (data): split it or raise the limit.
    case tooLarge(byteCount: Int, limit: Int)
    /// The document holds no text once the mark-up is taken away (data): nothing to search.
    case noText
    /// The document's text is the same few characters over and over (data): nothing to search; leave the file out.
    case filler(byteCount: Int)
    /// The bytes are not text in any encoding (data): not a document, or a damaged one.
    case binary(name: String)
    /// A real document, in a format this version can't read (data): convert it first.
    case unsupportedFormat(format: String, advice: String)
    /// The encoding named by the document or its sender is not known (data): save it as UTF-8.
    case unknownEncoding(name: String)
    /// The page's elements are nested more deeply than any real page's (data): repair the mark-up.
    case tooDeep(limit: Int)
    /// The page has more elements than the limit (data): split it.
    case tooManyElements(limit: Int)
    /// The document's XML declares entities of its own (data): no office program writes that; save it again.
    case entities
    /// A file of its format that can't be read to its end (data): `reason` says where it broke.
    case damaged(format: String, reason: String)
    /// A file that needs a password (data): save it without.
    case encrypted(format: String)
    /// A PDF of scanned pages (data): run text recognition (OCR) over it first.
    case noTextLayer(pageCount: Int)
    /// Reading took longer than allowed (data): split the file.
    case tookTooLong(format: String, seconds: Int)
    /// An archive with more entries than the limit (data): split it.
    case tooManyEntries(limit: Int)
    /// An archive that unpacks to far more than its own size (data): a zip bomb, or to be unpacked by hand.
    case expandsTooMuch(ratio: Int)
    /// An archive within an archive within an archive (data): unpack the outer ones.
    case nestedTooDeep(limit: Int)
    /// An entry of an archive or mailbox that is no document (data).
    case badEntry(reason: String)
    /// A line of a JSON Lines file is not a document (data): `reason` says what is wrong with it.
    case badLine(line: Int, reason: String)
    /// Some lines of a JSON Lines file failed, the others are indexed (data): `first` is the first failure.
    case badLines(failed: Int, total: Int, first: String)
    /// The encoder could not embed the document's chunks (machine or encoder).
    case embedding(reason: String)
    /// The store could not be read or written (machine).
    case storage(reason: String)
    /// The collection's encoder is another one than the one that is loaded (caller).
    case encoderMismatch(collection: String, loaded: String)
    /// No such job (caller).
    case unknownJob(id: Int64)
    /// A crawl's settings can't be used (caller): `reason` says what to change.
    case invalidCrawl(field: String, reason: String)
    /// A crawl asks for addresses that are no part of the public internet (caller), which this process doesn't allow.
    case privateAddress(host: String?)
    /// Nothing was given to ingest (caller).
    case nothingToIngest(reason: String)
    /// The machine ran out of memory (machine).
    case outOfMemory

    /// One line: what was wrong and what to do.
    public var description: String {
        switch self {
        case .unreadable(let path, let reason): "cannot read \(path): \(reason)"
        case .tooLarge(let byteCount, let limit):
            "the document has \(byteCount) bytes, the limit is \(limit): split it, or raise the limit"
        case .noText: "no text: the document is empty once its mark-up is left out"
        case .filler(let byteCount):
            "its \(byteCount) bytes of text are the same few characters over and over: there is nothing to find in it"
        case .binary(let name): "\(name) looks like binary data, not a text document"
        case .unsupportedFormat(let format, let advice): "\(format) is not supported by this version: \(advice)"
        case .unknownEncoding(let name): "unknown text encoding \"\(name)\": save the document as UTF-8"
        case .tooDeep(let limit): "elements are nested more than \(limit) deep: repair the page's mark-up"
        case .tooManyElements(let limit): "the page has more than \(limit) elements: split it"
        case .entities: "its XML declares entities, which may be a trap: save it again with an office program"
        case .damaged(let format, let reason): "the \(format) can't be read: \(reason)"
        case .encrypted(let format): "the \(format) is encrypted: save it without a password"
        case .noTextLayer(let pageCount):
            "the PDF has no text on its \(pageCount) pages, probably scans: run text recognition (OCR) over it first"
        case .tookTooLong(let format, let seconds): "reading the \(format) took more than \(seconds) s: split it"
        case .tooManyEntries(let limit): "the archive has more than \(limit) entries: split it"
        case .expandsTooMuch(let ratio):
            "the archive unpacks to more than \(ratio) times its size: unpack it and ingest the folder"
        case .nestedTooDeep(let limit):
            "archives are nested more than \(limit) deep: unpack the outer ones and ingest the folder"
        case .badEntry(let reason): reason
        case .badLine(let line, let reason): "line \(line): \(reason)"
        case .badLines(let failed, let total, let first):
            "\(failed) of \(total) lines could not be ingested, the others are indexed; first: \(first)"
        case .embedding(let reason): "the encoder failed: \(reason)"
        case .storage(let reason): "the store failed: \(reason)"
        case .encoderMismatch(let collection, let loaded):
            "the collection is bound to encoder \(collection), but \(loaded) is loaded: "
                + "use that encoder, or ingest into a new collection"
        case .unknownJob(let id): "there is no job \(id)"
        case .invalidCrawl(let field, let reason): "\(field): \(reason)"
        case .privateAddress(let host):
            (host.map { "\($0) is a private or reserved address" } ?? "private addresses are not allowed here")
                + ": start docent with DOCENT_CRAWL_ALLOW_PRIVATE=true, and ask for it with allow_private, "
                + "if the crawl is meant for this network"
        case .nothingToIngest(let reason): "nothing to ingest: \(reason)"
        case .outOfMemory: "out of memory while reading the document"
        }
    }
}
