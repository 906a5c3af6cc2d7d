import CKernels

// What was found on codes is put in order by the exact vectors.
extension HNSWGraph {
    /// Puts exact distances into the first `count` entries of the scratch's beam, and these in order.
    func rescore(_ count: Int, _ query: UnsafePointer<Float>, _ scratch: SearchScratch) {
        let (entries, batch, values) = unsafe (scratch.beam, scratch.batch, scratch.values)
        var done = 0
        while done < count {
            let block = min(count - done, SearchScratch.batchCapacity)
            for index in 0..<block { unsafe batch[index] = RankedSlot.slot(entries[done + index]) }
            unsafe similarity.gather(query, vectors.rows, batch, block, into: values)
            unsafe scratch.distanceCount += block
            for index in 0..<block {
                let distance = unsafe similarity.sign * values[index]
                unsafe entries[done + index] = RankedSlot.make(distance: distance, slot: batch[index])
            }
            done += block
        }
        var ranked = unsafe UnsafeMutableBufferPointer(start: entries, count: count)
        unsafe ranked.sort()
    }
}
