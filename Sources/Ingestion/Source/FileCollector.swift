import Crypto
import Foundation
import Storage

/// Finds the files to ingest below the given paths, and gives each a stable external id.
///
/// A file below a given folder has its path relative to that folder as id, a file given itself its name; should two
/// given paths hold files of the same id, all files of those paths get the given path in front. Hidden files and folders
/// and files whose extension says they hold no text are skipped. Symbolic links are followed once, and not out of the
/// given folder: whoever fills a folder must not choose what else is read. The order is that of the names, so the same
/// folder gives the same list.
public struct FileCollector: Sendable {
    /// A file to ingest.
    ///
    /// It may turn out not to be readable; then its item fails with the reason.
    public struct File: Sendable, Equatable {
        /// Where it is.
        public var path: String
        /// Its id in the collection.
        public var externalID: String
    }

    /// A file or folder that was passed over, and why.
    public struct Skipped: Sendable, Equatable {
        /// Where it is.
        public var path: String
        /// Why it is not ingested.
        public var reason: String
    }

    /// What was found.
    public struct Collected: Sendable, Equatable {
        /// Files to ingest, and paths that can't be read.
        public var files: [File] = []
        /// What was passed over.
        public var skipped: [Skipped] = []
    }

    /// Folders nested deeper than this aren't entered.
    private static let maxDepth = 128

    private let isRecursive: Bool
    private let idPrefix: String

    /// Makes a collector.
    /// - Parameters:
    ///   - isRecursive: whether folders inside a given folder are entered.
    ///   - idPrefix: put before every id.
    public init(isRecursive: Bool, idPrefix: String = "") {
        self.isRecursive = isRecursive
        self.idPrefix = idPrefix
    }

    /// Lists the files of `paths`.
    ///
    /// Nothing is read; a path that can't be listed is among the files, to fail by itself.
    public func collect(_ paths: [String]) -> Collected {
        var collected = Collected()
        var roots: [(root: String, files: [(path: String, id: String)])] = []
        for path in paths {
            var files: [(path: String, id: String)] = []
            if Self.isFolder(path) {
                var visited: Set<String> = []
                let real = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
                list(path, inside: real, relative: "", depth: 0, &visited, &files, &collected.skipped)
            } else {
                files = [(path, URL(fileURLWithPath: path).lastPathComponent)]
            }
            roots.append((path, files))
        }
        var owners: [String: Int] = [:]
        var clashing: Set<Int> = []
        for (index, root) in roots.enumerated() {
            for file in root.files {
                if let owner = owners[file.id], owner != index { clashing.formUnion([owner, index]) }
                owners[file.id] = index
            }
        }
        var seen: Set<String> = []
        for (index, root) in roots.enumerated() {
            for file in root.files {
                let id = clashing.contains(index) ? Self.fullID(root.root, file.id, file.path) : file.id
                let bounded = Self.bounded(idPrefix + id)
                // The same path given twice is one file.
                if seen.insert(bounded).inserted { collected.files.append(File(path: file.path, externalID: bounded)) }
            }
        }
        return collected
    }

    private static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        // Foundation takes the flag by pointer; it lives on this frame.
        return unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }

    private static func fullID(_ root: String, _ id: String, _ path: String) -> String {
        let whole = isFolder(root) ? root + "/" + id : path
        return whole.split(separator: "/").filter { $0 != "." && $0 != ".." }.joined(separator: "/")
    }

    /// Ids have a greatest length: a longer one keeps its start and gets a checksum.
    static func bounded(_ id: String) -> String {
        guard id.utf8.count > DocumentStore.maximumExternalIDBytes else { return id }
        let sum = SHA256.hash(data: Array(id.utf8)).hexadecimal
        var start = id
        while start.utf8.count + sum.utf8.count + 1 > DocumentStore.maximumExternalIDBytes { start.removeLast() }
        return start + "~" + sum
    }

    private func list(
        _ folder: String, inside root: String, relative: String, depth: Int, _ visited: inout Set<String>,
        _ files: inout [(path: String, id: String)], _ skipped: inout [Skipped]
    ) {
        let real = URL(fileURLWithPath: folder).resolvingSymlinksInPath().path
        guard visited.insert(real).inserted else {
            skipped.append(Skipped(path: folder, reason: "a link to a folder that is already listed"))
            return
        }
        guard depth <= Self.maxDepth else {
            skipped.append(Skipped(path: folder, reason: "folders are nested more than \(Self.maxDepth) deep"))
            return
        }
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            // It fails as an item of the job, with the reason.
            files.append((folder, relative.isEmpty ? URL(fileURLWithPath: folder).lastPathComponent : relative))
            return
        }
        for name in names.sorted(by: { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }) {
            if name.hasPrefix(".") { continue }
            let path = folder.hasSuffix("/") ? folder + name : folder + "/" + name
            let id = relative.isEmpty ? name : relative + "/" + name
            if Self.leadsOut(path, of: root) {
                skipped.append(Skipped(path: path, reason: "a link that leads out of the folder"))
            } else if Self.isFolder(path) {
                if isRecursive {
                    list(path, inside: root, relative: id, depth: depth + 1, &visited, &files, &skipped)
                } else {
                    skipped.append(Skipped(path: path, reason: "a folder inside the folder: --recursive enters it"))
                }
            } else if let reason = Self.reasonToSkip(name) {
                skipped.append(Skipped(path: path, reason: reason))
            } else {
                files.append((path, id))
            }
        }
    }

    /// Whether a path is a symbolic link to something outside the folder `root`.
    private static func leadsOut(_ path: String, of root: String) -> Bool {
        guard (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) != nil else { return false }
        let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        return target != root && !target.hasPrefix(root.hasSuffix("/") ? root : root + "/")
    }

    /// Endings of files that come with documents and are none.
    static let otherExtensions: Set<String> = [
        "png", "jpg", "jpeg", "gif", "webp", "bmp", "tif", "tiff", "ico", "heic", "svg", "svgz", "mp3", "mp4",
        "wav",
        "ogg", "webm", "mov", "avi", "mkv", "flac", "css", "js", "mjs", "map", "woff", "woff2", "ttf", "otf", "eot",
        "xml", "inv", "pickle", "doctree", "lock", "sum", "sqlite", "db", "bin", "o", "so", "a", "exe",
        "pyc",
    ]

    /// Files that come with documents but hold none.
    ///
    /// A document in a format that can't be read isn't skipped: its
    /// owner has to hear of it.
    static func reasonToSkip(_ name: String) -> String? {
        let ending = SourceFormat.fileExtension(of: name)
        if SourceFormat(fileExtension: ending) != nil { return nil }
        if SourceContainer.format(contentType: nil, fileName: name) != nil { return nil }
        if otherExtensions.contains(ending) { return "no text document (.\(ending))" }
        if ForeignFormat(fileExtension: ending) != nil { return nil }
        let documents = [
            "readme", "license", "licence", "copying", "changelog", "changes", "news", "authors", "install", "notice",
            "todo",
        ]
        if ending.isEmpty { return documents.contains(name.lowercased()) ? nil : "no file extension" }
        return "no text document (.\(ending))"
    }
}
