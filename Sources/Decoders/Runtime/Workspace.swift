import CKernels
import Kernels
import Synchronization

/// The buffers of one forward pass over up to T tokens; made once per session, shared by no two.
final class Workspace {
    /// T: most tokens at once.
    let tokenCount: Int
    /// [T, D]: the residual stream.
    let hidden: Rows
    /// [T, D]: normalised input of a product.
    let normed: Rows
    /// [T, D]: what a product adds to the residual stream.
    let delta: Rows
    /// [T, query heads · head size].
    let queries: Rows
    /// [T, key-value heads · head size].
    let keys: Rows
    /// [T, key-value heads · head size].
    let values: Rows
    /// [T, query heads · head size].
    let attended: Rows
    /// [T, F].
    let gate: Rows
    /// [T, F].
    let up: Rows
    /// Memory of the attention tasks.
    let scratch: ScratchSlots
    /// [T, rotary pairs].
    let cosines: Rows
    /// [T, rotary pairs].
    let sines: Rows
    /// [T, widest input / 32].
    let blocks: Buffer<ck_q8_block>

    /// What the rows above are views of.
    private let storage: [Buffer<Float>]

    init(
        tokenCount: Int, hidden: Int, queries: Int, keyValues: Int, feedForward: Int, rotaryPairs: Int,
        scratch: ScratchSlots
    ) {
        self.tokenCount = tokenCount
        var storage: [Buffer<Float>] = []
        func rows(_ width: Int, count: Int = tokenCount) -> Rows {
            let buffer = Buffer<Float>(count: count * width)
            storage.append(buffer)
            return Rows(buffer, width: width)
        }
        self.hidden = rows(hidden)
        normed = rows(hidden)
        delta = rows(hidden)
        self.queries = rows(queries)
        keys = rows(keyValues)
        values = rows(keyValues)
        attended = rows(queries)
        gate = rows(feedForward)
        up = rows(feedForward)
        self.scratch = scratch
        cosines = rows(rotaryPairs)
        sines = rows(rotaryPairs)
        blocks = Buffer(count: tokenCount * ((max(hidden, queries, feedForward) + 31) / 32))
        self.storage = storage
    }
}

/// A piece of memory for each task that runs at the same time; made once, taken and given back by tasks.
@safe
final class ScratchSlots: Sendable {
    private let size: Int
    private let count: Int
    // One task at a time uses a slot; which ones are free is behind the mutex.
    private nonisolated(unsafe) let memory: UnsafeMutablePointer<Float>
    private let free: Mutex<[Int]>

    /// Makes `count` slots of `size` floats.
    init(count: Int, size: Int) {
        self.size = size
        self.count = count
        unsafe memory = .allocate(capacity: max(1, count * size))
        free = Mutex(Array(0..<count))
    }

    deinit { unsafe memory.deallocate() }

    /// Calls `body` with a slot's memory, uninitialised; with fresh memory when every slot is taken.
    func withSlot(_ body: (UnsafeMutablePointer<Float>) -> Void) {
        guard let slot = free.withLock({ $0.popLast() }) else {
            let own = UnsafeMutablePointer<Float>.allocate(capacity: max(1, size))
            defer { unsafe own.deallocate() }
            return unsafe body(own)
        }
        defer { free.withLock { $0.append(slot) } }
        unsafe body(memory + slot * size)
    }
}

extension Compute {
    /// out[token] = hidden[token] / RMS · weight.
    func rmsNorm(_ hidden: Rows, _ weight: WeightVector, _ epsilon: Float, into out: Rows, _ token: Int) {
        precondition(hidden.width == weight.count && out.width == weight.count)
        unsafe kernels.pointee.rms_norm(hidden.row(token), weight.base, weight.count, epsilon, out.row(token))
    }

    /// hidden[t] += delta[t] for every token.
    func add(_ delta: Rows, to hidden: Rows, tokenCount: Int) {
        precondition(hidden.width == delta.width)
        forEachToken(tokenCount) { token in
            unsafe kernels.pointee.add(hidden.row(token), delta.row(token), hidden.width)
        }
    }
}
