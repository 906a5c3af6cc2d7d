import Kernels
import Synchronization

/// Looks through a loaded graph for what would lead a search astray: checksums prove that the bytes are the writer's,
/// this proves that they are a graph.
struct SnapshotCheck {
    let graph: HNSWGraph
    let upperCount: Int
    /// Where each id's vector is.
    private(set) var places = PlaceTable()
    /// Slots not in use.
    private(set) var freeSlots: [UInt32] = []
    /// Upper rows not in use, as runs of one row.
    private(set) var freeUpper: [Int: [UInt32]] = [:]

    init(graph: HNSWGraph, upperCount: Int) {
        self.graph = graph
        self.upperCount = upperCount
    }

    /// Checks everything.
    ///
    /// - Returns: what is wrong, or nil.
    mutating func run(pool: ThreadPool) -> String? {
        if let reason = checkNodes() { return reason }
        let entry = graph.entry.load(ordering: .relaxed)
        let total = graph.slotCount.load(ordering: .relaxed)
        guard (places.count == 0) == (entry == 0) else { return "its entry does not go with \(places.count) vectors" }
        if entry != 0 {
            let slot = UInt32(truncatingIfNeeded: entry)
            guard slot < total, graph.isLive(slot), unsafe UInt64(graph.node(slot).pointee.level) + 1 == entry >> 32
            else {
                return "its entry is no live node of that level"
            }
        }
        let broken = Atomic<Int>(-1)
        let chunk = 4096
        let graph = graph
        pool.run(taskCount: (total + chunk - 1) / chunk) { task in
            for slot in UInt32(task * chunk)..<UInt32(min(total, (task + 1) * chunk)) where graph.isLive(slot) {
                if !SnapshotCheck.hasSoundLinks(slot, graph, total) { broken.store(Int(slot), ordering: .relaxed) }
            }
        }
        let slot = broken.load(ordering: .relaxed)
        return slot < 0 ? nil : "the links of slot \(slot) lead nowhere"
    }

    private mutating func checkNodes() -> String? {
        let total = graph.slotCount.load(ordering: .relaxed)
        var isUsed = [Bool](repeating: false, count: upperCount)
        for slot in 0..<UInt32(total) {
            let id = unsafe graph.id(slot).pointee.load(ordering: .relaxed)
            guard id != HNSWGraph.freeID else {
                freeSlots.append(slot)
                continue
            }
            guard id >= 0, id <= Bitmap.maximumID else { return "slot \(slot) has id \(id)" }
            guard places.updateValue(slot, forKey: id) == nil else { return "id \(id) is there twice" }
            let node = unsafe graph.node(slot).pointee
            guard node.level <= UInt32(HNSWGraph.maximumLevel), Int(node.level) + Int(node.upper) <= upperCount else {
                return "slot \(slot) has level \(node.level) and upper row \(node.upper)"
            }
            for row in Int(node.upper)..<Int(node.upper) + Int(node.level) {
                guard !isUsed[row] else { return "upper row \(row) belongs to two nodes" }
                isUsed[row] = true
            }
        }
        freeUpper[1] = isUsed.indices.filter { !isUsed[$0] }.map { UInt32($0) }
        return nil
    }

    private static func hasSoundLinks(_ slot: UInt32, _ graph: HNSWGraph, _ total: Int) -> Bool {
        let level = unsafe Int(graph.node(slot).pointee.level)
        for layer in 0...level {
            let list = graph.links(slot, layer)
            for index in 0..<list.capacity {
                let link = list[index]
                if link == HNSWGraph.noLink { break }
                guard link < total, graph.isLive(link), unsafe Int(graph.node(link).pointee.level) >= layer else {
                    return false
                }
            }
        }
        return true
    }
}
