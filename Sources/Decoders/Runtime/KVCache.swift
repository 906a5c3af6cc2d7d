import CKernels

/// The keys and values of the positions computed so far, in f16: L layers × KV heads × capacity × head size.
///
/// Keys lie as panels of 16 positions, values as panels of 16 dimensions: the layout of packed f16 weights, so that
/// attention is two of their products. Pages are only taken as positions are filled.
package final class KVCache {
    /// Most positions.
    package let capacity: Int
    /// Positions filled.
    package private(set) var count = 0
    /// The most positions that were ever filled; their pages stay taken.
    private var touchedCount = 0

    private let layerCount: Int
    private let headCount: Int
    private let headSize: Int
    private let keyStride: Int
    private let valueStride: Int
    private let keys: Buffer<UInt16>
    private let values: Buffer<UInt16>

    /// Makes an empty cache.
    /// - Parameters:
    ///   - layerCount: L.
    ///   - headCount: key-value heads of a layer.
    ///   - headSize: values of a head.
    ///   - capacity: most positions; rounded up to a multiple of 16 inside.
    package init(layerCount: Int, headCount: Int, headSize: Int, capacity: Int) {
        self.capacity = capacity
        self.layerCount = layerCount
        self.headCount = headCount
        self.headSize = headSize
        let rounded = (capacity + 15) / 16 * 16
        keyStride = rounded * headSize
        valueStride = rounded * ((headSize + 15) / 16 * 16)
        keys = Buffer(count: layerCount * headCount * keyStride)
        values = Buffer(count: layerCount * headCount * valueStride)
    }

    /// Positions in memory: a multiple of 16.
    var paddedCapacity: Int { keyStride / headSize }

    /// Counts `tokens` more positions as filled, once every layer has stored them.
    func advance(by tokens: Int) {
        precondition(count + tokens <= capacity)
        count += tokens
        touchedCount = max(touchedCount, count)
    }

    /// Fills an empty cache with the first `count` positions of another one of the same model.
    func copyPrefix(of other: KVCache, count: Int) {
        precondition(self.count == 0 && count <= other.count && count <= capacity)
        precondition(layerCount == other.layerCount && headCount == other.headCount && headSize == other.headSize)
        let keyCount = (count + 15) / 16 * 16 * headSize
        for layer in 0..<layerCount {
            for head in 0..<headCount {
                let (to, from) = (panels(layer: layer, head: head), other.panels(layer: layer, head: head))
                unsafe to.keys.update(from: from.keys, count: keyCount)
                for panel in 0..<((headSize + 15) / 16) {
                    unsafe (to.values + panel * to.capacity * 16).update(
                        from: from.values + panel * from.capacity * 16, count: count * 16)
                }
            }
        }
        advance(by: count)
    }

    /// Forgets every position from `count` on.
    func truncate(to count: Int) {
        precondition(count >= 0 && count <= self.count)
        self.count = count
    }

    /// One head's panels, as the attention kernel takes them.
    @safe
    struct Panels: Sendable {
        /// Owned by the cache; tasks write disjoint positions and read only positions stored before their step.
        nonisolated(unsafe) let keys: UnsafeMutablePointer<UInt16>
        nonisolated(unsafe) let values: UnsafeMutablePointer<UInt16>
        let capacity: Int
    }

    /// The panels of one head.
    func panels(layer: Int, head: Int) -> Panels {
        let index = layer * headCount + head
        return unsafe Panels(
            keys: keys.base + index * keyStride, values: values.base + index * valueStride, capacity: paddedCapacity)
    }

    /// Bytes that the positions take that were ever filled.
    package var touchedBytes: Int { (keys.count + values.count) / max(paddedCapacity, 1) * touchedCount * 2 }
}
