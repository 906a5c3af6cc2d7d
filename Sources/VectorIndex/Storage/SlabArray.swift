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
    private nonisolated(unsafe) let table: UnsafeMutablePointer<UnsafePointer<UInt8>?>
    private let owned: Mutex<Owned>

    private struct Owned: Sendable {
        var slabCount = 0
        var allocations: [Allocation] = []
        var section: SnapshotSection?
    }

    fileprivate struct Allocation: Sendable {
        var slab: Int
        var address: UInt
        var bytes: Int

        func free() {
            unsafe munmap(UnsafeMutableRawPointer(bitPattern: address), bytes)
        }
    }

    /// Memory that rows have left: given back with the last reference, when no reader can be looking at it.
    final class LeftMemory: Sendable {
        private let allocations: [Allocation]
        private let section: SnapshotSection?

        fileprivate init(allocations: [Allocation], section: SnapshotSection?) {
            self.allocations = allocations
            self.section = section
        }

        deinit {
            for allocation in allocations { allocation.free() }
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

    /// Takes over `count` rows that lie one after the other in `section`; only for an array without rows.
    /// - Returns: false when the section is too short or there is no memory.
    func adopt(_ section: SnapshotSection, count: Int) -> Bool {
        let slabBytes = stride << Int(shift)
        guard count <= maximumRowCount, section.byteCount == count * stride else { return false }
        return owned.withLock { owned -> Bool in
            // In place in the private map.
            guard let base = unsafe section.base.baseAddress else { return count == 0 }
            let whole = count >> Int(shift)
            for slab in 0..<whole {
                unsafe table[slab] = UnsafePointer((base + slab * slabBytes).assumingMemoryBound(to: UInt8.self))
            }
            owned.slabCount = whole
            owned.section = section
            let rest = section.byteCount - whole * slabBytes
            guard rest > 0 else { return true }
            guard let slab = unsafe allocate(&owned, isFilled: false) else { return false }
            unsafe UnsafeMutableRawPointer(slab).copyMemory(from: base + whole * slabBytes, byteCount: rest)
            unsafe table[whole] = UnsafePointer(slab)
            owned.slabCount += 1
            return true
        }
    }

    /// Copies `count` rows that lie one after the other in `section`; only for an array without rows.
    ///
    /// The pages of the section are given back as far as they are its own.
    /// - Returns: false when the section has another length or there is no memory.
    func copy(_ section: SnapshotSection, count: Int) -> Bool {
        guard count <= maximumRowCount, section.byteCount == count * stride, reserve(count) else { return false }
        guard let base = unsafe section.base.baseAddress else { return count == 0 }
        var start = 0
        while start < count {
            let rows = min(1 << Int(shift), count - start)
            unsafe self[UInt32(start)].copyMemory(from: base + start * stride, byteCount: rows * stride)
            start += rows
        }
        unsafe SlabArray.release(section.base)
        return true
    }

    /// Goes on with `section`, which holds the first `count` rows as they are, where whole slabs of them are mapped.
    ///
    /// Readers see the same rows before and after. Nobody may write meanwhile.
    /// - Returns: the memory that was left; nil when the rows in the section are others, or too few to fill a slab.
    func move(to section: SnapshotSection, count: Int) -> LeftMemory? {
        let slabBytes = stride << Int(shift)
        let whole = count >> Int(shift)
        return owned.withLock { owned -> LeftMemory? in
            guard whole > 0, whole <= owned.slabCount, section.byteCount == count * stride,
                let base = unsafe section.base.baseAddress
            else { return nil }
            for slab in 0..<whole {
                guard let old = unsafe table[slab], unsafe memcmp(old, base + slab * slabBytes, slabBytes) == 0 else {
                    return nil
                }
            }
            for slab in 0..<whole {
                unsafe table[slab] = UnsafePointer((base + slab * slabBytes).assumingMemoryBound(to: UInt8.self))
            }
            let left = LeftMemory(
                allocations: owned.allocations.filter { $0.slab < whole }, section: owned.section)
            owned.allocations.removeAll { $0.slab < whole }
            owned.section = section
            return left
        }
    }

    /// Gives the pages of an adopted section back: those not written to are read from the file again when needed.
    ///
    /// Rows are then read at random, so that reading ahead would only cost memory.
    func releasePages() {
        owned.withLock { owned in
            guard let section = owned.section else { return }
            unsafe SlabArray.release(section.base, isReadAtRandom: true)
        }
    }

    /// Takes the whole pages of `bytes`, which nobody wrote to, out of memory.
    private static func release(_ bytes: UnsafeMutableRawBufferPointer, isReadAtRandom: Bool = false) {
        let page = sysconf(Int32(_SC_PAGESIZE))
        let address = Int(bitPattern: bytes.baseAddress)
        let first = (address + page - 1) / page * page
        let end = (address + bytes.count) / page * page
        guard first < end, let start = unsafe UnsafeMutableRawPointer(bitPattern: first) else { return }
        unsafe madvise(start, end - first, MADV_DONTNEED)
        if isReadAtRandom { unsafe madvise(start, end - first, MADV_RANDOM) }
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

    private func allocate(_ owned: inout Owned, isFilled: Bool) -> UnsafeMutablePointer<UInt8>? {
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
