/// Why a snapshot could not be written or cannot be used.
///
/// An index that meets one is rebuilt from the store.
public enum SnapshotError: Error, Equatable, CustomStringConvertible {
    /// There is no file at the path (nobody's fault: none was saved yet). Build the index.
    case notFound(path: String)
    /// The machine would not read the file: permission, input/output. Fix that, or rebuild the index.
    case unreadable(path: String, reason: String)
    /// The machine would not write the file: disk full, permission. The snapshot before it is still whole.
    case unwritable(path: String, reason: String)
    /// Another writer is saving to the same path. The caller may try again later.
    case busy(path: String)
    /// The writer was asked for what the format cannot hold (the calling code is at fault). Nothing was saved.
    case invalidRequest(path: String, reason: String)
    /// The file does not start as a snapshot does: another file, or its first bytes are damaged. Rebuild.
    case notASnapshot(path: String)
    /// The container is of a version this build does not read. Rebuild.
    case unsupportedContainer(path: String, found: UInt32, supported: UInt32)
    /// The file is shorter or longer than its header says, or too short to have one. Rebuild.
    case wrongLength(path: String, found: Int, expected: Int)
    /// Bytes changed after they were written: a checksum does not match, or a gap is not zero. Rebuild.
    case damaged(path: String, part: String)
    /// The file holds an index of another kind (the caller gave the wrong path).
    case wrongKind(path: String, found: String, expected: String)
    /// The file holds the right kind in a version this build does not read. Rebuild.
    case unsupportedVersion(path: String, kind: String, found: UInt32, supported: UInt32)
    /// The file belongs to another collection. Rebuild.
    case wrongCollection(path: String, found: Int64, expected: Int64)
    /// The entries were made by another encoder or analyser. Rebuild.
    case wrongFingerprint(path: String, found: String, expected: String)
    /// A section this kind needs is not in the file. Rebuild.
    case missingSection(path: String, name: String)
    /// Every checksum matches, yet the contents contradict each other (the writer's fault). Rebuild, and report it.
    case malformed(path: String, reason: String)

    /// One line: what is wrong with which file, and what to do.
    public var description: String {
        switch self {
        case .notFound(let path):
            "no snapshot at \(path): the index has to be built"
        case .unreadable(let path, let reason):
            "cannot read snapshot \(path): \(reason)"
        case .unwritable(let path, let reason):
            "cannot write snapshot \(path): \(reason); the one saved before it is untouched"
        case .busy(let path):
            "snapshot \(path) is being written by someone else: try again later"
        case .invalidRequest(let path, let reason):
            "snapshot \(path) was not written: \(reason)"
        case .notASnapshot(let path):
            "\(path) is not a snapshot, or its first bytes are damaged: rebuild the index"
        case .unsupportedContainer(let path, let found, let supported):
            "snapshot \(path) has container version \(found), this build reads \(supported): rebuild the index"
        case .wrongLength(let path, let found, let expected):
            "snapshot \(path) has \(found) bytes where \(expected) are expected: rebuild the index"
        case .damaged(let path, let part):
            "snapshot \(path) is damaged in \(part): rebuild the index"
        case .wrongKind(let path, let found, let expected):
            "snapshot \(path) is of kind \(found), not \(expected): check the path"
        case .unsupportedVersion(let path, let kind, let found, let supported):
            "snapshot \(path) is \(kind) version \(found), this build reads \(supported): rebuild the index"
        case .wrongCollection(let path, let found, let expected):
            "snapshot \(path) belongs to collection \(found), not \(expected): rebuild the index"
        case .wrongFingerprint(let path, let found, let expected):
            "snapshot \(path) was made with \(found), the collection uses \(expected): rebuild the index"
        case .missingSection(let path, let name):
            "snapshot \(path) has no section \"\(name)\": rebuild the index"
        case .malformed(let path, let reason):
            "snapshot \(path) contradicts itself (\(reason)): rebuild the index and report this"
        }
    }
}
