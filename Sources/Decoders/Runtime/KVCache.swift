import CKernels

/// What keys and values of earlier positions are kept in.
public enum KVCachePrecision: String, Sendable, CaseIterable {
    /// Half-precision floats.
    case f16
    /// Signed bytes with a scale for each position and head: about half the memory.
    case int8
}

/// The keys and values of the positions computed so far: L layers × KV heads × capacity × head size.
///
/// Keys lie as panels of 16 positions, values as panels of 16 dimensions: the layout of packed f16 weights, so that
/// attention is two products. With `int8` the panels hold bytes, and each position has a scale for its key and one for
/// its value. Pages are only taken as positions are filled. Every layer holds every position, also those that see no
/// further back than a window.
package final class KVCache {
    /// Most positions.
    package let capacity: Int
    /// What keys and values are kept in.
    package let precision: KVCachePrecision
    /// Positions filled.
    package private(set) var count = 0
    /// The most positions that were ever filled; their pages stay taken.
    private var touchedCount = 0

    private let layerCount: Int
    private let headCount: Int
    private let headSize: Int
    /// Bytes of a key's or value's component.
    private let elementBytes: Int
    /// Positions in memory: a multiple of 16.
    private let paddedCapacity: Int
    /// Bytes of one head's keys, and of its values.
    private let keyStride: Int
    private let valueStride: Int
    private let keys: Buffer<UInt8>
    private let values: Buffer<UInt8>
    /// [L, KV heads, padded capacity] each; empty with f16.
    private let keyScales: Buffer<Float>
    private let valueScales: Buffer<Float>

    /// Makes an empty cache.
    /// - Parameters:
    ///   - layerCount: L.
    ///   - headCount: key-value heads of a layer.
    ///   - headSize: values of a head.
    ///   - capacity: most positions; rounded up to a multiple of 16 inside.
    ///   - precision: what keys and values are kept in.
    package init(layerCount: Int, headCount: Int, headSize: Int, capacity: Int, precision: KVCachePrecision = .f16) {
        self.capacity = capacity
        self.precision = precision
        self.layerCount = layerCount
        self.headCount = headCount
        self.headSize = headSize
        elementBytes = precision == .int8 ? 1 : 2
        paddedCapacity = (capacity + 15) / 16 * 16
        keyStride = paddedCapacity * headSize * elementBytes
        valueStride = paddedCapacity * ((headSize + 15) / 16 * 16) * elementBytes
        keys = Buffer(count: layerCount * headCount * keyStride)
        values = Buffer(count: layerCount * headCount * valueStride)
        let scaleCount = precision == .int8 ? layerCount * headCount * paddedCapacity : 0
        keyScales = Buffer(count: scaleCount)
        valueScales = Buffer(count: scaleCount)
    }

    /// Counts `tokens` more positions as filled, once every layer has stored them.
    func advance(by tokens: Int) {
        precondition(count + tokens <= capacity)
        count += tokens
        touchedCount = max(touchedCount, count)
    }

    /// Fills an empty cache with the first `count` positions of another one of the same model.
    func copyPrefix(of other: KVCache, count: Int) {
        precondition(self.count == 0 && count <= other.count && count <= capacity && precision == other.precision)
        precondition(layerCount == other.layerCount && headCount == other.headCount && headSize == other.headSize)
        let keyBytes = (count + 15) / 16 * 16 * headSize * elementBytes
        let panelBytes = 16 * elementBytes
        for layer in 0..<layerCount {
            for head in 0..<headCount {
                let (to, from) = (panels(layer: layer, head: head), other.panels(layer: layer, head: head))
                unsafe to.keys.copyMemory(from: from.keys, byteCount: keyBytes)
                for panel in 0..<((headSize + 15) / 16) {
                    unsafe (to.values + panel * to.capacity * panelBytes).copyMemory(
                        from: from.values + panel * from.capacity * panelBytes, byteCount: count * panelBytes)
                }
                if let toScales = unsafe to.scales, let fromScales = unsafe from.scales {
                    unsafe toScales.keys.update(from: fromScales.keys, count: count)
                    unsafe toScales.values.update(from: fromScales.values, count: count)
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
    @safe struct Panels: Sendable {
        /// Owned by the cache; tasks write disjoint positions and read only positions stored before their step.
        nonisolated(unsafe) let keys: UnsafeMutableRawPointer
        nonisolated(unsafe) let values: UnsafeMutableRawPointer
        /// The scales of bytes by position; nil with f16.
        nonisolated(unsafe) let scales: (keys: UnsafeMutablePointer<Float>, values: UnsafeMutablePointer<Float>)?
        let headSize: Int
        let capacity: Int

        /// Writes a position's key and value.
        func store(_ key: UnsafePointer<Float>, _ value: UnsafePointer<Float>, at position: Int, _ compute: Compute) {
            if let scales = unsafe scales {
                unsafe ck_store_position_i8(
                    compute.kernels, key, value, headSize, capacity, position, keys.assumingMemoryBound(to: Int8.self),
                    values.assumingMemoryBound(to: Int8.self), scales.keys, scales.values)
            } else {
                unsafe ck_store_position(
                    compute.kernels, key, value, headSize, capacity, position,
                    keys.assumingMemoryBound(to: UInt16.self), values.assumingMemoryBound(to: UInt16.self))
            }
        }
    }

    /// The panels of one head.
    func panels(layer: Int, head: Int) -> Panels {
        let index = layer * headCount + head
        let scales =
            unsafe precision == .int8
            ? (keyScales.base + index * paddedCapacity, valueScales.base + index * paddedCapacity) : nil
        return unsafe Panels(
            keys: UnsafeMutableRawPointer(keys.base + index * keyStride),
            values: UnsafeMutableRawPointer(values.base + index * valueStride), scales: scales, headSize: headSize,
            capacity: paddedCapacity)
    }

    /// Bytes that the positions take that were ever filled.
    package var touchedBytes: Int { bytesPerPosition * touchedCount }

    /// Bytes of one position in all layers.
    package var bytesPerPosition: Int {
        (keys.count + values.count + 4 * (keyScales.count + valueScales.count)) / max(paddedCapacity, 1)
    }
}
