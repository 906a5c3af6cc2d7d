import HTTPTypes
import Hummingbird
import Ingestion
import Storage

/// `?sync=true[&prefix=P]` of an upload: what it removes is precisely the documents below the uploaded names.
///
/// - With `prefix`, the documents whose ids begin with it; every uploaded id has to.
/// - Without, those below each archive, mailbox or JSON Lines file of the upload (`shop.zip/…`, `mail.mbox#…`), and those
///   below the first folder in the name of each other file (`docs/…`). A file in no folder needs a `prefix`.
///
/// Of these, the ones that are not in the upload are removed at the end of the job, if every one of its files was taken
/// in; else none, and the job's `not_removed_reason` says why.
struct SyncQuery {
    /// The scope that a request asks for; nil when it asks for none.
    /// - Throws: `HTTPFailure` 400.
    static func scope(_ request: Request, of documents: [SourceDocument]) throws -> SyncScope? {
        let query = request.uri.queryParameters
        let prefix = query["prefix"].map(String.init)
        switch query["sync"].map(String.init) {
        case nil, "false":
            guard prefix == nil else { throw refusal("prefix is of use with sync=true only") }
            return nil
        case "true": break
        case .some(let text): throw refusal("sync is '\(text)': use true or false")
        }
        if let prefix {
            guard !prefix.isEmpty else { throw refusal("prefix is empty: every document would be below it") }
            if let stray = documents.first(where: { !$0.externalID.hasPrefix(prefix) }) {
                throw refusal("the id '\(stray.externalID)' does not begin with the prefix '\(prefix)'")
            }
            return SyncScope(prefixes: [prefix])
        }
        var prefixes: Set<String> = []
        for document in documents {
            let id = document.externalID
            if document.holdsDocuments {
                prefixes.formUnion([id + "/", id + "#"])
            } else if let slash = id.firstIndex(of: "/"), slash != id.startIndex {
                prefixes.insert(String(id[...slash]))
            } else {
                throw refusal("'\(id)' is in no folder: say with prefix=… which documents to compare the upload with")
            }
        }
        return SyncScope(prefixes: prefixes.sorted())
    }

    private static func refusal(_ message: String) -> HTTPFailure {
        HTTPFailure(.badRequest, "invalid_sync", message)
    }
}
