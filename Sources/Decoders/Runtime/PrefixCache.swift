import Synchronization
import Tokenizers

/// Keeps what the model computed for texts it has read, so that a prompt that begins alike only pays for what is new.
///
/// Instructions and passages stand in front of the question, so a second question over the same passages reads only
/// the question. States are kept until their memory exceeds the limit; the one not used for longest goes first. Safe to
/// use from several threads: a state is out of the cache while a text is being written with it.
public final class PrefixCache: Sendable {
    /// The usual limit of memory in bytes: about five prompts of 1,100 tokens of a model of 135 million weights.
    public static let defaultMemoryBytes = 128 << 20
    /// A shorter common beginning isn't worth looking for.
    static let minReuse = 16

    private let memoryBytes: Int
    private let state = Mutex(State())

    private struct State {
        /// The last one was used last.
        var entries: [Entry] = []
        var statistics = Statistics()
    }

    private struct Entry: Sendable {
        /// Whoever takes the entry out of the list, under its lock, is the only one to use it.
        nonisolated(unsafe) let cache: KVCache
        let tokens: [TokenID]
    }

    /// What the cache has saved so far.
    public struct Statistics: Sendable, Equatable {
        /// Prompts that were looked up.
        public var lookupCount = 0
        /// Prompts of which a beginning was found.
        public var hitCount = 0
        /// Tokens that weren't read again.
        public var reusedTokenCount = 0
        /// Bytes that the kept states take.
        public var usedBytes = 0
    }

    /// Makes an empty cache for one model.
    /// - Parameter memoryBytes: the most memory of the kept states; 0 keeps none.
    public init(memoryBytes: Int = defaultMemoryBytes) {
        self.memoryBytes = max(0, memoryBytes)
    }

    /// What the cache has saved so far.
    public var statistics: Statistics {
        state.withLock { state in
            var result = state.statistics
            result.usedBytes = state.entries.reduce(0) { unsafe $0 + $1.cache.touchedBytes }
            return result
        }
    }

    /// A state that holds the longest known beginning of `prompt`, without its last token, and has room for
    /// `capacity` positions.
    ///
    /// Where most of a kept text is shared, its state is taken over; otherwise it stays and the beginning is copied.
    /// States that are `inUse` elsewhere on the calling thread are copied from where they share more.
    func take(
        _ prompt: [TokenID], capacity: Int, inUse: [(cache: KVCache, tokens: [TokenID])] = [], make: (Int) -> KVCache
    ) -> KVCache {
        let used = inUse.map { ($0.cache, Self.commonCount($0.tokens, prompt)) }.max { $0.1 < $1.1 }
        let usedCount = max(used?.1 ?? 0, Self.minReuse - 1)
        let found: (Entry, Int)? = state.withLock { state in
            state.statistics.lookupCount += 1
            var (best, length) = (-1, usedCount)
            for (index, entry) in state.entries.enumerated() {
                let common = Self.commonCount(entry.tokens, prompt)
                if common > length { (best, length) = (index, common) }
            }
            if best < 0, usedCount < Self.minReuse { return nil }
            state.statistics.hitCount += 1
            state.statistics.reusedTokenCount += length
            return best < 0 ? nil : (state.entries.remove(at: best), length)
        }
        guard let (entry, length) = found else {
            let cache = make(capacity)
            if let (source, count) = used, count >= Self.minReuse { cache.copyPrefix(of: source, count: count) }
            return cache
        }
        let cache = unsafe entry.cache
        if cache.capacity >= capacity, 2 * length >= entry.tokens.count {
            cache.truncate(to: length)
            return cache
        }
        let copy = make(capacity)
        copy.copyPrefix(of: cache, count: length)
        keep(entry)
        return copy
    }

    /// Keeps the state of a text of which `tokens` were read.
    func give(_ cache: KVCache, tokens: [TokenID]) {
        guard tokens.count >= Self.minReuse else { return }
        cache.truncate(to: tokens.count)
        keep(Entry(cache: cache, tokens: tokens))
    }

    private func keep(_ entry: Entry) {
        state.withLock { state in
            state.entries.append(entry)
            var total = state.entries.reduce(0) { unsafe $0 + $1.cache.touchedBytes }
            while total > memoryBytes, let oldest = state.entries.first {
                total -= unsafe oldest.cache.touchedBytes
                state.entries.removeFirst()
            }
        }
    }

    /// Tokens at the beginning that are the same; the prompt's last one must be read for its logits.
    private static func commonCount(_ kept: [TokenID], _ prompt: [TokenID]) -> Int {
        let most = min(kept.count, prompt.count - 1)
        var count = 0
        while count < most, kept[count] == prompt[count] { count += 1 }
        return max(count, 0)
    }
}
