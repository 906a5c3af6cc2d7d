/// A snapshot opened for reading: mapped into memory, checked whole before anything in it is believed.
///
///     let file = try SnapshotFile(path: path, kind: kind, collectionID: 7, fingerprint: "minilm:ab12")
///     let ids = try file.section("ids").array(of: Int64.self)
///
/// Opening reads every byte once to compare checksums, at about memory speed. Sections stay in the map; whoever keeps
/// a `SnapshotSection` keeps the map. `SnapshotLayout` draws the bytes.
public final class SnapshotFile: Sendable {
    /// The file's path.
    public let path: String
    /// What the snapshot was taken of.
    public let stamp: SnapshotStamp
    /// The file's length in bytes.
    public let byteCount: Int
    private let file: SnapshotMapping
    private let entries: [SnapshotLayout.Entry]

    /// Bytes that are checked before their pages are given back.
    private static let stepBytes = 16 << 20

    /// Opens, maps and checks the file.
    /// - Parameters:
    ///   - path: where the writer put it.
    ///   - kind: the kind and section version the caller reads.
    ///   - collectionID: the collection it has to be of; nil takes any.
    ///   - fingerprint: the fingerprint it has to have; nil takes any.
    ///   - givesPagesBack: whether what was checked leaves this process's memory at once, for callers that read little
    ///     of it.
    /// - Throws: `SnapshotError` with what does not fit, the first of it found.
    public init(
        path: String, kind: SnapshotKind, collectionID: Int64? = nil, fingerprint: String? = nil,
        givesPagesBack: Bool = false
    ) throws(SnapshotError) {
        file = try SnapshotMapping(path: path)
        let parsed = try SnapshotFile.parse(
            SnapshotFile.header(of: file), path: path, kind: kind, byteCount: file.byteCount)
        self.path = path
        byteCount = file.byteCount
        stamp = parsed.stamp
        entries = parsed.entries
        if let collectionID, collectionID != stamp.collectionID {
            throw .wrongCollection(path: path, found: stamp.collectionID, expected: collectionID)
        }
        if let fingerprint, fingerprint != stamp.fingerprint {
            throw .wrongFingerprint(path: path, found: stamp.fingerprint, expected: fingerprint)
        }
        try verify(givesPagesBack)
    }

    /// The section called `name`.
    /// - Throws: `SnapshotError.missingSection`.
    public func section(_ name: String) throws(SnapshotError) -> SnapshotSection {
        guard let entry = entries.first(where: { $0.name == name }) else {
            throw .missingSection(path: path, name: name)
        }
        return SnapshotSection(file: file, name: name, offset: entry.offset, byteCount: entry.length)
    }

    /// Compares every section's checksum and looks that the gaps between sections are zero.
    private func verify(_ givesPagesBack: Bool) throws(SnapshotError) {
        var end = SnapshotLayout.headerBytes
        for entry in entries {
            let (gap, hash) = file.withBytes { bytes in
                let gap = bytes.extracting(end..<entry.offset)
                let isZero = (0..<gap.byteCount).allSatisfy {
                    unsafe gap.unsafeLoad(fromByteOffset: $0, as: UInt8.self) == 0
                }
                var hash = XXHash64()
                for start in stride(from: entry.offset, to: entry.offset + entry.length, by: Self.stepBytes) {
                    let range = start..<min(start + Self.stepBytes, entry.offset + entry.length)
                    hash.update(bytes.extracting(range))
                    if givesPagesBack { unsafe MappedFile.release(UnsafeRawBufferPointer(rebasing: file.base[range])) }
                }
                return (isZero, hash.value)
            }
            guard gap else { throw .damaged(path: path, part: "the gap before section \"\(entry.name)\"") }
            guard hash == entry.checksum else { throw .damaged(path: path, part: "section \"\(entry.name)\"") }
            end = entry.offset + entry.length
        }
    }
}
