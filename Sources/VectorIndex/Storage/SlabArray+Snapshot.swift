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

// Rows that come from a snapshot's map, or go on there.
extension SlabArray {
    /// Memory that rows have left: given back with the last reference, when no reader can be looking at it.
    final class LeftMemory: Sendable {
        private let allocations: [Allocation]
        private let section: SnapshotSection?

        init(allocations: [Allocation], section: SnapshotSection?) {
            self.allocations = allocations
            self.section = section
        }

        deinit {
            for allocation in allocations { allocation.free() }
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
        unsafe MappedFile.release(UnsafeRawBufferPointer(section.base))
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
                let row = unsafe base + slab * slabBytes
                guard let old = unsafe table[slab], unsafe memcmp(old, row, slabBytes) == 0 else { return nil }
                unsafe MappedFile.release(UnsafeRawBufferPointer(start: row, count: slabBytes))
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
            unsafe MappedFile.release(UnsafeRawBufferPointer(section.base), isReadAtRandom: true)
        }
    }
}
