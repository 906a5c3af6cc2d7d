/// The best hits seen so far: a binary heap with the worst of them on top.
struct TopHits {
    private let capacity: Int
    private var heap: [LexicalHit] = []

    /// Creates an empty collection of at most `capacity` hits, 1 or more.
    init(capacity: Int) {
        self.capacity = capacity
    }

    /// The score a new hit has to reach; 0 while there is room.
    var threshold: Float { heap.count < capacity ? 0 : heap[0].score }

    /// The hits, best first, equal scores by ascending id.
    var sorted: [LexicalHit] { heap.sorted { Self.isWorse($1, $0) } }

    /// Keeps `hit` if it is among the best.
    mutating func insert(_ hit: LexicalHit) {
        if heap.count < capacity {
            heap.append(hit)
            siftUp()
        } else if Self.isWorse(heap[0], hit) {
            heap[0] = hit
            siftDown()
        }
    }

    private static func isWorse(_ left: LexicalHit, _ right: LexicalHit) -> Bool {
        left.score != right.score ? left.score < right.score : left.id > right.id
    }

    private mutating func siftUp() {
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard Self.isWorse(heap[child], heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func siftDown() {
        var parent = 0
        while true {
            var worst = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if Self.isWorse(heap[child], heap[worst]) { worst = child }
            }
            guard worst != parent else { return }
            heap.swapAt(parent, worst)
            parent = worst
        }
    }
}
