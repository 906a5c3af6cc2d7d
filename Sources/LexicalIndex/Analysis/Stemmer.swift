import CStemmer
import Synchronization

/// One Snowball stemmer with a small cache in front: words repeat, stems do not change.
///
/// libstemmer's objects keep their working buffer inside and are not thread-safe, so a stemmer is only ever reached
/// through its slot's lock in `StemmerPool`.
@safe struct Stemmer: ~Copyable, Sendable {
    private static let slotBytes = 48  // [key length, key 23 bytes, stem length, stem 23 bytes]
    private static let longestCached = 23
    private static let cacheSlots = 4096

    // The C object; nil without an algorithm, or if memory ran out: words then stay as they are.
    // It has no ties to a thread, and this value, which cannot be copied, is the only way to it.
    nonisolated(unsafe) private let handle: OpaquePointer?
    private var cache: [UInt8]

    /// Creates a stemmer for one of libstemmer's algorithms, by name; nil leaves words as they are.
    init(algorithm: String?) {
        if let algorithm {
            unsafe handle = sb_stemmer_new(algorithm, "UTF_8")
        } else {
            unsafe handle = nil
        }
        cache = unsafe handle == nil ? [] : [UInt8](repeating: 0, count: Self.cacheSlots * Self.slotBytes)
    }

    deinit { unsafe sb_stemmer_delete(handle) }

    /// Appends the stem of `word` to `buffer` as one term.
    mutating func append(_ word: ArraySlice<UInt8>, flags: TermBuffer.Flags, to buffer: inout TermBuffer) {
        guard !cache.isEmpty else {
            buffer.append(word, flags: flags)
            return
        }
        guard word.count <= Self.longestCached else {
            let stem = stem(word)
            buffer.append(stem[...], flags: flags)
            return
        }
        var hash: UInt32 = 0x811C_9DC5
        for byte in word { hash = (hash ^ UInt32(byte)) &* 0x0100_0193 }
        let slot = Int((hash ^ hash >> 15) & UInt32(Self.cacheSlots - 1)) * Self.slotBytes
        let stemStart = slot + Self.longestCached + 2
        if !isCached(word, at: slot) {
            let stem = stem(word)
            guard stem.count <= Self.longestCached else {
                buffer.append(stem[...], flags: flags)
                return
            }
            cache[slot] = UInt8(word.count)
            for (offset, byte) in word.enumerated() { cache[slot + 1 + offset] = byte }
            cache[stemStart - 1] = UInt8(stem.count)
            for (offset, byte) in stem.enumerated() { cache[stemStart + offset] = byte }
        }
        buffer.append(cache[stemStart..<stemStart + Int(cache[stemStart - 1])], flags: flags)
    }

    private func isCached(_ word: ArraySlice<UInt8>, at slot: Int) -> Bool {
        guard Int(cache[slot]) == word.count else { return false }
        var position = slot + 1
        for byte in word {
            if cache[position] != byte { return false }
            position += 1
        }
        return true
    }

    private func stem(_ word: ArraySlice<UInt8>) -> [UInt8] {
        // libstemmer takes and returns pointers; what it returns is valid until its next call, so it is copied.
        unsafe word.withUnsafeBufferPointer { input in
            guard let handle = unsafe handle,
                let result = unsafe sb_stemmer_stem(handle, input.baseAddress, CInt(input.count))
            else { return unsafe Array(input) }
            return unsafe Array(UnsafeBufferPointer(start: result, count: Int(sb_stemmer_length(handle))))
        }
    }
}

/// A few stemmers, each behind its own lock: as many threads analyse side by side as there are slots.
final class StemmerPool: Sendable {
    private final class Slot: Sendable {
        let stemmer: Mutex<Stemmer?> = Mutex(nil)
    }

    private static let slotCount = 16
    private let algorithm: String?
    private let slots = (0..<StemmerPool.slotCount).map { _ in Slot() }
    private let next = Atomic<Int>(0)

    init(algorithm: String?) {
        self.algorithm = algorithm
    }

    /// Lends a stemmer to `body`; waits only when all are out.
    func withStemmer(_ body: (inout Stemmer) -> Void) {
        for slot in slots {
            if slot.stemmer.withLockIfAvailable({ lend(&$0, to: body) }) != nil { return }
        }
        let turn = next.wrappingAdd(1, ordering: .relaxed).oldValue
        slots[turn & (Self.slotCount - 1)].stemmer.withLock { lend(&$0, to: body) }
    }

    private func lend(_ stemmer: inout Stemmer?, to body: (inout Stemmer) -> Void) {
        var borrowed = stemmer.take() ?? Stemmer(algorithm: algorithm)
        body(&borrowed)
        stemmer = consume borrowed
    }
}
