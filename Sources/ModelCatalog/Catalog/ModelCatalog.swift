public import Foundation

/// The models Docent knows by name: what `models/catalog.json` lists.
///
/// The file is data that people edit, so everything in it is checked before use: names and paths stay inside the models
/// folder, sources are of known kinds, checksums look like checksums.
public struct ModelCatalog: Sendable {
    /// The largest catalogue that is read, in bytes.
    public static let maximumBytes = 1 << 20
    /// The models in the order of the file.
    public let entries: [ModelEntry]

    /// Reads a catalogue file.
    /// - Throws: `ModelError.invalidCatalog`.
    public init(path: String) throws(ModelError) {
        let data: Data
        do {
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? handle.close() }
            data = try handle.read(upToCount: Self.maximumBytes + 1) ?? Data()
        } catch {
            throw .invalidCatalog(path: path, reason: "there is no such file, or it may not be read")
        }
        try self.init(json: data, path: path)
    }

    /// The catalogue this build was made with.
    /// - Throws: `ModelError.invalidCatalog`.
    public static func builtIn() throws(ModelError) -> ModelCatalog {
        try ModelCatalog(json: Data(PackageResources.catalog_json), path: "the built-in catalogue")
    }

    /// Reads a catalogue from JSON; `path` is for messages.
    /// - Throws: `ModelError.invalidCatalog`.
    public init(json: Data, path: String = "catalog.json") throws(ModelError) {
        guard json.count <= Self.maximumBytes else {
            throw .invalidCatalog(path: path, reason: "it is larger than \(Self.maximumBytes) bytes")
        }
        let file: CatalogFile
        do {
            file = try JSONDecoder().decode(CatalogFile.self, from: json)
        } catch {
            throw .invalidCatalog(path: path, reason: Self.reason(error))
        }
        guard file.version == 1 else {
            throw .invalidCatalog(path: path, reason: "its version is \(file.version), this build reads 1")
        }
        var names: Set<String> = []
        for entry in file.models {
            if let problem = entry.problem {
                throw .invalidCatalog(path: path, reason: "model '\(entry.name)': \(problem)")
            }
            guard names.insert(entry.name).inserted else {
                throw .invalidCatalog(path: path, reason: "model '\(entry.name)' is in it twice")
            }
        }
        entries = file.models
    }

    /// The model called `name`.
    public func entry(named name: String) -> ModelEntry? {
        entries.first { $0.name == name }
    }

    private static func reason(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "it is not JSON" }
        func place(_ context: DecodingError.Context) -> String {
            context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".")
        }
        switch error {
        case .keyNotFound(let key, let context): return "'\(key.stringValue)' is missing at '\(place(context))'"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            return "'\(place(context))' has a value of the wrong type"
        case .dataCorrupted(let context): return "'\(place(context))' is not valid: \(context.debugDescription)"
        @unknown default: return "it is not valid"
        }
    }
}

private struct CatalogFile: Decodable {
    var version: Int
    var models: [ModelEntry]
}
