#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// 64-byte aligned words of 32 bits, of fixed number: packed weights and activations, floats unless said otherwise.
// Unsafe inside because kernels work on pointers. Weights are written before the model is shared and only read
// afterwards; activations belong to the one forward pass that has taken their workspace.
@safe
final class FloatBuffer: Sendable {
    /// How many floats there are.
    let count: Int
    /// The first one.
    nonisolated(unsafe) let base: UnsafeMutablePointer<Float>
    /// The buffer that this one is a part of, and that frees the memory.
    private let whole: FloatBuffer?

    /// Zeros.
    init(count: Int) {
        self.count = max(count, 1)
        let bytes = self.count * MemoryLayout<Float>.stride
        let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        unsafe base = memory.bindMemory(to: Float.self, capacity: self.count)
        whole = nil
        unsafe base.initialize(repeating: 0, count: self.count)
    }

    /// Memory for a model's weights in pages of 2 MB where the system has them: a forward pass streams through all of it,
    /// and would miss the address cache at every 4 KB page.
    init(hugeCount: Int) {
        let page = 2 << 20
        let bytes = (max(hugeCount, 1) * MemoryLayout<Float>.stride + page - 1) / page * page
        let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: page)
        #if os(Linux)
            // Only a hint, over memory that is this object's alone.
            unsafe madvise(memory, bytes, MADV_HUGEPAGE)
        #endif
        count = bytes / MemoryLayout<Float>.stride
        unsafe base = memory.bindMemory(to: Float.self, capacity: count)
        whole = nil
    }

    /// `count` floats of another buffer from `start` on.
    init(of whole: FloatBuffer, start: Int, count: Int) {
        precondition(start >= 0 && count >= 0 && start + count <= whole.count)
        self.count = count
        unsafe base = whole.base + start
        self.whole = whole
    }

    /// A copy of `values`, followed by zeros up to `count`.
    convenience init(_ values: [Float], count: Int) {
        self.init(count: count)
        for (index, value) in values.prefix(self.count).enumerated() { unsafe base[index] = value }
    }

    deinit {
        if whole == nil { unsafe base.deallocate() }
    }
}
