import Crypto
import Foundation
public import Storage

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
        /// The given path it was found below, and the prefix of the ids: what a sync compares.
        public var source: String
        /// What the file system says of it; nil if it can't be looked at.
        var status: FileStatus?
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
        /// What a sync of these paths may remove.
        public var scope = SyncScope()
    }

    /// A given path and what was found there, with ids below it.
    private struct Root {
        let path: String
        var source = ""
        var files: [(path: String, id: String, status: FileStatus?)] = []
        var isFolder = false
        /// Ids of folders and links that were not entered.
        var unlisted: [String] = []
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
        let roots = paths.map { path in
            var root = Root(path: path)
            let url = URL(fileURLWithPath: path)
            root.source = Self.source(url.resolvingSymlinksInPath().path, idPrefix: idPrefix)
            let status = FileStatus(path)
            root.isFolder = status?.kind == .folder
            if root.isFolder {
                var visited: Set<String> = []
                list(
                    path, inside: url.resolvingSymlinksInPath().path, relative: "", depth: 0, &visited, &root,
                    &collected.skipped)
            } else {
                root.files = [(path, url.lastPathComponent, status)]
            }
            return root
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
                let bounded = externalID(file.id, in: root, isClashing: clashing.contains(index))
                // The same path given twice is one file.
                guard seen.insert(bounded).inserted else { continue }
                collected.files.append(
                    File(path: file.path, externalID: bounded, source: root.source, status: file.status))
                // What was inside a file that is given itself has ids that begin with the file's.
                if !root.isFolder { collected.scope.prefixes += [bounded + "/", bounded + "#"] }
            }
            collected.scope.sources.append(root.source)
            collected.scope.keeping += root.unlisted.map {
                externalID($0, in: root, isClashing: clashing.contains(index))
            }
            if root.files.isEmpty {
                collected.scope.obstacle =
                    "the folder '\(root.path)' holds no document: is what it should show there?"
            }
        }
        return collected
    }

    /// The folders that a listing of `paths` enters, and those that given files are in.
    func folders(of paths: [String]) -> Set<String> {
        var folders: Set<String> = []
        for path in paths {
            var (root, skipped) = (Root(path: path), [Skipped]())
            let url = URL(fileURLWithPath: path)
            if FileStatus(path)?.kind == .folder {
                let real = url.resolvingSymlinksInPath().path
                list(path, inside: real, relative: "", depth: 0, &folders, &root, &skipped)
            } else {
                folders.insert(url.resolvingSymlinksInPath().deletingLastPathComponent().path)
            }
        }
        return folders
    }

    /// What stands for a given path and prefix in ``File/source``.
    static func source(_ path: String, idPrefix: String) -> String { "\(path)|\(idPrefix)" }

    private func externalID(_ id: String, in root: Root, isClashing: Bool) -> String {
        Self.bounded(idPrefix + (isClashing ? Self.fullID(root, id) : id))
    }

    private static func fullID(_ root: Root, _ id: String) -> String {
        let whole = root.isFolder ? root.path + "/" + id : root.path
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
        _ found: inout Root, _ skipped: inout [Skipped]
    ) {
        func pass(_ path: String, _ id: String, _ reason: String) {
            skipped.append(Skipped(path: path, reason: reason))
            found.unlisted.append(id)
        }
        let real = URL(fileURLWithPath: folder).resolvingSymlinksInPath().path
        guard visited.insert(real).inserted else {
            return pass(folder, relative + "/", "a link to a folder that is already listed")
        }
        guard depth <= Self.maxDepth else {
            return pass(folder, relative + "/", "folders are nested more than \(Self.maxDepth) deep")
        }
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            // It fails as an item of the job, with the reason.
            let id = relative.isEmpty ? URL(fileURLWithPath: folder).lastPathComponent : relative
            found.files.append((folder, id, nil))
            return
        }
        for name in names.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            if name.hasPrefix(".") { continue }
            let path = folder.hasSuffix("/") ? folder + name : folder + "/" + name
            let id = relative.isEmpty ? name : relative + "/" + name
            var status = FileStatus(path, followsLinks: false)
            if status?.kind == .link {
                if Self.leadsOut(path, of: root) {
                    pass(path, id, "a link that leads out of the folder")
                    continue
                }
                status = FileStatus(path)
            }
            if status?.kind == .folder {
                if isRecursive {
                    list(path, inside: root, relative: id, depth: depth + 1, &visited, &found, &skipped)
                } else {
                    pass(path, id + "/", "a folder inside the folder: --recursive enters it")
                }
            } else if let reason = Self.reasonToSkip(name) {
                skipped.append(Skipped(path: path, reason: reason))
            } else {
                found.files.append((path, id, status))
            }
        }
    }

    /// Whether a symbolic link leads to something outside the folder `root`.
    private static func leadsOut(_ path: String, of root: String) -> Bool {
        let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        return target != root && !target.hasPrefix(root.hasSuffix("/") ? root : root + "/")
    }

    /// Endings of files that come with documents and are none.
    static let otherExtensions: Set<String> = [
        "png", "jpg", "jpeg", "gif", "webp", "bmp", "tif", "tiff", "ico", "heic", "svg", "svgz", "mp3", "mp4", "wav",
        "ogg", "webm", "mov", "avi", "mkv", "flac", "css", "js", "mjs", "map", "woff", "woff2", "ttf", "otf", "eot",
        "xml", "inv", "pickle", "doctree", "lock", "sum", "sqlite", "db", "bin", "o", "so", "a", "exe", "pyc",
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
