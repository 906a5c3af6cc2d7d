/// Which neighbouring symbols merge, how early and into what, and the merging itself: the neighbours of lowest rank
/// merge, leftmost first, until no pair is left.
///
/// Short words scan their few pairs again after each merge; long ones keep a heap of candidates over a linked list, so
/// that a word of n symbols costs O(n log n). Both give the same symbols.
///
/// Source: Sennrich et al. 2016, "Neural Machine Translation of Rare Words with Subword Units", section 3.2.
protocol PairMerging {
    /// The rank at which a pair merges, `MergeTable.noMerge` when it never does.
    func rank(of left: Int32, _ right: Int32) -> UInt32

    /// What a pair that merges at `rank` becomes.
    func result(of left: Int32, _ right: Int32, rank: UInt32) -> Int32
}

/// Buffers that words of one text share, so that no word allocates.
struct MergeWorkspace {
    /// The symbols of a word before merging.
    var symbols: [Int32] = []
    /// Rank of the pair that starts at each symbol.
    fileprivate var ranks: [UInt32] = []
    fileprivate var links: [Link] = []
    fileprivate var heap = MergeHeap()

    /// A symbol's neighbours in a long word.
    fileprivate struct Link {
        var previous: Int32
        var next: Int32
    }
}

extension PairMerging {
    /// Merges a word of 1 to `MergeTable.scanLimit` symbols.
    /// - Parameters:
    ///   - length: how many symbols it has.
    ///   - symbol: the symbol at an offset of the word.
    ///   - body: gets the symbols that are left, in order.
    @inline(__always)
    func mergeScanning(count length: Int, symbol: (Int) -> Int32, _ body: (Int32) -> Void) {
        var symbols = InlineArray<48, Int32>(repeating: 0)
        var ranks = InlineArray<48, UInt32>(repeating: MergeTable.noMerge)
        var count = length
        for offset in 0..<count { symbols[offset] = symbol(offset) }
        for offset in 0..<count - 1 { ranks[offset] = rank(of: symbols[offset], symbols[offset + 1]) }
        while true {
            var best = MergeTable.noMerge
            var at = 0
            for offset in 0..<count - 1 where ranks[offset] < best {
                best = ranks[offset]
                at = offset
            }
            if best == MergeTable.noMerge { break }
            symbols[at] = result(of: symbols[at], symbols[at + 1], rank: best)
            count -= 1
            if at + 1 < count {
                for offset in at + 1..<count {
                    symbols[offset] = symbols[offset + 1]
                    ranks[offset] = ranks[offset + 1]
                }
            }
            if at > 0 { ranks[at - 1] = rank(of: symbols[at - 1], symbols[at]) }
            ranks[at] = at + 1 < count ? rank(of: symbols[at], symbols[at + 1]) : MergeTable.noMerge
        }
        for offset in 0..<count { body(symbols[offset]) }
    }

    /// Merges `workspace.symbols`, one or more, and hands out what is left, in order.
    func mergeWithHeap(_ workspace: inout MergeWorkspace, _ body: (Int32) -> Void) {
        let count = workspace.symbols.count
        workspace.links.removeAll(keepingCapacity: true)
        workspace.ranks.removeAll(keepingCapacity: true)
        workspace.heap.removeAll()
        for offset in 0..<count {
            workspace.links.append(
                .init(previous: Int32(offset) - 1, next: offset + 1 < count ? Int32(offset) + 1 : -1))
            workspace.ranks.append(MergeTable.noMerge)
        }
        for offset in 0..<count - 1 { offer(Int32(offset), &workspace) }
        while let (rank, at) = workspace.heap.popFirst() {
            // A candidate is stale when the pair at its place has changed since.
            guard workspace.ranks[Int(at)] == rank else { continue }
            let right = workspace.links[Int(at)].next
            let after = workspace.links[Int(right)].next
            workspace.symbols[Int(at)] = result(
                of: workspace.symbols[Int(at)], workspace.symbols[Int(right)], rank: rank)
            workspace.ranks[Int(right)] = MergeTable.noMerge
            workspace.links[Int(at)].next = after
            if after >= 0 { workspace.links[Int(after)].previous = at }
            offer(at, &workspace)
            if workspace.links[Int(at)].previous >= 0 { offer(workspace.links[Int(at)].previous, &workspace) }
        }
        var position: Int32 = 0
        while position >= 0 {
            body(workspace.symbols[Int(position)])
            position = workspace.links[Int(position)].next
        }
    }

    /// Notes the rank of the pair that starts at `position` now, and makes it a candidate.
    private func offer(_ position: Int32, _ workspace: inout MergeWorkspace) {
        let next = workspace.links[Int(position)].next
        let rank =
            next < 0
            ? MergeTable.noMerge
            : rank(of: workspace.symbols[Int(position)], workspace.symbols[Int(next)])
        workspace.ranks[Int(position)] = rank
        if rank != MergeTable.noMerge { workspace.heap.insert(rank: rank, position: position) }
    }
}
