import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Says which process works on a job, and lets others find out whether it still lives.
///
/// A process that takes jobs keeps `workers/<token>.lock` beside the database locked with flock(2) and writes the token
/// into the job. The kernel lets go of the lock when the process ends, however it ends, so no clock, heartbeat or
/// process id can mislead: who can take the lock knows that its owner is gone.
final class WorkerLock: Sendable {
    /// The name that jobs carry.
    let token: String
    private let handle: FileHandle
    private let path: String

    /// Takes a fresh lock in `folder`.
    init(folder: String) throws(StorageError) {
        token = UUID().uuidString.lowercased()
        path = Self.path(of: token, in: folder)
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw .notWritable(path: folder)
        }
        guard FileManager.default.createFile(atPath: path, contents: nil),
            let handle = FileHandle(forUpdatingAtPath: path)
        else { throw .notWritable(path: path) }
        self.handle = handle
        // A child process must not carry the lock on.
        _ = fcntl(handle.fileDescriptor, F_SETFD, FD_CLOEXEC)
        guard flock(handle.fileDescriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw .failed(detail: "the file system of '\(folder)' does not support locks")
        }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
        try? handle.close()
    }

    /// Whether the process that took `token` still runs; cleans up after one that does not.
    static func isAlive(_ token: String, in folder: String) -> Bool {
        // Tokens come from the database: nothing but a UUID may become a path.
        guard UUID(uuidString: token) != nil else { return false }
        let path = path(of: token, in: folder)
        guard let handle = FileHandle(forUpdatingAtPath: path) else { return false }
        defer { try? handle.close() }
        guard flock(handle.fileDescriptor, LOCK_EX | LOCK_NB) == 0 else { return true }
        try? FileManager.default.removeItem(atPath: path)
        return false
    }

    private static func path(of token: String, in folder: String) -> String { "\(folder)/\(token).lock" }
}

extension DocumentStore {
    var workerFolder: String {
        URL(fileURLWithPath: path).deletingLastPathComponent().appendingPathComponent("workers").path
    }

    /// This store's name as a worker; takes the lock the first time.
    func workerToken() throws(StorageError) -> String {
        let result: Result<String, StorageError> = workerLock.withLock { lock in
            if let lock { return .success(lock.token) }
            do throws(StorageError) {
                let fresh = try WorkerLock(folder: workerFolder)
                lock = fresh
                return .success(fresh.token)
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}
