/// Where one tensor of a safetensors file lies and what its bytes mean.
public struct SafetensorsTensor: Sendable, Equatable {
    /// How a number is stored, named as in the file; little-endian.
    public enum ElementType: String, Sendable, CaseIterable {
        /// 64-bit float.
        case f64 = "F64"
        /// 32-bit float.
        case f32 = "F32"
        /// 16-bit float.
        case f16 = "F16"
        /// The upper half of a 32-bit float.
        case bf16 = "BF16"
        /// 8-bit float with 4 bits of exponent.
        case f8e4m3 = "F8_E4M3"
        /// 8-bit float with 5 bits of exponent.
        case f8e5m2 = "F8_E5M2"
        /// 64-bit integer.
        case i64 = "I64"
        /// 32-bit integer.
        case i32 = "I32"
        /// 16-bit integer.
        case i16 = "I16"
        /// 8-bit integer.
        case i8 = "I8"
        /// 64-bit unsigned integer.
        case u64 = "U64"
        /// 32-bit unsigned integer.
        case u32 = "U32"
        /// 16-bit unsigned integer.
        case u16 = "U16"
        /// 8-bit unsigned integer.
        case u8 = "U8"
        /// A truth value in a byte.
        case bool = "BOOL"

        /// Bytes a number takes.
        public var byteCount: Int {
            switch self {
            case .f64, .i64, .u64: 8
            case .f32, .i32, .u32: 4
            case .f16, .bf16, .i16, .u16: 2
            case .f8e4m3, .f8e5m2, .i8, .u8, .bool: 1
            }
        }
    }

    /// The tensor's name, such as `encoder.layer.0.output.dense.weight`.
    public let name: String
    /// How its numbers are stored.
    public let type: ElementType
    /// Its dimensions, slowest first; empty for a single number.
    public let shape: [Int]
    /// Its bytes, as offsets in the file.
    public let byteRange: Range<Int>

    /// How many numbers it holds.
    public var elementCount: Int { byteRange.count / type.byteCount }
}
