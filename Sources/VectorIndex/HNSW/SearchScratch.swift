import CKernels
import Synchronization

/// The working memory of one search or one inserting task, reused from one to the next.
///
/// Owned by one thread between `ScratchPool.take` and `ScratchPool.giveBack`, which is why its state may be shared
/// without locks.
@safe
final class SearchScratch: Sendable {
    /// One bit per slot that this pass over a layer has met.
    ///
    /// 100,000 slots are 12.5 KB and stay in the first cache.
    private(set) nonisolated(unsafe) var visited: UnsafeMutablePointer<UInt64>
    private(set) nonisolated(unsafe) var visitedWordCount = 0
    /// The beam: ranked slots in ascending order, room for `beamCapacity`.
    private(set) nonisolated(unsafe) var beam: UnsafeMutablePointer<UInt64>
    private(set) nonisolated(unsafe) var beamCapacity = 0
    /// Neighbours waiting for their distance, and the kernel's values for them.
    nonisolated(unsafe) let batch: UnsafeMutablePointer<UInt32>
    nonisolated(unsafe) let values: UnsafeMutablePointer<Float>
    static let batchCapacity = 1024
    /// The codes of the query, and of a stored vector that is compared with others; room for `codeCapacity` bytes each.
    private(set) nonisolated(unsafe) var queryCodes: UnsafeMutableRawPointer
    private(set) nonisolated(unsafe) var rowCodes: UnsafeMutableRawPointer
    private nonisolated(unsafe) var codeCapacity = 0
    /// Links chosen for a node, ranked and as plain slots, and candidates ranked by hand.
    nonisolated(unsafe) let kept: UnsafeMutablePointer<UInt64>
    nonisolated(unsafe) let keptSlots: UnsafeMutablePointer<UInt32>
    nonisolated(unsafe) let ranked: UnsafeMutablePointer<UInt64>
    /// One bit per slot that is live and allowed; room for `allowedCapacity` words.
    private(set) nonisolated(unsafe) var allowedSlots: UnsafeMutablePointer<UInt64>
    private nonisolated(unsafe) var allowedCapacity = 0
    /// What a scan may return, ranked by codes; room for `candidateCapacity`.
    private(set) nonisolated(unsafe) var candidates: UnsafeMutablePointer<UInt64>
    private nonisolated(unsafe) var candidateCapacity = 0
    /// Distances computed since the scratch was taken.
    nonisolated(unsafe) var distanceCount = 0
    /// Nodes whose links were followed since the scratch was taken.
    nonisolated(unsafe) var hopCount = 0
    /// The epoch its present user began in.
    fileprivate nonisolated(unsafe) var epoch: UInt64 = 0

    init() {
        unsafe visited = .allocate(capacity: 1)
        unsafe beam = .allocate(capacity: 1)
        unsafe batch = .allocate(capacity: SearchScratch.batchCapacity)
        unsafe values = .allocate(capacity: SearchScratch.batchCapacity)
        unsafe kept = .allocate(capacity: SearchScratch.batchCapacity)
        unsafe keptSlots = .allocate(capacity: SearchScratch.batchCapacity)
        unsafe ranked = .allocate(capacity: SearchScratch.batchCapacity)
        unsafe queryCodes = .allocate(byteCount: 64, alignment: 64)
        unsafe rowCodes = .allocate(byteCount: 64, alignment: 64)
        unsafe allowedSlots = .allocate(capacity: 1)
        unsafe candidates = .allocate(capacity: 1)
    }

    deinit {
        unsafe allowedSlots.deallocate()
        unsafe candidates.deallocate()
        unsafe visited.deallocate()
        unsafe beam.deallocate()
        unsafe batch.deallocate()
        unsafe values.deallocate()
        unsafe kept.deallocate()
        unsafe keptSlots.deallocate()
        unsafe ranked.deallocate()
        unsafe queryCodes.deallocate()
        unsafe rowCodes.deallocate()
    }

    /// Makes room for slots below `slotCount` and some that may come, for a beam of `beamCapacity`, and for codes.
    func prepare(slotCount: Int, beamCapacity: Int, codeBytes: Int) {
        if unsafe codeBytes > codeCapacity {
            unsafe queryCodes.deallocate()
            unsafe rowCodes.deallocate()
            unsafe codeCapacity = codeBytes
            unsafe queryCodes = .allocate(byteCount: codeBytes, alignment: 64)
            unsafe rowCodes = .allocate(byteCount: codeBytes, alignment: 64)
        }
        prepare(beamCapacity: beamCapacity)
        let words = (slotCount + 63) / 64
        if unsafe words > visitedWordCount {
            unsafe visited.deallocate()
            unsafe visitedWordCount = words + words / 4 + 64
            unsafe visited = .allocate(capacity: visitedWordCount)
        }
    }

    /// Makes room for a beam of `beamCapacity`; what was in the beam is lost.
    func prepare(beamCapacity: Int) {
        if unsafe beamCapacity > self.beamCapacity {
            unsafe beam.deallocate()
            unsafe self.beamCapacity = beamCapacity
            // One more, for the entry that pushes the last one out.
            unsafe beam = .allocate(capacity: beamCapacity + 1)
        }
    }

    /// Makes room for a bit of each of `slotCount` slots.
    func prepare(allowedSlotCount slotCount: Int) {
        let words = (slotCount + 63) / 64
        guard unsafe words > allowedCapacity else { return }
        unsafe allowedSlots.deallocate()
        unsafe allowedCapacity = words + words / 4 + 64
        unsafe allowedSlots = .allocate(capacity: allowedCapacity)
    }

    /// Makes room for `count` candidates of a scan; those there were are lost.
    func prepare(candidateCount count: Int) {
        guard unsafe count > candidateCapacity else { return }
        unsafe candidates.deallocate()
        unsafe candidateCapacity = count + count / 4
        unsafe candidates = .allocate(capacity: candidateCapacity)
    }

    /// Forgets which slots were met.
    ///
    /// Clearing the bits of 100,000 slots costs as much as two distances.
    @inline(__always)
    func clearVisited() {
        unsafe visited.update(repeating: 0, count: visitedWordCount)
    }

    /// Notes that `slot` was met.
    ///
    /// - Returns: whether it is new; false for a slot that came after this scratch was prepared.
    @inline(__always)
    func visit(_ slot: UInt32) -> Bool {
        let word = Int(slot >> 6)
        let bit: UInt64 = 1 &<< UInt64(slot & 63)
        guard unsafe word < visitedWordCount else { return false }
        let old = unsafe visited[word]
        unsafe visited[word] = old | bit
        return old & bit == 0
    }

    /// Whether `slot` was met, or came after this scratch was prepared.
    @inline(__always)
    func isVisited(_ slot: UInt32) -> Bool {
        let word = Int(slot >> 6)
        guard unsafe word < visitedWordCount else { return true }
        return unsafe visited[word] & (1 &<< UInt64(slot & 63)) != 0
    }
}

/// Hands out scratches, and tells writers when nobody can be looking at a slot any more.
///
/// Each search belongs to the epoch in which it began. A slot taken out of the graph in epoch E may be reused once every
/// search of an epoch up to E has ended.
final class ScratchPool: Sendable {
    private struct State {
        var idle: [SearchScratch] = []
        var active: [UInt64: Int] = [:]
        var epoch: UInt64 = 1
    }
    private let state = Mutex(State())
    private let codeBytes: Int
    private let distances = Atomic<Int>(0)
    private let hops = Atomic<Int>(0)
    private let uses = Atomic<Int>(0)

    /// Scratches for queries whose codes take `codeBytes`.
    init(codeBytes: Int = 0) {
        self.codeBytes = codeBytes
    }

    /// A scratch for one search over slots below `slotCount`.
    func take(slotCount: Int, beamCapacity: Int) -> SearchScratch {
        let scratch = state.withLock { state in
            let scratch = state.idle.popLast() ?? SearchScratch()
            unsafe scratch.epoch = state.epoch
            state.active[state.epoch, default: 0] += 1
            return scratch
        }
        scratch.prepare(slotCount: slotCount, beamCapacity: beamCapacity, codeBytes: codeBytes)
        unsafe scratch.distanceCount = 0
        unsafe scratch.hopCount = 0
        return scratch
    }

    /// Ends the search that `scratch` was taken for.
    func giveBack(_ scratch: SearchScratch) {
        unsafe distances.wrappingAdd(scratch.distanceCount, ordering: .relaxed)
        unsafe hops.wrappingAdd(scratch.hopCount, ordering: .relaxed)
        uses.wrappingAdd(1, ordering: .relaxed)
        state.withLock { state in
            if let count = unsafe state.active[scratch.epoch], count > 1 {
                unsafe state.active[scratch.epoch] = count - 1
            } else {
                unsafe state.active[scratch.epoch] = nil
            }
            state.idle.append(scratch)
        }
    }

    /// Ends the present epoch and returns it: the one to note on slots that were just taken out of the graph.
    func endEpoch() -> UInt64 {
        state.withLock { state in
            defer { state.epoch += 1 }
            return state.epoch
        }
    }

    /// The epoch of the oldest search under way, or the present one: slots of earlier epochs may be reused.
    var oldestEpoch: UInt64 {
        state.withLock { state in state.active.keys.min() ?? state.epoch }
    }

    /// Adds what another pool has counted.
    func absorb(_ totals: (distances: Int, hops: Int, uses: Int)) {
        distances.wrappingAdd(totals.distances, ordering: .relaxed)
        hops.wrappingAdd(totals.hops, ordering: .relaxed)
        uses.wrappingAdd(totals.uses, ordering: .relaxed)
    }

    /// Distances computed and nodes expanded by everything that has ended, and how many searches and tasks that were.
    var totals: (distances: Int, hops: Int, uses: Int) {
        (distances.load(ordering: .relaxed), hops.load(ordering: .relaxed), uses.load(ordering: .relaxed))
    }
}
