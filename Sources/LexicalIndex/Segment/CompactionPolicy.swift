/// Decides which segments are merged, so that their number stays small and what is gone does not pile up.
///
/// Segments fall into tiers by size (64, 512, 4,096 and 32,768 live chunks part them). Eight of a tier become one, as
/// far as they fit into one; a segment a quarter of which is gone is written anew. So a chunk is rewritten at most once
/// per tier and once per quarter gone, an index of N chunks has N / 32,768 + 28 segments at most, and at most a quarter
/// of it is garbage.
enum CompactionPolicy {
    private static let mergeCount = 8
    private static let tierBounds = [64, 512, 4096, 32_768]

    /// `views` after all merges that are due.
    static func compact(_ views: [SegmentView], parameters: BM25Parameters) -> [SegmentView] {
        var views = views.filter { $0.liveCount > 0 }.map { view in
            guard (view.segment.count - view.liveCount) * 4 > view.segment.count else { return view }
            return SegmentView(segment: SegmentMerger.merge([view], parameters: parameters))
        }
        while let due = nextMerge(in: views) {
            let merged = SegmentMerger.merge(due.map { views[$0] }, parameters: parameters)
            let taken = Set(due)
            views = views.indices.filter { !taken.contains($0) }.map { views[$0] }
            views.append(SegmentView(segment: merged))
        }
        // Large segments first: they raise the bar that lets a search pass over the small ones.
        return views.sorted { $0.liveCount > $1.liveCount }
    }

    private static func nextMerge(in views: [SegmentView]) -> [Int]? {
        for tier in 0...tierBounds.count {
            let members = views.indices.filter { self.tier(of: views[$0].liveCount) == tier }
                .sorted { views[$0].liveCount < views[$1].liveCount }
            guard members.count >= mergeCount else { continue }
            var chosen: [Int] = []
            var total = 0
            for member in members {
                total += views[member].liveCount
                guard total <= Segment.maximumCount, chosen.count < mergeCount else { break }
                chosen.append(member)
            }
            if chosen.count > 1 { return chosen }
        }
        return nil
    }

    private static func tier(of count: Int) -> Int {
        tierBounds.partitioningIndex { count < $0 }
    }
}
