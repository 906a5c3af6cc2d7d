import Kernels

/// Scores one segment for one query: exact BM25, passing over what cannot reach the best hits.
///
/// Slots are walked in windows of 4,096. In each window the terms are parted by MaxScore: those whose greatest impacts
/// (from the block impacts) together stay below the worst of the best hits so far cannot make a hit by themselves.
/// The other terms' postings are added up in a dense array; only the slots they touch are then looked up in the
/// postings of the parted ones, greatest impact first, for as long as they can still get there.
///
/// Source: Turtle, Flood, "Query Evaluation: Strategies and Optimizations" (1995), MaxScore; Ding, Suel (2011), block
/// maxima.
struct SegmentSearch {
    static let windowShift = 12
    private static let windowSize = 1 << windowShift

    /// A query term's place in the segment.
    private struct Cursor {
        let weight: Double  // idf × multiplicity
        let end: Int
        var low: Int  // postings low ..< high are in the window
        var high: Int
        var bound: Double  // no posting of the window adds more
    }

    /// Working memory that searches of several segments share.
    struct Scratch {
        var scores = [Double](repeating: 0, count: SegmentSearch.windowSize)
        var touched = [UInt64](repeating: 0, count: SegmentSearch.windowSize / 64)
        var mask = [UInt64](repeating: 0, count: SegmentSearch.windowSize / 64)
    }

    private let view: SegmentView
    private let base: Float
    private let slope: Float
    private let shrink: Float  // average length at build time over now, at most 1
    private let allowing: Bitmap?
    private var cursors: [Cursor] = []

    /// Prepares a search: `terms` are the query terms' indexes in the segment with their weights, `averageLength` is
    /// the whole index's, now.
    init(
        view: SegmentView, terms: [(index: Int, weight: Double)], averageLength: Float, parameters: BM25Parameters,
        allowing: Bitmap?
    ) {
        self.view = view
        self.allowing = allowing
        base = parameters.k1 * (1 - parameters.b)
        slope = parameters.k1 * parameters.b / averageLength
        shrink = min(1, view.segment.averageLength / averageLength)
        for term in terms {
            let postings = view.segment.postings(of: term.index)
            cursors.append(
                Cursor(
                    weight: term.weight, end: postings.upperBound, low: postings.lowerBound,
                    high: postings.lowerBound, bound: 0))
        }
    }

    /// Adds the segment's hits to `hits`.
    mutating func run(into hits: inout TopHits, scratch: inout Scratch) {
        let count = view.segment.count
        for start in stride(from: 0, to: count, by: Self.windowSize) {
            let end = min(start + Self.windowSize, count)
            guard enterWindow(endingAt: end) else { continue }
            guard fillMask(start: start, end: end, scratch: &scratch) else { continue }
            scoreWindow(start: start, into: &hits, scratch: &scratch)
        }
    }

    /// Moves all cursors to the window; returns whether any has a posting in it.
    private mutating func enterWindow(endingAt end: Int) -> Bool {
        var isHit = false
        let slotArray = view.segment.slots
        let slots = slotArray.span
        for index in cursors.indices {
            cursors[index].low = cursors[index].high
            let low = cursors[index].low
            let high = Self.gallop(slots, from: low, to: cursors[index].end, reaching: end)
            cursors[index].high = high
            cursors[index].bound = low < high ? bound(of: low..<high) * cursors[index].weight : 0
            isHit = isHit || low < high
        }
        return isHit
    }

    /// No posting in `range` has a greater impact.
    private func bound(of range: Range<Int>) -> Double {
        var impact: Float = 0
        for block in range.lowerBound >> Segment.blockShift...(range.upperBound - 1) >> Segment.blockShift {
            impact = max(impact, view.segment.blockImpacts[block])
        }
        // 1 / impact − 1 is K / tf, and K shrinks at most by `shrink` when the average length has grown since.
        let current = impact >= 1 ? 1 : 1 / (1 + shrink * (1 / impact - 1))
        return Double(current) * 1.000_001  // more than the rounding of all of the above
    }

    /// Sets the bits of the slots that may be hits; returns whether there are any.
    private func fillMask(start: Int, end: Int, scratch: inout Scratch) -> Bool {
        var any: UInt64 = 0
        let ids = view.segment.ids
        for word in 0..<scratch.mask.count {
            let first = start + word * 64
            var bits: UInt64 = first >= end ? 0 : end - first >= 64 ? .max : (1 << UInt64(end - first)) - 1
            if !view.removed.isEmpty, bits != 0 { bits &= ~view.removed[first >> 6] }
            if let allowing {
                var rest = bits
                while rest != 0 {
                    let bit = rest.trailingZeroBitCount
                    rest &= rest - 1
                    if !allowing.contains(ids[first + bit]) { bits &= ~(1 << UInt64(bit)) }
                }
            }
            scratch.mask[word] = bits
            any |= bits
        }
        return any != 0
    }

    /// The first position from `low` on whose slot is `target` or greater.
    private static func gallop(_ slots: Span<UInt16>, from start: Int, to end: Int, reaching target: Int) -> Int {
        var low = start
        var step = 1
        while low + step < end, Int(slots[low + step]) < target {
            low += step
            step *= 2
        }
        var high = min(low + step, end)
        while low < high {
            let middle = (low + high) / 2
            if Int(slots[middle]) < target { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

// MARK: - One window

extension SegmentSearch {
    private func scoreWindow(start: Int, into hits: inout TopHits, scratch: inout Scratch) {
        let order = cursors.indices.filter { cursors[$0].low < cursors[$0].high }
            .sorted { cursors[$0].bound < cursors[$1].bound }
        var sums = [0.0]  // sums[i]: what the first i terms add at most
        for index in order { sums.append(sums[sums.count - 1] + cursors[index].bound) }
        let threshold = Double(hits.threshold)
        guard var essential = (0..<order.count).first(where: { sums[$0 + 1] >= threshold }) else { return }
        // A rare term is cheaper to add up than to look up.
        while essential > 0, postingCount(order[essential - 1]) < 64 { essential -= 1 }
        for position in essential..<order.count {
            accumulate(cursors[order[position]], start: start, scores: &scratch.scores, touched: &scratch.touched)
        }
        for word in scratch.touched.indices {
            var bits = scratch.touched[word]
            guard bits != 0 else { continue }
            scratch.touched[word] = 0
            while bits != 0 {
                let bit = bits.trailingZeroBitCount
                bits &= bits - 1
                let offset = word << 6 | bit
                var score = scratch.scores[offset]
                scratch.scores[offset] = 0
                guard scratch.mask[word] & (1 << UInt64(bit)) != 0 else { continue }
                let bar = Double(hits.threshold)
                var position = essential
                while position > 0, score + sums[position] >= bar {
                    position -= 1
                    score += contribution(of: cursors[order[position]], to: start + offset)
                }
                guard position == 0, Float(score) >= hits.threshold else { continue }
                hits.insert(LexicalHit(id: view.segment.ids[start + offset], score: Float(score)))
            }
        }
    }

    private func postingCount(_ index: Int) -> Int { cursors[index].high - cursors[index].low }

    /// Adds the postings of one term in the window to the scores: the hot loop of a search.
    private func accumulate(
        _ cursor: Cursor, start: Int, scores: inout [Double], touched: inout [UInt64]
    ) {
        let segment = view.segment
        let (slotArray, frequencyArray, lengthArray) = (segment.slots, segment.frequencies, segment.lengths)
        let slots = slotArray.span
        let frequencies = frequencyArray.span
        let lengths = lengthArray.span
        var scores = scores.mutableSpan
        var touched = touched.mutableSpan
        for position in cursor.low..<cursor.high {
            let slot = Int(slots[position])
            let stored = frequencies[position]
            let frequency =
                stored == Segment.largeFrequency ? Float(segment.frequency(at: position)) : Float(stored)
            let impact = frequency / (frequency + base + slope * Float(lengths[slot]))
            let offset = slot &- start
            scores[offset] += cursor.weight * Double(impact)
            touched[offset >> 6] |= 1 << UInt64(offset & 63)
        }
    }

    /// What the term adds to the score of one slot.
    private func contribution(of cursor: Cursor, to slot: Int) -> Double {
        let segment = view.segment
        let slots = segment.slots
        let found = Self.gallop(slots.span, from: cursor.low, to: cursor.high, reaching: slot)
        guard found < cursor.high, Int(slots[found]) == slot else { return 0 }
        let frequency = Float(segment.frequency(at: found))
        return cursor.weight * Double(frequency / (frequency + base + slope * Float(segment.lengths[slot])))
    }
}
