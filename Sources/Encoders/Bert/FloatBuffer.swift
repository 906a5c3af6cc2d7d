/// 64-byte aligned words of 32 bits, of fixed number: packed weights and activations, floats unless said otherwise.
// Unsafe inside because kernels work on pointers. Weights are written before the model is shared and only read
// afterwards; activations belong to the one forward pass that has taken their workspace.
@safe
final class FloatBuffer: Sendable {
    /// How many floats there are.
    let count: Int
    /// The first one.
    nonisolated(unsafe) let base: UnsafeMutablePointer<Float>

    /// Zeros, or with `isZeroed` false whatever memory held, for a writer that fills all of it.
    init(count: Int, isZeroed: Bool = true) {
        self.count = max(count, 1)
        let bytes = self.count * MemoryLayout<Float>.stride
        let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        unsafe base = memory.bindMemory(to: Float.self, capacity: self.count)
        if isZeroed { unsafe base.initialize(repeating: 0, count: self.count) }
    }

    /// A copy of `values`, followed by zeros up to `count`.
    convenience init(_ values: [Float], count: Int) {
        self.init(count: count)
        for (index, value) in values.prefix(self.count).enumerated() { unsafe base[index] = value }
    }

    deinit {
        unsafe base.deallocate()
    }
}
