// Reading the header: every number is checked against the file before it is used.
extension SnapshotFile {
    struct Header {
        var stamp: SnapshotStamp
        var entries: [SnapshotLayout.Entry]
    }

    static func parse(
        _ header: [UInt8], path: String, kind: SnapshotKind, byteCount: Int
    ) throws(SnapshotError) -> Header {
        guard Array(header[0..<8]) == SnapshotLayout.magic else { throw .notASnapshot(path: path) }
        // The version comes before the checksum: another version may compute it in another way.
        let version = SnapshotLayout.get(UInt32.self, at: 8, in: header)
        guard version == SnapshotLayout.containerVersion else {
            throw .unsupportedContainer(path: path, found: version, supported: SnapshotLayout.containerVersion)
        }
        let checksum = SnapshotLayout.get(UInt64.self, at: SnapshotLayout.checksumOffset, in: header)
        guard checksum == SnapshotLayout.checksum(ofHeader: header) else {
            throw .damaged(path: path, part: "the header")
        }
        let word = SnapshotLayout.get(UInt32.self, at: SnapshotLayout.kindOffset, in: header)
        guard word == kind.word else {
            throw .wrongKind(path: path, found: SnapshotKind.code(of: word), expected: kind.code)
        }
        let kindVersion = SnapshotLayout.get(UInt32.self, at: SnapshotLayout.kindVersionOffset, in: header)
        guard kindVersion == kind.version else {
            throw .unsupportedVersion(path: path, kind: kind.code, found: kindVersion, supported: kind.version)
        }
        let length = SnapshotLayout.get(UInt64.self, at: SnapshotLayout.lengthOffset, in: header)
        guard length == UInt64(byteCount) else {
            throw .wrongLength(path: path, found: byteCount, expected: Int(clamping: length))
        }
        return Header(
            stamp: try parseStamp(header, path: path), entries: try parseTable(header, path: path, byteCount: byteCount)
        )
    }

    /// The stamp of the snapshot at `path`, of any kind, read without looking at the rest of it.
    ///
    /// For a first idea of how old a snapshot is: whether it can be used only opening it tells.
    /// - Returns: nil if the header says that it can't.
    public static func stamp(at path: String) -> SnapshotStamp? {
        guard let file = try? SnapshotMapping(path: path) else { return nil }
        let header = header(of: file)
        guard Array(header[0..<8]) == SnapshotLayout.magic,
            SnapshotLayout.get(UInt32.self, at: 8, in: header) == SnapshotLayout.containerVersion,
            SnapshotLayout.get(UInt64.self, at: SnapshotLayout.checksumOffset, in: header)
                == SnapshotLayout.checksum(ofHeader: header)
        else { return nil }
        return try? parseStamp(header, path: path)
    }

    static func header(of file: SnapshotMapping) -> [UInt8] {
        file.withBytes { bytes in
            // A mapping is at least as long as a header.
            (0..<SnapshotLayout.headerBytes).map { unsafe bytes.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
        }
    }

    private static func parseStamp(_ header: [UInt8], path: String) throws(SnapshotError) -> SnapshotStamp {
        let count = SnapshotLayout.get(UInt32.self, at: SnapshotLayout.fingerprintLengthOffset, in: header)
        guard count <= UInt32(SnapshotLayout.maximumFingerprintBytes) else {
            throw .malformed(path: path, reason: "a fingerprint of \(count) bytes")
        }
        let start = SnapshotLayout.fingerprintOffset
        return SnapshotStamp(
            collectionID: SnapshotLayout.get(Int64.self, at: SnapshotLayout.collectionOffset, in: header),
            fingerprint: String(decoding: header[start..<start + Int(count)], as: UTF8.self),
            watermark: SnapshotLayout.get(Int64.self, at: SnapshotLayout.watermarkOffset, in: header))
    }

    private static func parseTable(
        _ header: [UInt8], path: String, byteCount: Int
    ) throws(SnapshotError) -> [SnapshotLayout.Entry] {
        let count = SnapshotLayout.get(UInt32.self, at: SnapshotLayout.sectionCountOffset, in: header)
        guard count <= UInt32(SnapshotLayout.maximumSectionCount) else {
            throw .malformed(path: path, reason: "\(count) sections")
        }
        var entries: [SnapshotLayout.Entry] = []
        var end = SnapshotLayout.headerBytes
        for index in 0..<Int(count) {
            let base = SnapshotLayout.tableOffset + index * SnapshotLayout.entryBytes
            let name = header[base..<base + SnapshotLayout.maximumNameBytes].prefix { $0 != 0 }
            let offset = SnapshotLayout.get(UInt64.self, at: base + 16, in: header)
            let length = SnapshotLayout.get(UInt64.self, at: base + 24, in: header)
            // Sections follow each other with less than one alignment between them, and end with the file.
            guard offset >= UInt64(end), offset - UInt64(end) < UInt64(SnapshotLayout.alignment),
                offset % UInt64(SnapshotLayout.alignment) == 0, offset <= UInt64(byteCount),
                length <= UInt64(byteCount) - offset
            else { throw .malformed(path: path, reason: "section \(index) lies at \(offset) with \(length) bytes") }
            end = Int(offset + length)
            entries.append(
                .init(
                    name: String(decoding: name, as: UTF8.self), offset: Int(offset), length: Int(length),
                    checksum: SnapshotLayout.get(UInt64.self, at: base + 32, in: header)))
        }
        guard end == byteCount else { throw .malformed(path: path, reason: "sections end at \(end) of \(byteCount)") }
        return entries
    }
}
