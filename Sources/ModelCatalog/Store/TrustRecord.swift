import Foundation

/// The checksums of files that the catalogue states none for, as they were when the files first came.
///
/// Trust on first use: the first `pull` believes its source and writes down what it got; from then on the files must stay
/// like that, whoever delivers them again. Removing the model's folder forgets it.
enum TrustRecord {
    private static func path(_ folder: String) -> String { folder + "/.trusted.json" }

    /// `entry` with the recorded checksums where the catalogue has none.
    static func applied(to entry: ModelEntry, folder: String) -> ModelEntry {
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: path(folder))),
            let sums = try? JSONDecoder().decode([String: String].self, from: data)
        else { return entry }
        var entry = entry
        for index in entry.files.indices where entry.files[index].sha256 == nil {
            guard let sum = sums[entry.files[index].path], SafeName.isSHA256(sum) else { continue }
            entry.files[index].sha256 = sum
        }
        return entry
    }

    /// Writes down the checksums of all files that the catalogue states none for.
    /// - Throws: `ModelError.unwritable`.
    static func write(_ entry: ModelEntry, folder: String) throws(ModelError) {
        var sums: [String: String] = [:]
        for file in entry.files where file.sha256 == nil {
            sums[file.path] = try Checksum.sha256(of: folder + "/" + file.path)
        }
        guard !sums.isEmpty else { return }
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
            try encoder.encode(sums).write(to: URL(fileURLWithPath: path(folder)), options: .atomic)
        } catch {
            throw .unwritable(path: path(folder), reason: error.localizedDescription)
        }
    }
}
