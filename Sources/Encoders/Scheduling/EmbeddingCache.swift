import Synchronization

/// Vectors of texts that were embedded lately, by the text's hash, what it was embedded for, and the model.
///
/// People page, refine filters and ask what others ask; answers embed the sentences of the same passages again and
/// again. A hash has 128 bits and is keyed anew in each process, so that nobody can prepare two texts that share one.
/// Queries have a quarter of the memory for themselves: passages, which are many, can't push them out.
public final class EmbeddingCache: Sendable {
    /// What the cache did so far and holds now.
    public struct Statistics: Sendable, Equatable {
        /// Texts that were found.
        public var hitCount = 0
        /// Texts that were not.
        public var missCount = 0
        /// Texts held.
        public var entryCount = 0
    }

    /// A text as the cache knows it.
    struct Key: Hashable {
        var fingerprint: String
        var kind: TextKind
        var high: Int
        var low: Int

        init(_ text: String, _ kind: TextKind, fingerprint: String) {
            self.fingerprint = fingerprint
            self.kind = kind
            high = Self.hash(text, salt: 0)
            low = Self.hash(text, salt: 1)
        }

        // Over the bytes: hashing a `String` would make canonically equivalent texts one, which tokenizers tell apart.
        private static func hash(_ text: String, salt: UInt8) -> Int {
            var hasher = Hasher()
            hasher.combine(salt)
            var text = text
            text.withUTF8 { bytes in unsafe hasher.combine(bytes: UnsafeRawBufferPointer(bytes)) }
            return hasher.finalize()
        }
    }

    /// What is remembered of a text.
    struct Entry {
        var vector: [Float]
        var tokenCount: Int
        var isTruncated: Bool
    }

    private struct State {
        var queries: GenerationalCache<Key, Entry>
        var passages: GenerationalCache<Key, Entry>
        var hitCount = 0
        var missCount = 0
    }

    /// Bytes of an entry beside its vector, roughly: key, dictionary, array.
    private static let entryBytes = 192
    private let state: Mutex<State>

    /// Makes an empty cache.
    /// - Parameters:
    ///   - maximumBytes: what it may take, roughly; default 64 MiB, some 38,000 vectors of 384 numbers.
    ///   - dimension: numbers of a vector.
    public init(maximumBytes: Int = 64 << 20, dimension: Int) {
        let count = max(8, maximumBytes / (dimension * MemoryLayout<Float>.stride + Self.entryBytes))
        state = Mutex(
            State(
                queries: GenerationalCache(capacity: count / 4), passages: GenerationalCache(capacity: count * 3 / 4)))
    }

    /// What the cache did so far and holds now.
    public var statistics: Statistics {
        state.withLock {
            Statistics(
                hitCount: $0.hitCount, missCount: $0.missCount, entryCount: $0.queries.count + $0.passages.count)
        }
    }

    /// What is known of each text: [B].
    func entries(for keys: [Key]) -> [Entry?] {
        state.withLock { state in
            let found = keys.map { key in
                key.kind == .query ? state.queries.value(for: key) : state.passages.value(for: key)
            }
            let hitCount = found.count { $0 != nil }
            state.hitCount += hitCount
            state.missCount += found.count - hitCount
            return found
        }
    }

    func insert(_ entry: Entry, for key: Key) {
        state.withLock { state in
            if key.kind == .query {
                state.queries.insert(entry, for: key)
            } else {
                state.passages.insert(entry, for: key)
            }
        }
    }
}
