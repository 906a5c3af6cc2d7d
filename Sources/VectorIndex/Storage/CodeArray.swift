import CKernels

/// The vectors of a graph in the type it is walked on, by slot, and the kernels that compare them.
///
///     slot        0          1          2      …
///     rows     [n codes]  [n codes]  [n codes]      n: the dimension, up to a multiple of 64; rows from 64 bytes to 64
///     scales     f32        f32        f32          int8 and binary only
///     biases     f32        f32        f32          squared lengths; under l2 only, and not with f32
///
/// Binary rows have n bits, n a multiple of 512; a row is no query there, as its signs alone say too little.
///
/// With `Precision.f32` the rows are those of the exact vectors and nothing is stored here. `ck_distance.h` says how a
/// distance comes of a row; distances are smaller for closer vectors.
/// Source: Jégou et al., "Product Quantization for Nearest Neighbor Search", 2011, for searching on codes and
/// rescoring what was found.
@safe
final class CodeArray: Sendable {
    let precision: Precision
    let dimension: Int
    /// Components of a row, those that only fill it up included.
    let width: Int
    /// Bytes that one query's codes take, and what making them takes beside them.
    let queryByteCount: Int
    let rows: SlabArray
    let scales: SlabArray?
    let biases: SlabArray?
    /// What a prefetch asks for of a row: the rest of a longer one comes as it is read.
    private let fetchBytes: Int
    private let isL2: Bool
    private let isCosine: Bool
    private let kernels: ck_distance_table
    // What the gather takes; the addresses in it never change.
    private nonisolated(unsafe) let codes: UnsafeMutablePointer<ck_codes>
    private nonisolated(unsafe) let gather: ck_code_gather

    /// Codes of `vectors`, which holds the exact rows.
    init(precision: Precision, metric: Metric, dimension: Int, vectors: SlabArray) {
        self.precision = precision
        self.dimension = dimension
        isL2 = metric == .l2
        isCosine = metric == .cosine
        // The table lives as long as the process.
        unsafe kernels = ck_kernels().pointee.distance
        let step = precision == .f32 ? 1 : precision == .binary ? Int(CK_BIT_STEP) : Int(CK_CODE_STEP)
        width = (dimension + step - 1) / step * step
        switch precision {
        case .f32:
            rows = vectors
            queryByteCount = 0
        case .bf16:
            rows = CodeArray.rows(bytes: width * 2)
            queryByteCount = width * 2
        case .int8:
            rows = CodeArray.rows(bytes: width)
            queryByteCount = width
        case .binary:
            rows = CodeArray.rows(bytes: width / 8)
            queryByteCount = width / 8 * Int(CK_BIT_PLANES) + width * MemoryLayout<Float>.stride
        }
        fetchBytes = min(rows.stride, 2048)
        let hasBiases = isL2 && precision != .f32
        scales = precision == .int8 || precision == .binary ? SlabArray(rowBytes: 4, alignment: 4, shift: 14) : nil
        biases = hasBiases ? SlabArray(rowBytes: 4, alignment: 4, shift: 14) : nil
        unsafe codes = .allocate(capacity: 1)
        let none = unsafe ck_rows(slabs: nil, stride: 0, shift: 0)
        unsafe codes.initialize(
            to: ck_codes(rows: rows.rows, scales: scales?.rows ?? none, biases: biases?.rows ?? none, n: width))
        switch precision {
        case .f32: unsafe gather = isL2 ? kernels.f32_l2_codes : kernels.f32_dot_codes
        case .bf16: unsafe gather = kernels.bf16_codes
        case .int8: unsafe gather = kernels.i8_codes
        case .binary: unsafe gather = kernels.bits_codes
        }
    }

    private static func rows(bytes: Int) -> SlabArray {
        SlabArray(rowBytes: bytes, alignment: 64, shift: SlabArray.shift(ofStride: bytes))
    }

    deinit {
        unsafe codes.deallocate()
    }

    /// The arrays that this one owns, by their names in a snapshot.
    var arrays: [(String, SlabArray)] {
        guard precision != .f32 else { return [] }
        return [("codes", rows)] + (scales.map { [("scales", $0)] } ?? []) + (biases.map { [("biases", $0)] } ?? [])
    }

    /// Makes sure that slots 0 ..< `count` have memory.
    /// - Returns: false when there is none.
    func reserve(_ count: Int) -> Bool { arrays.allSatisfy { $0.1.reserve(count) } }

    /// How far the distance by a code may be off, all but surely, where the true one is about `distance`: two and a half
    /// standard deviations or some more; nil where codes are exact or no such number is known.
    ///
    /// Of vectors of length 1 the error of a bf16 product is about 0.0002, and that of an int8 product a hundredth of
    /// 1.3/√dimension where no component exceeds four times the mean: each component of both is off by up to half a step
    /// at random. A product of signs is off by 0.77/√width times the sine of the angle (RaBitQ, section 3.2, with 0.8
    /// for the product of a row and its own signs, and a little for the four bits of the query).
    func error(at distance: Float) -> Float? {
        guard isCosine else { return nil }
        switch precision {
        case .f32: return nil
        case .bf16: return 0.0005
        case .int8: return 0.04 / Float(dimension).squareRoot()
        case .binary: return 2.5 * 0.77 * max(1 - distance * distance, 0.01).squareRoot() / Float(width).squareRoot()
        }
    }

    /// Stores the code of `vector` in `slot`.
    func encode(_ vector: UnsafePointer<Float>, into slot: UInt32) {
        switch precision {
        case .f32:
            break
        case .bf16:
            let row = unsafe rows[slot].assumingMemoryBound(to: UInt16.self)
            let squared = unsafe kernels.bf16_encode(vector, dimension, width, row)
            unsafe biases?[slot].assumingMemoryBound(to: Float.self).pointee = squared
        case .int8:
            let row = unsafe rows[slot].assumingMemoryBound(to: UInt8.self)
            let coded = unsafe kernels.i8_encode(vector, dimension, width, 0x80, row)
            store(coded, slot)
        case .binary:
            let row = unsafe rows[slot].assumingMemoryBound(to: UInt8.self)
            unsafe store(kernels.bits_encode(vector, dimension, width, row), slot)
        }
    }

    private func store(_ coded: ck_coded, _ slot: UInt32) {
        unsafe scales?[slot].assumingMemoryBound(to: Float.self).pointee = coded.scale
        unsafe biases?[slot].assumingMemoryBound(to: Float.self).pointee = coded.squared_length
    }

    /// The form of `vector` that goes with the rows, its codes in `buffer`.
    func query(_ vector: UnsafePointer<Float>, buffer: UnsafeMutableRawPointer) -> ck_code_query {
        let factor: Float = isL2 ? -2 : -1
        switch precision {
        case .f32:
            return unsafe ck_code_query(values: vector, factor: isL2 ? 1 : -1, constant: 0, offset: 0)
        case .bf16:
            let squared = unsafe kernels.bf16_encode(
                vector, dimension, width, buffer.assumingMemoryBound(to: UInt16.self))
            return unsafe ck_code_query(values: buffer, factor: factor, constant: isL2 ? squared : 0, offset: 0)
        case .int8:
            let coded = unsafe kernels.i8_encode(
                vector, dimension, width, 0, buffer.assumingMemoryBound(to: UInt8.self))
            return unsafe ck_code_query(
                values: buffer, factor: factor * coded.scale, constant: isL2 ? coded.squared_length : 0,
                offset: coded.offset)
        case .binary:
            let planes = unsafe buffer.assumingMemoryBound(to: UInt8.self)
            let numbers = unsafe (buffer + width / 8 * Int(CK_BIT_PLANES)).assumingMemoryBound(to: Float.self)
            let coded = unsafe kernels.bits_query(vector, dimension, width, numbers, planes)
            // The sum counts differences: more of them are farther.
            return unsafe ck_code_query(
                values: buffer, factor: -factor * coded.scale, constant: isL2 ? coded.squared_length : 0,
                offset: coded.offset)
        }
    }

    /// The vector in `slot` as a query; int8 puts its codes in `buffer`.
    ///
    /// Not for binary codes.
    @inline(__always)
    func query(of slot: UInt32, buffer: UnsafeMutableRawPointer) -> ck_code_query {
        let row = unsafe rows[slot]
        guard precision != .f32 else {
            return unsafe ck_code_query(values: row, factor: isL2 ? 1 : -1, constant: 0, offset: 0)
        }
        let constant = unsafe biases?[slot].assumingMemoryBound(to: Float.self).pointee ?? 0
        let factor: Float = isL2 ? -2 : -1
        guard let scales else {
            return unsafe ck_code_query(values: row, factor: factor, constant: constant, offset: 0)
        }
        let offset = unsafe kernels.i8_row_query(
            row.assumingMemoryBound(to: UInt8.self), width, buffer.assumingMemoryBound(to: Int8.self))
        let scale = unsafe scales[slot].assumingMemoryBound(to: Float.self).pointee
        return unsafe ck_code_query(values: buffer, factor: factor * scale, constant: constant, offset: offset)
    }

    /// Asks for the rows of the `count` vectors in `slots`, which then arrive while something else is done.
    @inline(__always)
    func prefetch(_ slots: UnsafePointer<UInt32>, _ count: Int) {
        unsafe ck_prefetch_rows(rows.rows, slots, count, fetchBytes)
    }

    /// The distances of `query` and the `count` vectors in `slots`.
    @inline(__always)
    func distances(
        _ query: UnsafePointer<ck_code_query>, _ slots: UnsafePointer<UInt32>, _ count: Int,
        into distances: UnsafeMutablePointer<Float>
    ) {
        unsafe gather(query, codes, slots, count, distances)
    }
}
