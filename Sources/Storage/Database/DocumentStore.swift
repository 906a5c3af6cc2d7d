public import Foundation
import GRDB
import Synchronization

/// The truth: collections, documents, chunks with their vectors, jobs and answers, in one SQLite database.
///
/// The database is in WAL mode: one writer at a time over all processes, readers that see the last commit and wait for
/// nobody. Every method is synchronous, thread-safe and one transaction; call them off the event loops. A method that
/// returned has its change on disk, proof against `kill -9` and, with `synchronous=FULL`, against power loss.
///
/// | extension | holds |
/// |---|---|
/// | `+Collections` | create, find, delete |
/// | `+Replace` | storing a document, chunk by chunk |
/// | `+Documents` | finding, listing, deleting documents |
/// | `+Chunks` | chunks and vectors by id, hash and document |
/// | `+Duplicates` | which chunks say the same |
/// | `+Changes` | the log and bulk reads that indexes catch up from |
/// | `+Jobs`, `+JobItems`, `+JobControl`, `+Sync` | durable work |
/// | `+Answers`, `+Evaluations` | what was answered and how good it was |
public final class DocumentStore: Sendable {
    /// How long a statement waits for another process's transaction to end.
    public static let lockTimeout: Double = 10

    /// The database file.
    public let path: String

    let pool: DatabasePool
    let clock: @Sendable () -> Date
    let jobRetention: JobRetention
    let workerLock: Mutex<WorkerLock?>

    /// Opens the database, or makes it and its folder.
    /// - Parameters:
    ///   - path: the database file, by convention `<data>/docent.sqlite`.
    ///   - jobRetention: how long jobs that have ended are kept.
    ///   - clock: tells the time for dates in records.
    /// - Throws: ``StorageError/notADatabase(path:)``, ``StorageError/newerSchema(path:)``,
    ///   ``StorageError/corrupt(path:detail:)``, ``StorageError/notWritable(path:)``,
    ///   ``StorageError/cannotOpen(path:reason:)`` or ``StorageError/databaseLocked(path:)``.
    public init(
        path: String, jobRetention: JobRetention = JobRetention(), clock: @escaping @Sendable () -> Date = { Date() }
    ) throws(StorageError) {
        self.path = path
        self.jobRetention = jobRetention
        self.clock = clock
        workerLock = Mutex(nil)
        try Self.checkLocation(path)
        do {
            pool = try DatabasePool(path: path, configuration: Self.configuration)
            try pool.write { try Self.claim($0, path: path) }
            try Schema.migrator.migrate(pool)
        } catch {
            throw StorageError(error, path: path)
        }
    }

    /// Makes the folder, and refuses what SQLite would report as a riddle.
    private static func checkLocation(_ path: String) throws(StorageError) {
        let files = FileManager.default
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        do {
            try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw .cannotOpen(path: path, reason: "the folder '\(folder)' can't be made")
        }
        let kind = (try? files.attributesOfItem(atPath: path))?[.type] as? FileAttributeType
        if kind == .typeDirectory { throw .cannotOpen(path: path, reason: "it is a folder") }
        // WAL needs to write beside the file, so a folder that can't be written is refused in its own name.
        guard files.isWritableFile(atPath: folder) else { throw .notWritable(path: folder) }
        if kind != nil && !files.isWritableFile(atPath: path) { throw .notWritable(path: path) }
    }

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        configuration.busyMode = .timeout(lockTimeout)
        configuration.maximumReaderCount = 8
        configuration.label = "docent.storage"
        configuration.prepareDatabase { db in
            if !db.configuration.readonly {
                // These take effect while the file is empty. Five 384-d vectors fill a page of 8 KiB to 94 %.
                try db.execute(sql: "PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL;")
            }
            try db.execute(
                sql: """
                    PRAGMA synchronous = FULL; PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY;
                    PRAGMA journal_size_limit = 67108864; PRAGMA wal_autocheckpoint = 2000;
                    """)
        }
        return configuration
    }

    /// Marks an empty file as Docent's; refuses another program's and a newer Docent's.
    private static func claim(_ db: Database, path: String) throws {
        let applicationID = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
        guard applicationID != Schema.applicationID else {
            if try Schema.migrator.hasBeenSuperseded(db) { throw StorageError.newerSchema(path: path) }
            return
        }
        let tableCount = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_master") ?? 0
        guard applicationID == 0, tableCount == 0 else { throw StorageError.notADatabase(path: path) }
        try db.execute(sql: "PRAGMA application_id = \(Schema.applicationID)")
    }

    // MARK: - Transactions

    /// Runs `body` over one snapshot of the database.
    func read<Result>(_ body: (Database) throws -> Result) throws(StorageError) -> Result {
        do {
            return try pool.read(body)
        } catch {
            throw StorageError(error, path: path)
        }
    }

    /// Runs `body` in a transaction that is kept when it returns and undone when it throws.
    func write<Result>(_ body: (Database) throws -> Result) throws(StorageError) -> Result {
        do {
            return try pool.write(body)
        } catch {
            throw StorageError(error, path: path)
        }
    }
}
