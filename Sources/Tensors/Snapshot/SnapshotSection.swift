/// One section of an open snapshot: checked bytes in the memory map, which lives as long as this value.
public struct SnapshotSection: Sendable {
    /// The section's name.
    public let name: String
    /// Its length in bytes.
    public let byteCount: Int
    private let file: SnapshotMapping
    private let offset: Int

    init(file: SnapshotMapping, name: String, offset: Int, byteCount: Int) {
        self.file = file
        self.name = name
        self.offset = offset
        self.byteCount = byteCount
    }

    /// Lends the section's bytes.
    public func withBytes<R>(_ body: (RawSpan) throws -> R) rethrows -> R {
        try file.withBytes { bytes in try body(bytes.extracting(offset..<offset + byteCount)) }
    }

    /// The section's bytes where they lie in the map, for readers that keep using them in place.
    ///
    /// Valid as long as this value (or another of the same file) is kept; the start is a multiple of 64. The map is
    /// private: writing copies the page and never reaches the file. Only the index that opened the file may write.
    package var base: UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(rebasing: file.base[offset..<offset + byteCount])
    }

    /// A copy of the section as little-endian elements of `type`; nil when its length is no multiple of an element's.
    public func array<T: FixedWidthInteger & BitwiseCopyable>(of type: T.Type) -> [T]? {
        let size = MemoryLayout<T>.size
        guard byteCount % size == 0 else { return nil }
        return unsafe [T](unsafeUninitializedCapacity: byteCount / size) { target, count in
            // One copy instead of one load per element; sections hold millions.
            unsafe UnsafeMutableRawBufferPointer(target).copyMemory(from: UnsafeRawBufferPointer(base))
            count = byteCount / size
        }
    }
}
