import Foundation
import Storage

extension IngestService {
    /// Files as items of a job, with what is known of them without reading them.
    struct Listing {
        var items: [NewJobItem]
        var skipped: [FileCollector.Skipped]
        var scope: SyncScope

        /// Why there is no item.
        var emptyReason: String {
            skipped.first.map { "\($0.path): \($0.reason)" } ?? scope.obstacle ?? "no file was given"
        }
    }

    /// Lists files; one that is as it was when its document was stored has that document's hash.
    func listing(
        of paths: [String], isRecursive: Bool, idPrefix: String, metadata: [String: JSONValue], sync: SyncMode,
        in collection: CollectionRecord
    ) throws(IngestionError) -> Listing {
        let hash = ContentHash(collection)
        let expander = ItemExpander(extractor: extractor, idPrefix: idPrefix)
        // Read before the files are looked at, so that no file seems older than it is.
        let now = FileStatus.now()
        var collected = FileCollector(isRecursive: isRecursive, idPrefix: idPrefix).collect(paths)
        if sync == .includingEmptied { collected.scope.obstacle = nil }
        let stamps: [String: DocumentStamp]
        do {
            stamps = try store.documentStamps(externalIDs: collected.files.map(\.externalID), in: collection.id)
        } catch {
            throw .storage(reason: error.description)
        }
        let items = collected.files.map { file in
            var item = NewJobItem(
                externalID: file.externalID, payload: .path(Self.absolute(file.path)), metadata: metadata)
            item.origin.source = file.source
            item.origin.byteCount = file.status?.byteCount
            item.origin.isContainer = expander.kind(of: item) != nil
            if !item.origin.isContainer {
                item.origin.stamp = file.status?.stamp(recipe: hash.recipe(of: item), now: now)
                if let known = stamps[file.externalID], known.stamp == item.origin.stamp {
                    item.origin.contentHash = known.contentHash
                }
            }
            return item
        }
        return Listing(items: items, skipped: collected.skipped, scope: collected.scope)
    }
}
