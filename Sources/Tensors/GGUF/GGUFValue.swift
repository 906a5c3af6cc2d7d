/// One metadata value of a GGUF file, its many integer and float widths folded into one each.
public enum GGUFValue: Sendable, Equatable {
    /// Any of the eight integer types; a value beyond `Int64.max` is refused when the file is read.
    case integer(Int64)
    /// A 32- or 64-bit float.
    case number(Double)
    /// A truth value.
    case bool(Bool)
    /// Text; bytes that aren't UTF-8 are replaced by U+FFFD.
    case string(String)
    /// A list of integers.
    case integers([Int64])
    /// A list of floats.
    case numbers([Double])
    /// A list of truth values.
    case bools([Bool])
    /// A list of texts.
    case strings([String])
    /// A list of lists.
    case lists([GGUFValue])

    /// What the value is, for error messages.
    var kind: String {
        switch self {
        case .integer: "an integer"
        case .number: "a float"
        case .bool: "a truth value"
        case .string: "a string"
        case .integers: "a list of integers"
        case .numbers: "a list of floats"
        case .bools: "a list of truth values"
        case .strings: "a list of strings"
        case .lists: "a list of lists"
        }
    }
}

/// The type number in front of a metadata value.
enum GGUFValueType: UInt32 {
    case uint8 = 0
    case int8 = 1
    case uint16 = 2
    case int16 = 3
    case uint32 = 4
    case int32 = 5
    case float32 = 6
    case bool = 7
    case string = 8
    case array = 9
    case uint64 = 10
    case int64 = 11
    case float64 = 12

    /// The fewest bytes a value of this type takes, so that a count can be held against the bytes that are left.
    var leastBytes: Int {
        switch self {
        case .uint8, .int8, .bool: 1
        case .uint16, .int16: 2
        case .uint32, .int32, .float32: 4
        case .uint64, .int64, .float64, .string: 8
        case .array: 12
        }
    }
}
