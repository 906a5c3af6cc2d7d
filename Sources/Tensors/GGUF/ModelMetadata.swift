/// What a model file says about itself, by key.
public protocol ModelMetadata {
    /// The file's or folder's path, for errors.
    var path: String { get }
    /// Everything it says, by GGUF's keys.
    var metadata: [String: GGUFValue] { get }
}

extension GGUFFile: ModelMetadata {}

/// Typed reading of metadata: a key that is absent and a key of another type are told apart.
extension ModelMetadata {
    /// The text under `key`, or nil when the key is absent.
    /// - Throws: `badGGUFMetadata` when the value is no text.
    public func string(_ key: String) throws(TensorError) -> String? {
        guard let value = metadata[key] else { return nil }
        guard case .string(let text) = value else { throw mismatch(key, value, "a string") }
        return text
    }

    /// The integer under `key`, or nil when the key is absent.
    /// - Throws: `badGGUFMetadata` when the value is no integer.
    public func integer(_ key: String) throws(TensorError) -> Int? {
        guard let value = metadata[key] else { return nil }
        guard case .integer(let number) = value else { throw mismatch(key, value, "an integer") }
        return Int(number)
    }

    /// The float under `key` (an integer counts as one), or nil when the key is absent.
    /// - Throws: `badGGUFMetadata` when the value is no number.
    public func number(_ key: String) throws(TensorError) -> Double? {
        guard let value = metadata[key] else { return nil }
        switch value {
        case .number(let number): return number
        case .integer(let number): return Double(number)
        default: throw mismatch(key, value, "a number")
        }
    }

    /// The truth value under `key`, or nil when the key is absent.
    /// - Throws: `badGGUFMetadata` when the value is no truth value.
    public func bool(_ key: String) throws(TensorError) -> Bool? {
        guard let value = metadata[key] else { return nil }
        guard case .bool(let flag) = value else { throw mismatch(key, value, "a truth value") }
        return flag
    }

    /// The list of texts under `key`, or nil when the key is absent.
    /// - Throws: `badGGUFMetadata` when the value is no list of texts.
    public func strings(_ key: String) throws(TensorError) -> [String]? {
        guard let value = metadata[key] else { return nil }
        guard case .strings(let list) = value else { throw mismatch(key, value, "a list of strings") }
        return list
    }

    /// The list of truth values under `key`, or nil when the key is absent.
    /// - Throws: `badGGUFMetadata` when the value is no list of truth values.
    public func bools(_ key: String) throws(TensorError) -> [Bool]? {
        guard let value = metadata[key] else { return nil }
        guard case .bools(let list) = value else { throw mismatch(key, value, "a list of truth values") }
        return list
    }

    /// The list of integers under `key`, or nil when the key is absent.
    /// - Throws: `badGGUFMetadata` when the value is no list of integers.
    public func integers(_ key: String) throws(TensorError) -> [Int64]? {
        guard let value = metadata[key] else { return nil }
        guard case .integers(let list) = value else { throw mismatch(key, value, "a list of integers") }
        return list
    }

    /// The list of floats under `key`, or nil when the key is absent.
    /// - Throws: `badGGUFMetadata` when the value is no list of floats.
    public func numbers(_ key: String) throws(TensorError) -> [Double]? {
        guard let value = metadata[key] else { return nil }
        guard case .numbers(let list) = value else { throw mismatch(key, value, "a list of floats") }
        return list
    }

    private func mismatch(_ key: String, _ value: GGUFValue, _ wanted: String) -> TensorError {
        .badGGUFMetadata(path: path, key: key, reason: "is \(value.kind), not \(wanted)")
    }
}
