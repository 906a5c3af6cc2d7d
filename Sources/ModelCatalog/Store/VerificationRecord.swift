import Foundation

/// Remembers that a model's checksums were right, and by which sizes, dates and checksums that can be told again.
enum VerificationRecord {
    private struct Line: Codable, Equatable {
        var path: String
        var bytes: Int
        var modified: Double
        var sha256: String?
    }

    /// Writes the record.
    ///
    /// Without it a model is merely "present", so failing to write it is no failure.
    static func write(_ entry: ModelEntry, folder: String) {
        guard let lines = lines(entry, folder: folder), let data = try? JSONEncoder().encode(lines) else { return }
        try? data.write(to: URL(fileURLWithPath: path(folder)), options: .atomic)
    }

    /// Whether nothing has changed since the record was written, the catalogue included.
    static func matches(_ entry: ModelEntry, folder: String) -> Bool {
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: path(folder))),
            let recorded = try? JSONDecoder().decode([Line].self, from: data)
        else { return false }
        return recorded == lines(entry, folder: folder)
    }

    /// Forgets the record.
    static func remove(folder: String) {
        try? FileManager.default.removeItem(atPath: path(folder))
    }

    private static func path(_ folder: String) -> String { folder + "/.verified.json" }

    private static func lines(_ entry: ModelEntry, folder: String) -> [Line]? {
        var lines: [Line] = []
        for file in entry.files {
            guard let attributes = try? FileManager.default.attributesOfItem(atPath: folder + "/" + file.path),
                let bytes = (attributes[.size] as? NSNumber)?.intValue,
                let modified = attributes[.modificationDate] as? Date
            else { return nil }
            lines.append(
                Line(
                    path: file.path, bytes: bytes, modified: modified.timeIntervalSince1970.rounded(),
                    sha256: file.sha256))
        }
        return lines
    }
}
