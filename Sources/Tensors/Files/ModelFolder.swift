import Foundation

/// Finds the folder with a model's files: the one given, or the snapshot in a Hugging Face cache entry.
///
///     models--intfloat--e5-small-v2/refs/main              the snapshot's name
///     models--intfloat--e5-small-v2/snapshots/<name>/…     the files
package enum ModelFolder {
    /// The folder that holds config.json; `path` itself where no snapshot is found.
    package static func resolved(_ path: String) -> String {
        let files = FileManager.default
        guard !files.fileExists(atPath: path + "/config.json"),
            let names = try? files.contentsOfDirectory(atPath: path + "/snapshots")
        else { return path }
        let main = (try? String(contentsOfFile: path + "/refs/main", encoding: .utf8))?
            .trimmingCharacters(in: .whitespacesAndNewlines)
        guard let name = names.first(where: { $0 == main }) ?? names.sorted().last else { return path }
        return path + "/snapshots/" + name
    }

    /// The name of a folder that may tell the model's family: the cache entry's, where it is a snapshot.
    package static func name(of path: String) -> String {
        let parts = path.split(separator: "/").map(String.init)
        let isSnapshot = parts.count >= 3 && parts[parts.count - 2] == "snapshots"
        return (isSnapshot ? parts[parts.count - 3] : parts.last) ?? path
    }
}
