import Storage

/// The XML files of an office document, which is a zip: read once, parsed when asked for.
struct OfficePackage {
    private let files: [String: [UInt8]]
    /// What errors call the document.
    let format: String

    /// An office document's files are text and pack well; its pictures aren't read.
    private static let limits = ArchiveReader.Limits(
        entryCount: 20_000, entryBytes: 160 << 20, ratio: 200, leastTotalBytes: 64 << 20)

    /// Unpacks the files that `isWanted`.
    /// - Throws: `IngestionError`: `.damaged`, `.encrypted`, or a limit.
    init(_ bytes: [UInt8], format: String, isWanted: (String) -> Bool) throws(IngestionError) {
        self.format = format
        // An office document with a password is an OLE file, not a zip.
        if bytes.starts(with: [0xD0, 0xCF, 0x11, 0xE0]) { throw .encrypted(format: format) }
        var files: [String: [UInt8]] = [:]
        let reader = ArchiveReader(.bytes(bytes), format: format, limits: Self.limits)
        try reader.forEach { (entry, read) throws(IngestionError) in
            guard isWanted(entry.path), entry.refusal == nil else { return true }
            files[entry.path] = try read()
            return true
        }
        self.files = files
    }

    /// The names of the files there are.
    var names: [String] { files.keys.sorted() }

    /// The bytes of a file, nil if there is none.
    func bytes(_ name: String) -> [UInt8]? { files[name] }

    /// A file as a tree, nil if there is none.
    func tree(_ name: String) throws(IngestionError) -> XMLTree? {
        guard let bytes = files[name] else { return nil }
        return try XMLTree(bytes, format: format)
    }

    /// A file as a tree.
    /// - Throws: `IngestionError.damaged` if there is none.
    func requiredTree(_ name: String) throws(IngestionError) -> XMLTree {
        guard let tree = try tree(name) else { throw .damaged(format: format, reason: "\(name) is missing") }
        return tree
    }

    /// The targets of a part's relationships by id, as names in the package.
    func relationships(of part: String) throws(IngestionError) -> [String: String] {
        let folder = part.split(separator: "/").dropLast().map(String.init)
        let name = part.split(separator: "/").last.map(String.init) ?? part
        guard let tree = try tree((folder + ["_rels", name + ".rels"]).joined(separator: "/")) else { return [:] }
        var targets: [String: String] = [:]
        for relationship in tree.all("Relationship") where tree.value("TargetMode", of: relationship) != "External" {
            guard let id = tree.value("Id", of: relationship), let target = tree.value("Target", of: relationship)
            else { continue }
            targets[id] = Self.resolve(target, from: folder)
        }
        return targets
    }

    /// A path relative to a folder of the package, or to its root when it starts with a slash.
    static func resolve(_ target: String, from folder: [String]) -> String {
        var parts = target.hasPrefix("/") ? [] : folder
        for part in target.split(separator: "/") {
            if part == ".." { _ = parts.popLast() } else if part != "." { parts.append(String(part)) }
        }
        return parts.joined(separator: "/")
    }
}

extension OfficePackage {
    /// Title, author and date from the document's properties (Dublin Core, in Office Open XML and OpenDocument).
    func properties(_ name: String, into document: inout ExtractedDocument) throws(IngestionError) {
        guard let tree = try tree(name) else { return }
        func text(_ element: String) -> String? {
            guard let index = tree.first(element) else { return nil }
            let text = tree.plainText(index)
            return text.isEmpty ? nil : text
        }
        if let title = text("title") { document.title = title }
        if let language = text("language") { document.language = language }
        if let author = text("creator") ?? text("initial-creator") { document.metadata["author"] = .string(author) }
        if let description = text("description") { document.metadata["description"] = .string(description) }
        if let date = text("modified") ?? text("date") ?? text("created") {
            document.metadata["published"] = .string(date)
        }
        if let keywords = text("keywords") ?? text("keyword") { document.metadata["keywords"] = .string(keywords) }
    }
}
