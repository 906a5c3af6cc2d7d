import Encoders
import Kernels
import Storage
import Synchronization

/// The chunks that pass a filter, worked out once per filter and state of the collection.
///
/// The metadata of all documents is read when the collection's revision has changed, and kept until it changes again.
final class FilterCache: Sendable {
    /// Chunks and documents that pass, of all there are.
    struct Selection: Sendable {
        var chunks: Bitmap
        var documentCount: Int
        var totalDocumentCount: Int
    }

    private struct State {
        var revision: Int64 = -1
        var entries: [DocumentFilterEntry] = []
        var selections = GenerationalCache<MetadataFilter, Selection>(capacity: 32)
    }

    private let state = Mutex(State())

    /// The chunks of the collection's documents that pass `filter`.
    /// - Complexity: O(documents) for a filter not asked for since the last change, else O(1).
    func selection(
        of filter: MetadataFilter, in collectionID: Int64, store: any DocumentStoring
    ) throws(StorageError) -> Selection {
        let revision = try store.revision(of: collectionID)
        let known: (selection: Selection?, entries: [DocumentFilterEntry]?) = state.withLock {
            guard $0.revision == revision else { return (nil, nil) }
            return ($0.selections.value(for: filter), $0.entries)
        }
        if let selection = known.selection { return selection }
        var read = (revision: revision, entries: known.entries ?? [])
        if known.entries == nil { read = try store.documentMetadata(in: collectionID) }

        var selection = Selection(chunks: Bitmap(), documentCount: 0, totalDocumentCount: read.entries.count)
        for entry in read.entries where filter.matches(entry.metadata) {
            selection.documentCount += 1
            for id in entry.chunkIDs { selection.chunks.insert(id) }
        }
        state.withLock {
            guard read.revision >= $0.revision else { return }
            if $0.revision != read.revision {
                $0.revision = read.revision
                $0.entries = read.entries
                $0.selections.removeAll()
            }
            $0.selections.insert(selection, for: filter)
        }
        return selection
    }
}
