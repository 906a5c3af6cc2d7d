/// 64-byte aligned floats of fixed number, zero at first: packed weights and activations.
// Unsafe inside because kernels work on pointers. Weights are written before the model is shared and only read
// afterwards; activations belong to the one forward pass that has taken their workspace.
@safe
final class FloatBuffer: Sendable {
    /// How many floats there are.
    let count: Int
    /// The first one.
    nonisolated(unsafe) let base: UnsafeMutablePointer<Float>

    init(count: Int) {
        self.count = max(count, 1)
        let bytes = self.count * MemoryLayout<Float>.stride
        let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        unsafe base = memory.initializeMemory(as: Float.self, repeating: 0, count: self.count)
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
