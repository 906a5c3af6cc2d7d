import Foundation
public import Kernels
import LexicalIndex
public import Logging
public import Storage
import VectorIndex

/// Proves that a data folder agrees with itself: the database, the index snapshots, and that there is nothing else.
///
/// Nothing is changed. Other processes may go on working: the database is read in one snapshot, and what indexes hold
/// is compared with the database they have caught up with.
public struct DataCheck: Sendable {
    /// What was looked at, and what is wrong.
    public struct Report: Sendable, Encodable {
        /// How much there is.
        public var collections: [CollectionCount] = []
        /// What is wrong; empty when all is well.
        public var findings: [Finding] = []

        /// Whether nothing is wrong.
        public var isClean: Bool { findings.isEmpty }
    }

    /// How much of a collection was looked at.
    public struct CollectionCount: Sendable, Encodable {
        /// The collection.
        public var name: String
        /// Its indexed documents.
        public var documents: Int
        /// Its chunks, each with a vector.
        public var chunks: Int
        /// Chunks that its snapshot of vectors holds, with the changes since; nil where there is none.
        public var vectors: Int?
        /// Chunks that its snapshot of postings holds, with the changes since; nil where there is none.
        public var postings: Int?
    }

    private let store: DocumentStore
    private let dataDirectory: String
    private let factory: any IndexFactory
    private let logger: Logger

    /// Prepares a check; nothing is read yet.
    /// - Parameters:
    ///   - store: the database.
    ///   - dataDirectory: the folder it is in, with the snapshots in `collections/<id>/`.
    ///   - pool: threads for reading snapshots.
    ///   - logger: gets what opening the indexes says.
    public init(store: DocumentStore, dataDirectory: String, pool: ThreadPool, logger: Logger) {
        self.init(
            store: store, dataDirectory: dataDirectory, factory: StandardIndexFactory(pool: pool), logger: logger)
    }

    package init(store: DocumentStore, dataDirectory: String, factory: any IndexFactory, logger: Logger) {
        self.store = store
        self.dataDirectory = dataDirectory
        self.factory = factory
        self.logger = logger
    }

    /// Looks at one collection, or at everything.
    /// - Parameter name: the collection; nil for all of them, the database file and the folder.
    /// - Returns: what there is, and what is wrong with it.
    /// - Throws: ``RetrievalError/storage(_:)`` when the database can't be read at all.
    public func run(collection name: String? = nil) throws(RetrievalError) -> Report {
        var report = Report()
        do {
            let collections = try name.map { [try store.collection(named: $0)] } ?? store.collections()
            report.findings = try store.check(collection: name == nil ? nil : collections.first?.id)
            for collection in collections { try check(collection, &report) }
            if name == nil { report.findings += strayFiles(beside: try store.collections()) }
        } catch {
            throw RetrievalError(error)
        }
        return report
    }

    // MARK: - Indexes

    private func check(_ collection: CollectionRecord, _ report: inout Report) throws {
        let statistics = try store.statistics(of: collection.id)
        var count = CollectionCount(
            name: collection.name, documents: statistics.documentCount, chunks: statistics.chunkCount)
        let folder = SearchService.folder(of: collection.id, in: dataDirectory)
        // Whatever can't be loaded is built to be searched exactly, which is quick; what was wrong stays as a remark.
        let indexes = try CollectionIndexes(
            opening: collection, store: store, factory: factory, folder: folder, rules: IndexRules(exactFrom: 0),
            logger: logger)
        for remark in indexes.current.remarks where !remark.isMissing {
            report.findings.append(
                Finding(
                    check: .snapshot, collection: collection.name, subject: remark.file ?? "snapshots",
                    detail: remark.reason,
                    advice: "nothing is lost: the next start builds it anew; 'docent serve' or 'docent search' does"))
        }
        let unusable = Set(indexes.current.remarks.map(\.file))
        try indexes.catchUp()
        let legs = indexes.current
        let checker = IndexContentCheck(collection: collection, store: store, factory: factory)
        if let vectors = legs.vectors as? any PersistentVectorIndex {
            count.vectors = vectors.count
            report.findings += try checker.check(vectors)
        }
        if !unusable.contains("lexical.index") {
            count.postings = legs.lexical.count
            report.findings += try checker.check(legs.lexical)
        }
        report.collections.append(count)
    }

    // MARK: - Files

    private static let ownFiles: Set<String> = [
        "docent.sqlite", "docent.sqlite-wal", "docent.sqlite-shm", "collections", "workers", "README.md",
    ]
    private static let snapshotFiles: Set<String> = ["vectors.index", "lexical.index"]

    /// Files that nothing belongs to.
    ///
    /// Hidden ones are somebody's, and what a crash left half written is overwritten.
    private func strayFiles(beside collections: [CollectionRecord]) -> [Finding] {
        let ids = Set(collections.map { String($0.id) })
        func names(_ folder: String) -> [String] {
            let all = (try? FileManager.default.contentsOfDirectory(atPath: dataDirectory + folder)) ?? []
            return all.filter { !$0.hasPrefix(".") && !$0.hasSuffix(".partial") }.sorted()
        }
        var stray = names("").filter { !Self.ownFiles.contains($0) }
        for folder in names("/collections") {
            guard ids.contains(folder) else {
                stray.append("collections/" + folder)
                continue
            }
            stray += names("/collections/" + folder).filter { !Self.snapshotFiles.contains($0) }
                .map { "collections/\(folder)/\($0)" }
        }
        return stray.map {
            Finding(
                check: .file, subject: $0, detail: "nothing in the database belongs to it",
                advice: "move it out of the data folder if it isn't yours to keep there")
        }
    }
}
