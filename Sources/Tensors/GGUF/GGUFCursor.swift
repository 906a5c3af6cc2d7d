/// Reads a GGUF header from front to back; every read is checked against the end of the file first.
///
/// Numbers are little-endian. The cursor holds a raw pointer because it is handed from function to function while the
/// file stays mapped; it never outlives `GGUFFile.init`.
@safe struct GGUFCursor {
    private let bytes: UnsafeRawBufferPointer
    private let path: String
    private(set) var offset = 0

    init(bytes: UnsafeRawBufferPointer, path: String) {
        unsafe self.bytes = unsafe bytes
        self.path = path
    }

    var remaining: Int { unsafe bytes.count - offset }

    func malformed(_ reason: String) -> TensorError { .malformedGGUF(path: path, reason: reason) }

    /// Reads one fixed-width integer; `what` names it in the error.
    mutating func integer<T: FixedWidthInteger & BitwiseCopyable>(
        _ type: T.Type, _ what: @autoclosure () -> String
    ) throws(TensorError) -> T {
        let width = MemoryLayout<T>.size
        guard remaining >= width else { throw malformed("it ends within \(what()) (byte \(offset))") }
        let value = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: T.self)
        offset += width
        return T(littleEndian: value)
    }

    /// Reads a 64-bit count and holds it against a cap and against the bytes that are left.
    mutating func count(
        _ what: @autoclosure () -> String, max: Int, leastBytes: Int
    ) throws(TensorError) -> Int {
        let raw = try integer(UInt64.self, what())
        guard raw <= UInt64(max) else { throw malformed("\(what()) is \(raw), more than the \(max) allowed") }
        let count = Int(raw)
        guard count <= remaining / leastBytes else {
            throw malformed("\(what()) is \(count), more than the \(remaining) bytes left can hold")
        }
        return count
    }

    /// Reads a length-prefixed string.
    mutating func string(
        _ what: @autoclosure () -> String, maxBytes: Int
    ) throws(TensorError) -> String {
        let length = try count("the length of \(what())", max: maxBytes, leastBytes: 1)
        let slice = unsafe UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + length)])
        offset += length
        return unsafe String(decoding: slice, as: UTF8.self)
    }

    /// Reads a key or a tensor's name; what holds control characters is none, and would make errors unreadable.
    mutating func name(_ what: @autoclosure () -> String) throws(TensorError) -> String {
        let name = try string(what(), maxBytes: GGUFLimits.maxNameBytes)
        guard name.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw malformed("\(what()) holds control characters")
        }
        return name
    }

    /// Reads the type number of a metadata value.
    mutating func valueType(_ key: String) throws(TensorError) -> GGUFValueType {
        let raw = try integer(UInt32.self, "the type of \(key)")
        guard let type = GGUFValueType(rawValue: raw) else { throw malformed("\(key) has the unknown type \(raw)") }
        return type
    }

    /// Reads a value of a known type; `depth` counts the arrays around it.
    mutating func value(_ type: GGUFValueType, key: String, depth: Int = 0) throws(TensorError) -> GGUFValue {
        switch type {
        case .float32, .float64: return .number(try number(type, key))
        case .bool: return .bool(try bool(key))
        case .string: return .string(try string(key, maxBytes: GGUFLimits.maxStringBytes))
        case .array: return try array(key: key, depth: depth)
        default: return .integer(try wholeNumber(type, key))
        }
    }

    private mutating func array(key: String, depth: Int) throws(TensorError) -> GGUFValue {
        guard depth < GGUFLimits.maxArrayDepth else {
            throw malformed("\(key) nests arrays deeper than \(GGUFLimits.maxArrayDepth)")
        }
        let type = try valueType(key)
        let count = try count(
            "the length of \(key)", max: GGUFLimits.maxArrayCount, leastBytes: type.leastBytes)
        switch type {
        case .float32, .float64:
            return .numbers(try list(count) { cursor throws(TensorError) in try cursor.number(type, key) })
        case .bool:
            return .bools(try list(count) { cursor throws(TensorError) in try cursor.bool(key) })
        case .string:
            return .strings(
                try list(count) { cursor throws(TensorError) in
                    try cursor.string(key, maxBytes: GGUFLimits.maxStringBytes)
                })
        case .array:
            return .lists(
                try list(count) { cursor throws(TensorError) in try cursor.array(key: key, depth: depth + 1) })
        default:
            return .integers(try list(count) { cursor throws(TensorError) in try cursor.wholeNumber(type, key) })
        }
    }

    private mutating func list<Element>(
        _ count: Int, _ read: (inout GGUFCursor) throws(TensorError) -> Element
    ) throws(TensorError) -> [Element] {
        var result: [Element] = []
        result.reserveCapacity(count)
        for _ in 0..<count { result.append(try read(&self)) }
        return result
    }

    private mutating func bool(_ key: String) throws(TensorError) -> Bool {
        let raw = try integer(UInt8.self, key)
        guard raw <= 1 else { throw malformed("\(key) is \(raw), neither true nor false") }
        return raw == 1
    }

    private mutating func number(_ type: GGUFValueType, _ key: String) throws(TensorError) -> Double {
        if type == .float32 { return Double(Float(bitPattern: try integer(UInt32.self, key))) }
        return Double(bitPattern: try integer(UInt64.self, key))
    }

    private mutating func wholeNumber(_ type: GGUFValueType, _ key: String) throws(TensorError) -> Int64 {
        switch type {
        case .uint8: return Int64(try integer(UInt8.self, key))
        case .int8: return Int64(try integer(Int8.self, key))
        case .uint16: return Int64(try integer(UInt16.self, key))
        case .int16: return Int64(try integer(Int16.self, key))
        case .uint32: return Int64(try integer(UInt32.self, key))
        case .int32: return Int64(try integer(Int32.self, key))
        case .int64: return try integer(Int64.self, key)
        default:
            let raw = try integer(UInt64.self, key)
            guard let value = Int64(exactly: raw) else { throw malformed("\(key) is \(raw), beyond 63 bits") }
            return value
        }
    }
}
