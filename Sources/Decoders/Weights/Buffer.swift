#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// A zeroed block of memory that one session or one model owns.
///
/// Its address goes to the kernels; an array would be copied or locked for every call. Large blocks cost nothing until
/// they are touched.
@safe
package final class Buffer<Element: BitwiseCopyable> {
    /// The first element.
    package let base: UnsafeMutablePointer<Element>
    /// How many elements there are.
    package let count: Int

    /// Makes `count` zeroed elements.
    package init(count: Int) {
        precondition(count >= 0 && count < Int.max / 256)
        self.count = count
        // calloc hands out large blocks as untouched zero pages.
        guard let memory = unsafe calloc(max(count, 1), MemoryLayout<Element>.stride) else {
            preconditionFailure("out of memory: \(count) elements")
        }
        unsafe base = memory.bindMemory(to: Element.self, capacity: count)
    }

    deinit { unsafe free(base) }

    /// A copy of a range.
    package func array(_ range: Range<Int>) -> [Element] {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        return unsafe Array(UnsafeBufferPointer(start: base + range.lowerBound, count: range.count))
    }
}
