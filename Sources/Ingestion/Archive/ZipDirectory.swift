import Foundation

/// How many entries a zip file says it has, read from its last bytes.
///
/// An archive of too many entries can be refused before the first of them is looked at. What it says is no proof: a file
/// may lie, and readers count for themselves.
///
/// Source: PKWARE, APPNOTE.TXT 6.3.10, sections 4.3.14 to 4.3.16 (end of central directory, and zip64's).
enum ZipDirectory {
    private static let (endSize, locatorSize, wideEndSize, commentLimit) = (22, 20, 56, 0xFFFF)

    /// The number of entries; nil for anything that isn't a zip file with a readable directory.
    static func entryCount(of source: ArchiveReader.Source) -> Int? {
        switch source {
        case .bytes(let bytes):
            guard bytes.starts(with: [0x50, 0x4B]) else { return nil }
            return entryCount(byteCount: bytes.count) { range in bytes[range] }
        case .path(let path):
            guard let file = try? SourceFile.open(path) else { return nil }
            defer { try? file.close() }
            guard (try? file.read(upToCount: 2)).map({ $0?.elementsEqual([0x50, 0x4B]) ?? false }) == true else {
                return nil
            }
            return entryCount(byteCount: SourceFile.size(path)) { range in
                try? file.seek(toOffset: UInt64(range.lowerBound))
                return ArraySlice((try? file.read(upToCount: range.count)) ?? Data())
            }
        }
    }

    private static func entryCount(byteCount: Int, read: (Range<Int>) -> ArraySlice<UInt8>) -> Int? {
        let start = max(0, byteCount - endSize - commentLimit)
        let tail = Array(read(start..<byteCount))
        // The record is the last thing in the file but for a comment.
        guard
            let end = stride(from: tail.count - endSize, through: 0, by: -1).first(where: {
                number(tail[$0...], bytes: 4) == 0x0605_4B50
            })
        else { return nil }
        let count = number(tail[(end + 10)...], bytes: 2)
        guard count == 0xFFFF, end >= locatorSize else { return Int(count) }
        // Zip64: the count is in a wider record, whose place stands before this one.
        let locator = tail[(end - locatorSize)...]
        guard number(locator, bytes: 4) == 0x0706_4B50,
            let offset = Int(exactly: number(locator.dropFirst(8), bytes: 8)), offset >= 0,
            offset <= byteCount - wideEndSize
        else { return Int(count) }
        let record = read(offset..<(offset + wideEndSize))
        guard record.count == wideEndSize, number(record, bytes: 4) == 0x0606_4B50 else { return Int(count) }
        return Int(clamping: number(record.dropFirst(32), bytes: 8))
    }

    /// The little-endian number that `bytes` begin with.
    private static func number(_ bytes: ArraySlice<UInt8>, bytes count: Int) -> UInt64 {
        bytes.prefix(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
