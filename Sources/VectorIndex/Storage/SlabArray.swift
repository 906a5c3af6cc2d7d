import CKernels
import Synchronization
import Tensors

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Rows of equal size at addresses that never change: what readers look at while a writer adds more.
///
/// Rows lie in slabs of `1 << shift`, zero when new; a table with room for every slab there can be holds where each one
/// begins. Both are untouched virtual memory until used. Rows of a snapshot are used where they are mapped: the map is
/// private to the process, so writing to a row copies its page and leaves the file alone. The last slab of a snapshot,
/// which more rows may join, is copied.
///
/// Sendable because the pointers never change; what they point at is kept in order by the graph (see `HNSWGraph`).
@safe
final class SlabArray: Sendable {
    /// The most slabs of an array.
    static let maximumSlabCount = 65_536
    private static let hugePage = 2 << 20

    let stride: Int
    let shift: UInt32
    // Written by one thread before any reader learns of a row in the new slab.
    nonisolated(unsafe) let table: UnsafeMutablePointer<UnsafePointer<UInt8>?>
    let owned: Mutex<Owned>

    /// What there is, and what has to be given back.
    struct Owned: Sendable {
        var slabCount = 0
        var allocations: [Allocation] = []
        var section: SnapshotSection?
    }

    /// Memory of one slab that this array asked for.
    struct Allocation: Sendable {
        var slab: Int
        var address: UInt
        var bytes: Int

        func free() {
            unsafe munmap(UnsafeMutableRawPointer(bitPattern: address), bytes)
        }
    }

    /// Creates an array without rows.
    /// - Parameters:
    ///   - rowBytes: the bytes a row needs.
    ///   - alignment: what the stride is rounded up to a multiple of.
    ///   - shift: 2^shift rows make a slab.
    init(rowBytes: Int, alignment: Int, shift: UInt32) {
        stride = (rowBytes + alignment - 1) / alignment * alignment
        self.shift = shift
        owned = Mutex(Owned())
        // calloc: the table's pages stay untouched until slabs come.
        let bytes = unsafe SlabArray.maximumSlabCount * MemoryLayout<UnsafePointer<UInt8>?>.stride
        guard let memory = unsafe calloc(1, bytes) else { preconditionFailure("out of address space") }
        unsafe table = memory.bindMemory(to: UnsafePointer<UInt8>?.self, capacity: SlabArray.maximumSlabCount)
    }

    deinit {
        unsafe free(table)
        owned.withLock { owned in
            for allocation in owned.allocations { allocation.free() }
        }
    }

    /// The greatest number of rows.
    var maximumRowCount: Int { SlabArray.maximumSlabCount << Int(shift) }

    /// The bytes of memory that hold rows, mapped ones included.
    var byteCount: Int { owned.withLock { $0.slabCount } * (stride << Int(shift)) }

    /// The bytes of `byteCount` that are not in a snapshot's map.
    var heldByteCount: Int { owned.withLock { $0.allocations.count } * (stride << Int(shift)) }

    /// The rows as kernels take them.
    @inline(__always)
    var rows: ck_rows { unsafe ck_rows(slabs: UnsafePointer(table), stride: stride, shift: shift) }

    /// Where row `index` begins; the row has to be there.
    @inline(__always)
    subscript(index: UInt32) -> UnsafeMutableRawPointer {
        let inSlab = Int(index & ((1 &<< shift) &- 1))
        // A slab that is not there is a broken invariant of the graph, not a state data can cause.
        return unsafe UnsafeMutableRawPointer(mutating: table[Int(index &>> shift)].unsafelyUnwrapped) + inSlab
            &* stride
    }

    /// The least shift of at least 13 by which rows of `stride` bytes make slabs of whole huge pages.
    static func shift(ofStride stride: Int) -> UInt32 {
        var shift: UInt32 = 13
        while shift < 20, (stride << Int(shift)) % hugePage != 0 { shift += 1 }
        return shift
    }

    /// Makes sure rows 0 ..< `count` are there.
    /// - Returns: false when there is no memory or no room in the table.
    func reserve(_ count: Int) -> Bool {
        owned.withLock { owned -> Bool in
            while owned.slabCount << Int(shift) < count {
                let isFilled = (count - owned.slabCount << Int(shift)) << 1 >= 1 << Int(shift)
                guard owned.slabCount < SlabArray.maximumSlabCount,
                    let slab = unsafe allocate(&owned, isFilled: isFilled)
                else {
                    return false
                }
                unsafe table[owned.slabCount] = UnsafePointer(slab)
                owned.slabCount += 1
            }
            return true
        }
    }

    /// Calls `body` with the bytes of rows 0 ..< `count`, slab by slab.
    func forEachSlab<E: Error>(_ count: Int, _ body: (UnsafeRawBufferPointer) throws(E) -> Void) throws(E) {
        var start = 0
        while start < count {
            let rows = min(1 << Int(shift), count - start)
            unsafe try body(UnsafeRawBufferPointer(start: self[UInt32(start)], count: rows * stride))
            start += rows
        }
    }

    /// A new slab, of which most will be used if it `isFilled`; nil when there is no memory.
    func allocate(_ owned: inout Owned, isFilled: Bool) -> UnsafeMutablePointer<UInt8>? {
        let wanted = stride << Int(shift)
        // Large slabs start on a huge-page boundary: random rows then miss the address cache far less often. Not the
        // first of a small array, of which a huge page would be mostly empty.
        let isLarge = wanted >= SlabArray.hugePage && (owned.slabCount > 0 || isFilled)
        let bytes = isLarge ? wanted + SlabArray.hugePage : wanted
        let flags = MAP_PRIVATE | MAP_ANONYMOUS
        guard let memory = unsafe mmap(nil, bytes, PROT_READ | PROT_WRITE, flags, -1, 0),
            unsafe memory != MAP_FAILED
        else { return nil }
        owned.allocations.append(
            Allocation(slab: owned.slabCount, address: UInt(bitPattern: memory), bytes: bytes))
        var start = unsafe memory
        if isLarge {
            let address = UInt(bitPattern: memory)
            let gap = Int((0 &- address) & UInt(SlabArray.hugePage - 1))
            unsafe start = memory + gap
            #if !canImport(Darwin)
                unsafe madvise(start, wanted, MADV_HUGEPAGE)
            #endif
        }
        return unsafe start.assumingMemoryBound(to: UInt8.self)
    }
}
