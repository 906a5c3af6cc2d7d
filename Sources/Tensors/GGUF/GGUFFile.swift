/// A GGUF model file, mapped into memory: metadata as typed values, tensors as checked byte ranges.
///
/// Versions 2 and 3, little-endian. Layout of the file:
///
///     "GGUF" | version u32 | tensor count u64 | metadata count u64
///     metadata: (key, type u32, value)…
///     tensors:  (name, dimension count u32, dimensions u64…, type u32, offset u64)…
///     padding to the alignment (metadata `general.alignment`, 32 unless given)
///     tensor data, each at its offset from here, aligned
///
/// Every count, length, product and offset is checked against `GGUFLimits` and the file's size before it is used, and
/// tensors must leave neither gaps nor overlaps, so a damaged file gives an error. The bytes of the tensors themselves are
/// not read here.
///
/// Source: the GGUF specification, `docs/gguf.md` of the ggml project.
public final class GGUFFile: Sendable {
    /// The file's path as given.
    public let path: String
    /// The format's version: 2 or 3.
    public let version: UInt32
    /// All metadata by key.
    public let metadata: [String: GGUFValue]
    /// All tensors in the file's order.
    public let tensors: [GGUFTensor]

    /// The file itself.
    package let file: MappedFile
    /// Where the tensors' bytes begin.
    private let dataOffset: Int
    private let tensorIndex: [String: Int]

    /// Maps the file and reads its header.
    /// - Parameter path: a GGUF file.
    /// - Throws: `unreadable` when it can't be mapped, `unsupportedGGUF` for another version or byte order,
    ///   `malformedGGUF` for anything that contradicts the format or the file's size.
    public init(path: String) throws(TensorError) {
        let file = try MappedFile(path: path)
        // The pointer is used only while `file`, which owns the mapping, is alive.
        var cursor = unsafe GGUFCursor(bytes: file.base, path: path)
        let counts = try Self.readPreamble(&cursor, path: path)
        let metadata = try Self.readMetadata(&cursor, count: counts.metadata)
        let entries = try Self.readTensorEntries(&cursor, count: counts.tensors)
        let dataStart = try Self.dataStart(metadata, cursor)
        self.path = path
        self.version = counts.version
        self.metadata = metadata
        self.file = file
        dataOffset = dataStart.offset
        tensors = try Self.place(entries, from: dataStart.offset, alignment: dataStart.alignment, file, cursor)
        var index: [String: Int] = [:]
        for (position, tensor) in tensors.enumerated() {
            guard index.updateValue(position, forKey: tensor.name) == nil else {
                throw cursor.malformed("tensor \(tensor.name) appears twice")
            }
        }
        tensorIndex = index
    }

    /// The file's size.
    public var byteCount: Int { file.byteCount }

    /// Tells this file from others, and from what was at its path before: its size, when it was written, its header, and
    /// 4 KB of every megabyte behind it.
    package var contentFingerprint: String {
        "gguf:\(file.contentFingerprint(headerBytes: dataOffset))"
    }

    /// Whether the file holds a tensor of this name.
    public func hasTensor(_ name: String) -> Bool { tensorIndex[name] != nil }

    /// The tensor of this name.
    /// - Throws: `missingTensor`.
    public func tensor(_ name: String) throws(TensorError) -> GGUFTensor {
        guard let index = tensorIndex[name] else { throw .missingTensor(path: path, name: name) }
        return tensors[index]
    }

    /// Hands a tensor's bytes to `body`, straight from the mapping.
    public func withBytes<Result>(of tensor: GGUFTensor, _ body: (RawSpan) throws -> Result) rethrows -> Result {
        try file.withBytes { bytes in try body(bytes.extracting(tensor.byteRange)) }
    }

    /// The address of a tensor's bytes, for kernels; valid while this file is referenced.
    package func base(of tensor: GGUFTensor) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(rebasing: file.base[tensor.byteRange])
    }
}

extension GGUFFile {
    private static func readPreamble(
        _ cursor: inout GGUFCursor, path: String
    ) throws(TensorError) -> (version: UInt32, tensors: Int, metadata: Int) {
        let magic = try cursor.integer(UInt32.self, "its signature")
        guard magic == 0x4655_4747 else { throw cursor.malformed("it does not begin with \"GGUF\"") }
        let version = try cursor.integer(UInt32.self, "its version")
        guard version == 2 || version == 3 else {
            let reason =
                version.byteSwapped <= 3
                ? "it is a big-endian GGUF file; use the little-endian one"
                : "GGUF version \(version) is not read, only 2 and 3; convert the model anew"
            throw .unsupportedGGUF(path: path, reason: reason)
        }
        // A tensor entry takes at least 32 bytes, a metadata pair at least 13.
        let tensors = try cursor.count("the number of tensors", max: GGUFLimits.maxTensorCount, leastBytes: 32)
        let metadata = try cursor.count(
            "the number of metadata pairs", max: GGUFLimits.maxMetadataCount, leastBytes: 13)
        return (version, tensors, metadata)
    }

    private static func readMetadata(
        _ cursor: inout GGUFCursor, count: Int
    ) throws(TensorError) -> [String: GGUFValue] {
        var metadata: [String: GGUFValue] = [:]
        for index in 0..<count {
            let key = try cursor.name("metadata key \(index)")
            let type = try cursor.valueType(key)
            let value = try cursor.value(type, key: key)
            guard metadata.updateValue(value, forKey: key) == nil else {
                throw cursor.malformed("metadata key \(key) appears twice")
            }
        }
        return metadata
    }

    private struct Entry {
        var name: String
        var type: GGUFTensorType
        var shape: [Int]
        var byteCount: Int
        var offset: UInt64
    }

    private static func readTensorEntries(_ cursor: inout GGUFCursor, count: Int) throws(TensorError) -> [Entry] {
        var entries: [Entry] = []
        entries.reserveCapacity(count)
        for index in 0..<count {
            let name = try cursor.name("the name of tensor \(index)")
            let shape = try readShape(&cursor, name)
            let rawType = try cursor.integer(UInt32.self, "the type of tensor \(name)")
            guard let type = GGUFTensorType(rawValue: rawType) else {
                throw cursor.malformed("tensor \(name) has the unknown type \(rawType)")
            }
            let offset = try cursor.integer(UInt64.self, "the offset of tensor \(name)")
            guard shape[shape.count - 1] % type.blockCount == 0 else {
                throw cursor.malformed("a row of tensor \(name) is no whole number of \(type.name) blocks")
            }
            var bytes = type.blockBytes
            for (axis, dimension) in shape.enumerated() {
                let blocks = axis == shape.count - 1 ? dimension / type.blockCount : dimension
                let (product, overflow) = bytes.multipliedReportingOverflow(by: blocks)
                guard !overflow else { throw cursor.malformed("the size of tensor \(name) overflows") }
                bytes = product
            }
            entries.append(Entry(name: name, type: type, shape: shape, byteCount: bytes, offset: offset))
        }
        return entries
    }

    private static func readShape(_ cursor: inout GGUFCursor, _ name: String) throws(TensorError) -> [Int] {
        let dimensionCount = try cursor.integer(UInt32.self, "the dimensions of tensor \(name)")
        guard (1...UInt32(GGUFLimits.maxDimensionCount)).contains(dimensionCount) else {
            throw cursor.malformed("tensor \(name) has \(dimensionCount) dimensions")
        }
        var shape: [Int] = []
        for _ in 0..<dimensionCount {
            let raw = try cursor.integer(UInt64.self, "the dimensions of tensor \(name)")
            guard raw > 0, let dimension = Int(exactly: raw) else {
                throw cursor.malformed("tensor \(name) has a dimension of \(raw)")
            }
            shape.append(dimension)
        }
        return shape.reversed()
    }

    private static func dataStart(
        _ metadata: [String: GGUFValue], _ cursor: GGUFCursor
    ) throws(TensorError) -> (offset: Int, alignment: Int) {
        var alignment = 32
        if let value = metadata["general.alignment"] {
            guard case .integer(let raw) = value, raw >= 1, raw <= Int64(GGUFLimits.maxAlignment),
                raw & (raw - 1) == 0
            else {
                throw cursor.malformed(
                    "general.alignment is not a power of two up to \(GGUFLimits.maxAlignment)")
            }
            alignment = Int(raw)
        }
        return ((cursor.offset + alignment - 1) / alignment * alignment, alignment)
    }

    private static func place(
        _ entries: [Entry], from start: Int, alignment: Int, _ file: MappedFile, _ cursor: GGUFCursor
    ) throws(TensorError) -> [GGUFTensor] {
        var tensors: [GGUFTensor] = []
        tensors.reserveCapacity(entries.count)
        for entry in entries {
            let available = file.byteCount - start
            guard available >= 0, entry.byteCount <= available,
                entry.offset <= UInt64(available - entry.byteCount)
            else { throw cursor.malformed("tensor \(entry.name) reaches beyond the end of the file") }
            let offset = start + Int(entry.offset)
            guard offset % alignment == 0 else { throw cursor.malformed("tensor \(entry.name) is not aligned") }
            tensors.append(
                GGUFTensor(
                    name: entry.name, type: entry.type, shape: entry.shape,
                    byteRange: offset..<(offset + entry.byteCount)))
        }
        try checkGapless(tensors, from: start, alignment: alignment, cursor)
        return tensors
    }

    /// Tensors lie one behind the other with nothing but padding between: a flipped offset, dimension or type, which
    /// would otherwise read other numbers, leaves a gap or an overlap.
    private static func checkGapless(
        _ tensors: [GGUFTensor], from start: Int, alignment: Int, _ cursor: GGUFCursor
    ) throws(TensorError) {
        var end = start
        for tensor in tensors.sorted(by: { $0.byteRange.lowerBound < $1.byteRange.lowerBound }) {
            let begin = tensor.byteRange.lowerBound
            guard begin >= end else { throw cursor.malformed("tensor \(tensor.name) and the one before it overlap") }
            guard begin - end < alignment else {
                throw cursor.malformed("\(begin - end) bytes in front of tensor \(tensor.name) belong to no tensor")
            }
            end = tensor.byteRange.upperBound
        }
    }
}
