import Foundation

/// Reads files for ingestion, and says in a user's words why one can't be read.
enum SourceFile {
    /// The bytes of a regular file.
    /// - Throws: `IngestionError.unreadable`, or `.tooLarge` before anything is read.
    static func read(_ path: String, limit: Int) throws(IngestionError) -> [UInt8] {
        let size = try check(path)
        guard size <= limit else { throw .tooLarge(byteCount: size, limit: limit) }
        let handle = try handle(path)
        defer { try? handle.close() }
        do {
            // One byte more than the limit, should the file grow meanwhile.
            let bytes = Array(try handle.read(upToCount: limit + 1) ?? Data())
            guard bytes.count <= limit else { throw IngestionError.tooLarge(byteCount: bytes.count, limit: limit) }
            return bytes
        } catch let error as IngestionError {
            throw error
        } catch {
            throw .unreadable(path: path, reason: "it can't be read to its end")
        }
    }

    /// The size of a file in bytes, 0 if there is none.
    static func size(_ path: String) -> Int { FileStatus(path)?.byteCount ?? 0 }

    /// Opens a regular file for reading.
    static func open(_ path: String) throws(IngestionError) -> FileHandle {
        _ = try check(path)
        return try handle(path)
    }

    private static func handle(_ path: String) throws(IngestionError) -> FileHandle {
        do {
            return try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        } catch {
            throw .unreadable(path: path, reason: reason(path))
        }
    }

    /// The size of a regular file that can be read.
    private static func check(_ path: String) throws(IngestionError) -> Int {
        guard let status = FileStatus(path) else { throw .unreadable(path: path, reason: reason(path)) }
        switch status.kind {
        case .file: break
        case .folder: throw .unreadable(path: path, reason: folderReason(path))
        default: throw .unreadable(path: path, reason: "it is no regular file")
        }
        guard FileManager.default.isReadableFile(atPath: path) else {
            throw .unreadable(path: path, reason: "permission denied")
        }
        return status.byteCount
    }

    private static func folderReason(_ path: String) -> String {
        FileManager.default.isReadableFile(atPath: path) ? "it is a folder" : "it is a folder without read permission"
    }

    private static func reason(_ path: String) -> String {
        let files = FileManager.default
        if files.fileExists(atPath: path) { return "permission denied" }
        if (try? files.destinationOfSymbolicLink(atPath: path)) != nil {
            return "it is a symbolic link that leads nowhere or in a circle"
        }
        return "no such file or folder"
    }
}
