import Kernels
import TestSupport
import Testing

@Suite("Bitmap")
struct BitmapTests {
    private func randomIDs(_ count: Int, below bound: Int64, seed: UInt64) -> Set<Int64> {
        var random = SeededGenerator(seed: seed)
        return Set((0..<count).map { _ in Int64.random(in: 0..<bound, using: &random) })
    }

    @Test("holds what a Set of the same ids holds", arguments: [(0, 1), (10, 64), (500, 600), (2000, 1_000_000)])
    func matchesSet(count: Int, bound: Int) {
        let ids = randomIDs(count, below: Int64(bound), seed: UInt64(bound))
        var bitmap = Bitmap(ids)
        #expect(bitmap.count == ids.count)
        #expect(Array(bitmap) == ids.sorted())
        for id in Int64(0)..<min(Int64(bound), 5000) { #expect(bitmap.contains(id) == ids.contains(id)) }
        let removed = ids.map { bitmap.remove($0) }
        #expect(removed.allSatisfy { $0 })
        #expect(bitmap.isEmpty)
        #expect(Array(bitmap).isEmpty)
    }

    @Test("algebra agrees with Set", arguments: [UInt64(1), 2, 3, 4])
    func algebra(seed: UInt64) {
        let left = randomIDs(400, below: 1000, seed: seed)
        let right = randomIDs(300, below: seed.isMultiple(of: 2) ? 300 : 5000, seed: seed + 100)
        let (a, b) = (Bitmap(left), Bitmap(right))
        #expect(Array(a.intersection(b)) == left.intersection(right).sorted())
        #expect(Array(a.union(b)) == left.union(right).sorted())
        #expect(Array(a.subtracting(b)) == left.subtracting(right).sorted())
        #expect(a.intersectionCount(b) == left.intersection(right).count)
        #expect(a.union(b).count == left.union(right).count)
    }

    @Test("holds all ids through one", arguments: [-1, 0, 1, 62, 63, 64, 65, 1_000])
    func through(id: Int64) {
        let bitmap = Bitmap(through: id)
        #expect(Array(bitmap) == (id < 0 ? [] : Array(0...id)))
        #expect(bitmap == Bitmap(bitmap))
    }

    @Test(
        "refuses ids out of range and changes nothing",
        arguments: [-1, Int64.min, Bitmap.maximumID + 1, Int64.max] as [Int64])
    func range(id: Int64) {
        var bitmap: Bitmap = [1, 2]
        let (inserted, removed) = (bitmap.insert(id), bitmap.remove(id))
        #expect(!inserted && !removed)
        #expect(!bitmap.contains(id))
        #expect(bitmap == [1, 2])
    }

    @Test("inserting twice counts once; removing an absent id changes nothing")
    func repeats() {
        var bitmap = Bitmap(capacity: 100)
        bitmap.insert(63)
        bitmap.insert(63)
        bitmap.insert(64)
        #expect(bitmap.count == 2)
        let removed = [bitmap.remove(65), bitmap.remove(100_000)]
        #expect(removed == [false, false])
        #expect(bitmap.count == 2)
    }

    @Test("equality is about ids, not about room")
    func equality() {
        var grown: Bitmap = [5, 900_000]
        grown.remove(900_000)
        #expect(grown == [5])
        #expect([5] == grown)
        #expect(grown != [6])
        #expect(Bitmap() == Bitmap(capacity: 1_000_000))
    }
}
