import CKernels

/// The kernels of one metric.
///
/// Inside the index vectors are ordered by distance, smaller is closer: the negated inner product, or the squared
/// Euclidean distance.
@safe
struct Similarity: Sendable {
    let dimension: Int
    /// Turns a kernel's value into a distance: −1 for products, 1 for squared distances.
    let sign: Float
    private let pair: ck_pair_f32
    private let rows: ck_gather_f32
    private let block: ck_scan_f32

    init(metric: Metric, dimension: Int) {
        // The table lives as long as the process.
        let table = unsafe ck_kernels().pointee.distance
        self.dimension = dimension
        sign = metric == .l2 ? 1 : -1
        unsafe pair = metric == .l2 ? table.l2_f32 : table.dot_f32
        unsafe rows = metric == .l2 ? table.l2_f32_gather : table.dot_f32_gather
        unsafe block = metric == .l2 ? table.l2_f32_scan : table.dot_f32_scan
    }

    /// The distance of two vectors of `dimension` floats.
    @inline(__always)
    func distance(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>) -> Float {
        unsafe sign * pair(a, b, dimension)
    }

    /// Kernel values (not yet signed) of `query` and `count` rows named by `slots`.
    @inline(__always)
    func gather(
        _ query: UnsafePointer<Float>, _ vectors: ck_rows, _ slots: UnsafePointer<UInt32>, _ count: Int,
        into values: UnsafeMutablePointer<Float>
    ) {
        unsafe rows(query, vectors, slots, count, dimension, values)
    }

    /// Kernel values (not yet signed) of `query` and `count` rows one after the other from `base`.
    @inline(__always)
    func scan(
        _ query: UnsafePointer<Float>, _ base: UnsafeRawPointer, stride: Int, count: Int,
        into values: UnsafeMutablePointer<Float>
    ) {
        unsafe block(query, base, stride, count, dimension, values)
    }
}

/// A distance and a slot in one integer that orders as the distance does, nearest first.
///
///     bit 63 … 32  distance, its bits arranged so that they order as integers
///     bit 31 … 1   slot
///     bit 0        mark, for a beam to note what it has expanded
enum RankedSlot {
    @inline(__always)
    static func make(distance: Float, slot: UInt32) -> UInt64 {
        let bits = distance.bitPattern
        let flip = UInt32(bitPattern: Int32(bitPattern: bits) >> 31) | 0x8000_0000
        return UInt64(bits ^ flip) << 32 | UInt64(slot) << 1
    }

    @inline(__always)
    static func slot(_ entry: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: entry) >> 1 }

    @inline(__always)
    static func distance(_ entry: UInt64) -> Float {
        let ordered = UInt32(truncatingIfNeeded: entry >> 32)
        return Float(bitPattern: ordered ^ (((ordered >> 31) &- 1) | 0x8000_0000))
    }
}
