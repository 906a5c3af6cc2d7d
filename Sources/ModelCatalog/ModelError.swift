/// Why a model is not to be had.
public enum ModelError: Error, Equatable, CustomStringConvertible {
    /// The catalogue can't be read, or says something it must not (whoever edited it is to blame).
    case invalidCatalog(path: String, reason: String)
    /// The name is neither in the catalogue nor a path that exists (the caller's slip).
    case unknownModel(name: String, known: [String])
    /// The model is in the catalogue and its files are not all here: pull it.
    case notInstalled(name: String, missing: [String])
    /// Files are missing and this run must not use the network.
    case offline(name: String, missing: [String])
    /// The disk is too full for the files.
    case notEnoughDisk(path: String, neededBytes: Int, freeBytes: Int)
    /// What arrived is not what the catalogue expects: the source holds another file, or it was damaged on its way.
    case wrongChecksum(file: String, expected: String, found: String)
    /// What arrived has another size than the catalogue says.
    case wrongSize(file: String, expectedBytes: Int, foundBytes: Int)
    /// A source answered, but not with the file.
    case sourceFailed(source: String, reason: String)
    /// No source had all files; `reasons` says what each of them answered.
    case noSource(name: String, missing: [String], reasons: [String])
    /// A file or folder can't be read or written (the machine).
    case unwritable(path: String, reason: String)
    /// The caller stopped it.
    ///
    /// What has arrived is kept for the next attempt.
    case cancelled

    /// One line: what is wrong and what to do.
    public var description: String {
        switch self {
        case .invalidCatalog(let path, let reason):
            "the model catalogue \(path) can't be used: \(reason)"
        case .unknownModel(let name, let known):
            "there is no model '\(name)': give a path, or one of \(known.joined(separator: ", "))"
        case .notInstalled(let name, let missing):
            "model \(name) is not here (\(Self.list(missing))): run 'docent models pull \(name)'"
        case .offline(let name, let missing):
            "model \(name) is not here (\(Self.list(missing))), and nothing may be fetched offline"
        case .notEnoughDisk(let path, let needed, let free):
            "\(needed >> 20) MiB are needed at \(path) and \(free >> 20) MiB are free: make room"
        case .wrongChecksum(let file, let expected, let found):
            "\(file) is not the file the catalogue means: its SHA-256 is \(found.prefix(12))…, not \(expected.prefix(12))…"
        case .wrongSize(let file, let expected, let found):
            "\(file) is not the file the catalogue means: it has \(found) bytes, not \(expected)"
        case .sourceFailed(let source, let reason): "\(source): \(reason)"
        case .noSource(let name, let missing, let reasons):
            "model \(name) could not be fetched (\(Self.list(missing))): \(reasons.joined(separator: "; "))"
        case .unwritable(let path, let reason): "can't write \(path): \(reason)"
        case .cancelled: "cancelled; what has arrived is kept"
        }
    }

    private static func list(_ files: [String]) -> String {
        files.count <= 3
            ? files.joined(separator: ", ") : "\(files.prefix(2).joined(separator: ", ")) and \(files.count - 2) more"
    }
}
