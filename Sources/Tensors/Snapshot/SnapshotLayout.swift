/// The byte layout of a snapshot file, shared by its writer and its reader.
///
/// Little-endian throughout.
///
///     offset  bytes  header, 4,096 bytes, zero where nothing is said
///          0      8  magic "DOCNSNAP"
///          8      4  container version (this file: 1)
///         12      4  kind, four ASCII characters
///         16      4  version of the kind's sections
///         20      4  section count, 0 … 32
///         24      8  collection id
///         32      8  watermark
///         40      8  length of the file
///         48      4  length of the fingerprint, 0 … 1,024
///         52      4  zero
///         56      8  header checksum: XXH64 of these 4,096 bytes with this field zero
///         64  32×48  section table, one entry per section in file order:
///                       0  16  name, ASCII, zero-padded
///                      16   8  offset, a multiple of 64
///                      24   8  length in bytes
///                      32   8  checksum: XXH64 of the section's bytes
///                      40   8  zero
///      1,600  1,024  fingerprint, UTF-8
///      4,096      …  sections, each from the first multiple of 64 after the one before; zeros between
///
/// Every byte is guarded: the header by its checksum, sections by theirs, the gaps by being checked for zero, the end
/// of the file by its length.
public enum SnapshotLayout {
    /// The most sections a file has.
    public static let maximumSectionCount = 32
    /// The longest section name, in bytes.
    public static let maximumNameBytes = 16
    /// The longest fingerprint, in bytes of UTF-8.
    public static let maximumFingerprintBytes = 1024
    /// What the start of each section is a multiple of, in bytes: a cache line and a 512-bit vector.
    public static let alignment = 64

    static let magic: [UInt8] = Array("DOCNSNAP".utf8)
    static let containerVersion: UInt32 = 1
    static let headerBytes = 4096
    static let tableOffset = 64
    static let entryBytes = 48
    static let fingerprintOffset = tableOffset + maximumSectionCount * entryBytes

    static let kindOffset = 12
    static let kindVersionOffset = 16
    static let sectionCountOffset = 20
    static let collectionOffset = 24
    static let watermarkOffset = 32
    static let lengthOffset = 40
    static let fingerprintLengthOffset = 48
    static let checksumOffset = 56

    /// One line of the section table.
    struct Entry: Sendable, Equatable {
        var name: String
        var offset: Int
        var length: Int
        var checksum: UInt64
    }

    /// The header checksum: `header` with its checksum field read as zero.
    static func checksum(ofHeader header: [UInt8]) -> UInt64 {
        var copy = header
        for index in checksumOffset..<checksumOffset + 8 { copy[index] = 0 }
        return XXHash64.hash(copy)
    }

    static func put<T: FixedWidthInteger>(_ value: T, at offset: Int, in header: inout [UInt8]) {
        for byte in 0..<T.bitWidth / 8 {
            header[offset + byte] = UInt8(truncatingIfNeeded: value >> T(8 * byte))
        }
    }

    static func get<T: FixedWidthInteger>(_ type: T.Type, at offset: Int, in header: [UInt8]) -> T {
        (0..<T.bitWidth / 8).reversed().reduce(T.zero) { $0 << 8 | T(truncatingIfNeeded: header[offset + $1]) }
    }
}
