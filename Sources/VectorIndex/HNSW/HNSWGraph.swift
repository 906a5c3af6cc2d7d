import CKernels
import Synchronization
import Tensors

/// The layered graph: vectors, links and ids by slot, in memory that never moves.
///
///     slot          0         1         2      …
///     vectors    [D f32]   [D f32]   [D f32]       rows padded to 64 bytes; read to rescore what was found
///     codes      [D]       [D]       [D]           the same in the type the graph is walked on (see `CodeArray`)
///     sketches   [D/8]     [D/8]     [D/8]         the same in one bit a component, for scans; not always (see there)
///     base       [2M u32]  [2M u32]  [2M u32]      links of layer 0, ended by `noLink`, rows padded to 64 bytes
///     ids         Int64     Int64     Int64        ≥ 0: live; `freeID`: not in use; else ~id: being linked
///     nodes      level u32, upper u32              upper: the first of `level` rows in `upper`
///     upper      [M u32] [M u32] …                 links of layers 1 … level of a node, one row after the other
///
/// Who may do what, when: one writer at a time (the index's lock) inserts, removes, repairs. Inserting runs on several
/// threads, which change a node's links under that node's stripe. Searches take no lock at all: each link, id and the
/// entry is one atomic word, so a search meets old or new links, all of them to slots with a whole vector, because a
/// slot becomes reachable (release) only after its vector is written, and is written again only after no search that
/// could reach it is left (`ScratchPool`).
///
/// Source: Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using Hierarchical Navigable
/// Small World graphs", 2018.
final class HNSWGraph: Sendable {
    /// Ends a list of links that is not full.
    static let noLink: UInt32 = .max
    /// The id of a slot that holds no live vector.
    static let freeID: Int64 = .min
    /// The fewest components that are sketched.
    private static let leastSketchedDimension = 256
    /// The highest layer; with M ≥ 2 beyond what 2²⁸ nodes draw.
    static let maximumLevel = 24

    let dimension: Int
    let metric: Metric
    let parameters: HNSWParameters
    let similarity: Similarity

    let vectors: SlabArray
    let codes: CodeArray
    /// What links are chosen on: the codes, or the exact vectors where codes say too little of one stored vector's
    /// distance from another.
    let linkCodes: CodeArray
    /// One bit a component, so that a scan of much that is allowed reads a sixth of the codes: under cosine, beside
    /// bf16 and int8 codes of as many components that it is smaller by far.
    let sketches: CodeArray?
    let base: SlabArray
    let upper: SlabArray
    let ids: SlabArray
    let nodes: SlabArray

    /// The entry point: (its level + 1) << 32 | slot, or 0 while the graph is empty.
    let entry = Atomic<UInt64>(0)
    /// Slots ever used: every slot a search can meet is below.
    let slotCount = Atomic<Int>(0)
    /// Live vectors.
    let liveCount = Atomic<Int>(0)
    /// Removed vectors that links still lead to.
    let tombstoneCount = Atomic<Int>(0)

    /// Where each id's vector is.
    ///
    /// Locked for single lookups and changes only.
    let places: Mutex<PlaceTable>

    let scratches: ScratchPool
    let stripes: [LockStripe]
    let entryLock = LockStripe()

    /// One of the locks that keep inserting threads from changing one node's links at once.
    final class LockStripe: Sendable {
        let mutex = Mutex(())
    }

    /// An empty graph, the parameters having been validated.
    init(dimension: Int, metric: Metric, parameters: HNSWParameters) {
        places = Mutex(PlaceTable())
        self.dimension = dimension
        self.metric = metric
        self.parameters = parameters
        similarity = Similarity(metric: metric, dimension: dimension)
        vectors = SlabArray(rowBytes: dimension * MemoryLayout<Float>.stride, alignment: 64, shift: 12)
        codes = CodeArray(precision: parameters.precision, metric: metric, dimension: dimension, vectors: vectors)
        linkCodes =
            parameters.precision == .binary
            ? CodeArray(precision: .f32, metric: metric, dimension: dimension, vectors: vectors) : codes
        let isSketched =
            metric == .cosine && dimension >= HNSWGraph.leastSketchedDimension
            && (parameters.precision == .int8 || parameters.precision == .bf16)
        sketches =
            isSketched ? CodeArray(precision: .binary, metric: metric, dimension: dimension, vectors: vectors) : nil
        scratches = ScratchPool(codeBytes: max(codes.queryByteCount, sketches?.queryByteCount ?? 0))
        base = SlabArray(rowBytes: parameters.m * 2 * MemoryLayout<UInt32>.stride, alignment: 64, shift: 14)
        upper = SlabArray(rowBytes: parameters.m * MemoryLayout<UInt32>.stride, alignment: 64, shift: 12)
        ids = SlabArray(rowBytes: MemoryLayout<Int64>.stride, alignment: 8, shift: 14)
        nodes = SlabArray(rowBytes: 2 * MemoryLayout<UInt32>.stride, alignment: 8, shift: 14)
        stripes = (0..<1024).map { _ in LockStripe() }
    }

    /// The greatest number of slots: ranked slots have 31 bits for them.
    var maximumSlotCount: Int { min(vectors.maximumRowCount, Int(Int32.max)) }
}

// MARK: - Codes

extension HNSWGraph {
    /// The arrays made from the vectors, by their names in a snapshot.
    var codeArrays: [(String, SlabArray)] { codes.arrays + sketchArrays }

    /// Those of the sketches.
    var sketchArrays: [(String, SlabArray)] { sketches?.arrays.map { ("sketch_" + $0.0, $0.1) } ?? [] }

    /// The signs that a scan may begin with: the sketches, or the codes where these are signs.
    var scanSketches: CodeArray? { codes.precision == .binary ? codes : sketches }

    /// Makes sure that slots 0 ..< `count` have memory for codes.
    /// - Returns: false when there is none.
    func reserveCodes(_ count: Int) -> Bool { codes.reserve(count) && sketches?.reserve(count) ?? true }

    /// Makes the codes of the vector in `slot`.
    func encode(_ slot: UInt32) {
        unsafe codes.encode(vector(slot), into: slot)
        unsafe sketches?.encode(vector(slot), into: slot)
    }
}

// MARK: - Reading one node

extension HNSWGraph {
    /// The vector in `slot`.
    @inline(__always)
    func vector(_ slot: UInt32) -> UnsafeMutablePointer<Float> {
        unsafe vectors[slot].assumingMemoryBound(to: Float.self)
    }

    /// The id word of `slot`.
    @inline(__always)
    func id(_ slot: UInt32) -> UnsafeMutablePointer<Atomic<Int64>> {
        unsafe ids[slot].assumingMemoryBound(to: Atomic<Int64>.self)
    }

    /// Whether searches may return `slot`.
    @inline(__always)
    func isLive(_ slot: UInt32) -> Bool {
        unsafe id(slot).pointee.load(ordering: .acquiring) >= 0
    }

    /// Level and first upper row of `slot`.
    @inline(__always)
    func node(_ slot: UInt32) -> UnsafeMutablePointer<Node> {
        unsafe nodes[slot].assumingMemoryBound(to: Node.self)
    }

    /// What is fixed about a node from its insertion until its slot is reused.
    struct Node {
        var level: UInt32
        var upper: UInt32
    }

    /// The links of `slot` on `layer`, which the node has to reach.
    @inline(__always)
    func links(_ slot: UInt32, _ layer: Int) -> LinkList {
        if layer == 0 {
            return unsafe LinkList(
                words: base[slot].assumingMemoryBound(to: Atomic<UInt32>.self), capacity: parameters.m * 2)
        }
        let row = unsafe node(slot).pointee.upper &+ UInt32(layer - 1)
        return unsafe LinkList(words: upper[row].assumingMemoryBound(to: Atomic<UInt32>.self), capacity: parameters.m)
    }
}

/// The links of one node on one layer, each an atomic word, ended by `HNSWGraph.noLink` unless full.
@safe
struct LinkList {
    let words: UnsafeMutablePointer<Atomic<UInt32>>
    let capacity: Int

    /// The link at `index`, or `noLink` at the end.
    @inline(__always)
    subscript(index: Int) -> UInt32 {
        unsafe words[index].load(ordering: .acquiring)
    }

    /// The number of links.
    var count: Int {
        var count = 0
        while count < capacity, self[count] != HNSWGraph.noLink { count += 1 }
        return count
    }

    /// The links, copied.
    var copy: [UInt32] { (0..<count).map { self[$0] } }

    /// Adds a link behind `count` others; the node's stripe has to be held.
    func append(_ slot: UInt32, count: Int) {
        // The end first, so that a reader never runs past it into words of an older list.
        if count + 1 < capacity { unsafe words[count + 1].store(HNSWGraph.noLink, ordering: .releasing) }
        unsafe words[count].store(slot, ordering: .releasing)
    }

    /// Replaces all links, of which a search under way may meet old and new ones; the node's stripe has to be held.
    func replace(with slots: some Collection<UInt32>) {
        var index = 0
        for slot in slots {
            unsafe words[index].store(slot, ordering: .releasing)
            index += 1
        }
        if index < capacity { unsafe words[index].store(HNSWGraph.noLink, ordering: .releasing) }
    }
}
