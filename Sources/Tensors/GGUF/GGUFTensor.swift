/// Where one tensor of a GGUF file lies and what its bytes mean.
public struct GGUFTensor: Sendable, Equatable {
    /// The tensor's name, such as `blk.0.attn_q.weight`.
    public let name: String
    /// How its numbers are stored.
    public let type: GGUFTensorType
    /// Its dimensions, slowest first (row-major; the file lists them the other way round).
    ///
    /// Never empty, none is 0.
    public let shape: [Int]
    /// Its bytes, as offsets in the file.
    public let byteRange: Range<Int>

    /// Values in a row: the last dimension.
    public var columnCount: Int { shape[shape.count - 1] }

    /// Rows: the product of every dimension but the last.
    public var rowCount: Int { shape.dropLast().reduce(1, *) }

    /// Bytes of one row.
    public var rowBytes: Int { byteRange.count / rowCount }
}
