import Kernels
import TestSupport
import Testing
import VectorIndex

@Suite("Place table")
struct PlaceTableTests {
    @Test("it is a dictionary, for dense and for scattered ids", arguments: [300, 100_000, Bitmap.maximumID])
    func likeADictionary(greatest: Int64) {
        var random = SeededGenerator(seed: 3)
        var table = PlaceTable()
        var expected: [Int64: UInt32] = [:]
        for slot in 0..<UInt32(3000) {
            let id = Int64.random(in: 0...greatest, using: &random)
            if slot % 3 == 2, let known = expected.keys.randomElement(using: &random) {
                #expect(table.removeValue(forKey: known) == expected.removeValue(forKey: known))
            } else {
                #expect(table.updateValue(slot, forKey: id) == expected.updateValue(slot, forKey: id))
            }
            #expect(table.count == expected.count)
        }
        for (id, slot) in expected { #expect(table[id] == slot) }
        for id in [-1, 0, 5, greatest, Int64.max] { #expect(table[id] == expected[id]) }
        #expect(table.removeValue(forKey: -5) == nil)
        let some = expected.keys.filter { $0 % 2 == 0 }.sorted()
        #expect(table.slots(of: Bitmap(some + [greatest / 2 + 1])).count >= some.count)
        #expect(table.slots(of: Bitmap(some)) == some.compactMap { expected[$0] })
    }

    @Test("ids that only ever grow use the room of those that went")
    func reuse() {
        var table = PlaceTable()
        for id in Int64(0)..<200_000 {
            #expect(table.updateValue(UInt32(id % 1000), forKey: id) == nil)
            if id >= 1000 { #expect(table.removeValue(forKey: id - 1000) == UInt32(id % 1000)) }
        }
        #expect(table.count == 1000)
        #expect(table[199_999] == 999)
        #expect(table[198_999] == nil)
    }
}
