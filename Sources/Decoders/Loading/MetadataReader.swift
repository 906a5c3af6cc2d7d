import Tensors

/// Reads an architecture's metadata, with errors that name the key.
struct MetadataReader {
    let source: any ModelSource
    let prefix: String

    func inconsistent(_ reason: String) -> DecoderError { .inconsistentModel(path: source.path, reason: reason) }

    /// A count from 1 to `max`.
    func count(_ key: String, max: Int, default fallback: Int? = nil) throws(DecoderError) -> Int {
        guard let value = try integer(key) ?? fallback else { throw inconsistent("\(name(key)) is missing") }
        guard value >= 1, value <= max else { throw inconsistent("\(name(key)) is \(value), not in 1…\(max)") }
        return value
    }

    func integer(_ key: String) throws(DecoderError) -> Int? {
        do { return try source.integer(prefix + key) } catch { throw .unreadable(error) }
    }

    func number(_ key: String, default fallback: Double?) throws(DecoderError) -> Double {
        do {
            if let value = try source.number(prefix + key) ?? fallback { return value }
        } catch { throw .unreadable(error) }
        throw inconsistent("\(name(key)) is missing")
    }

    func string(_ key: String) throws(DecoderError) -> String? {
        do { return try source.string(prefix + key) } catch { throw .unreadable(error) }
    }

    func bools(_ key: String) throws(DecoderError) -> [Bool]? {
        do { return try source.bools(prefix + key) } catch { throw .unreadable(error) }
    }

    /// The key as the source writes it.
    func name(_ key: String) -> String { source.settingName(prefix + key) }
}
