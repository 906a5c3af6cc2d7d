import Crypto
import Foundation

/// SHA-256 of files, read in pieces.
enum Checksum {
    private static let pieceBytes = 1 << 20

    /// The SHA-256 of the file at `path`, in lower-case hexadecimal.
    static func sha256(of path: String) throws(ModelError) -> String {
        do {
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? handle.close() }
            var hash = SHA256()
            while let piece = try handle.read(upToCount: pieceBytes), !piece.isEmpty { hash.update(data: piece) }
            return hash.finalize().map { byte in
                let digits = String(byte, radix: 16)
                return byte < 16 ? "0" + digits : digits
            }.joined()
        } catch {
            throw .unwritable(path: path, reason: "it can't be read: \(error.localizedDescription)")
        }
    }

    /// The size of the file at `path`; nil when there is no regular file.
    static func byteCount(of path: String) -> Int? {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path),
            attributes[.type] as? FileAttributeType == .typeRegular
        else { return nil }
        return (attributes[.size] as? NSNumber)?.intValue
    }

    /// Checks size and checksum of what is at `path` against `file`.
    static func check(_ path: String, is file: ModelEntry.File) throws(ModelError) {
        guard let found = byteCount(of: path) else {
            throw .unwritable(path: path, reason: "it is not a regular file")
        }
        if let expected = file.bytes, expected != found {
            throw .wrongSize(file: file.path, expectedBytes: expected, foundBytes: found)
        }
        guard found > 0 else { throw .wrongSize(file: file.path, expectedBytes: file.bytes ?? 1, foundBytes: 0) }
        if let expected = file.sha256 {
            let sum = try sha256(of: path)
            guard sum == expected else { throw .wrongChecksum(file: file.path, expected: expected, found: sum) }
        }
    }
}
