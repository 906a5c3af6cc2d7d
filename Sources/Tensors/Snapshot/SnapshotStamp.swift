/// What a snapshot was taken of: the collection, what its entries were made with, and how far it got.
public struct SnapshotStamp: Sendable, Equatable {
    /// The collection's row id.
    public var collectionID: Int64
    /// The fingerprint of the encoder or analyser that made the entries, at most `SnapshotLayout.maximumFingerprintBytes`.
    public var fingerprint: String
    /// The sequence number of the last change applied.
    public var watermark: Int64

    /// Creates a stamp.
    public init(collectionID: Int64, fingerprint: String, watermark: Int64) {
        self.collectionID = collectionID
        self.fingerprint = fingerprint
        self.watermark = watermark
    }
}

/// Which index a snapshot holds, and in which version of that index's sections.
public struct SnapshotKind: Sendable, Equatable {
    /// Four ASCII characters, such as "HNSW".
    public let code: String
    /// The version of the sections' layout; a reader takes its own version only.
    public let version: UInt32

    /// Creates a kind.
    ///
    /// - Parameters:
    ///   - code: exactly four ASCII characters.
    ///   - version: the version of the sections' layout.
    public init(code: String, version: UInt32) {
        precondition(code.utf8.count == 4 && code.utf8.allSatisfy { $0 < 0x80 }, "a kind is four ASCII characters")
        self.code = code
        self.version = version
    }

    /// The code as it stands in the file: its characters in order, read as a little-endian word.
    var word: UInt32 {
        code.utf8.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    static func code(of word: UInt32) -> String {
        String(
            decoding: (0..<4).map { shift -> UInt8 in
                let byte = UInt8(truncatingIfNeeded: word >> UInt32(8 * shift))
                return (0x20..<0x7F).contains(byte) ? byte : UInt8(ascii: "?")
            }, as: UTF8.self)
    }
}
