import CKernels
import Kernels
import Tensors

/// Takes an architecture's tensors out of a GGUF file: each must be there with its shape, and none may be left over.
struct WeightLoader {
    let file: GGUFFile
    let pool: ThreadPool
    private let arena = WeightArena()
    private var used: Set<String> = []
    /// What an earlier load packed, and what this one did; nil where packed weights aren't kept.
    private let stored: PackedWeightFile?
    private var packed: [(entry: PackedWeightFile.Entry, matrix: PackedMatrix)]?
    private var hasPacked = false

    /// - Parameters:
    ///   - file: the model.
    ///   - pool: packs matrices.
    ///   - keepsPacked: whether packed matrices are read from a file beside the model, and written to it.
    init(file: GGUFFile, pool: ThreadPool, keepsPacked: Bool = false) {
        self.file = file
        self.pool = pool
        stored = keepsPacked ? PackedWeightFile(for: file) : nil
        packed = keepsPacked ? [] : nil
    }

    /// A matrix of `rows` outputs and `columns` inputs, packed for the kernels; `order` names the file's row that
    /// becomes each row, nil means the file's order.
    mutating func matrix(
        _ name: String, rows: Int, columns: Int, order: [Int]? = nil
    ) throws(DecoderError) -> PackedMatrix {
        let (tensor, type) = try find(name, shape: [rows, columns])
        let entry = PackedWeightFile.Entry(type: type, rowCount: rows, columnCount: columns, name: name)
        if let stored, let matrix = PackedMatrix(entry, in: stored) {
            packed?.append((entry, matrix))
            return matrix
        }
        hasPacked = true
        let bytes = unsafe file.base(of: tensor)
        let matrix: PackedMatrix
        if let order {
            var moved = [UInt8]()
            moved.reserveCapacity(bytes.count)
            for row in order {
                let start = row * tensor.rowBytes
                unsafe moved.append(contentsOf: bytes[start..<(start + tensor.rowBytes)])
            }
            matrix = unsafe moved.withUnsafeBytes { bytes in
                unsafe PackedMatrix(
                    type: type, rows: bytes, rowCount: rows, columnCount: columns, pool: pool, arena: arena)
            }
        } else {
            matrix = unsafe PackedMatrix(
                type: type, rows: bytes, rowCount: rows, columnCount: columns, pool: pool, arena: arena)
        }
        // The packed copy is what is read from here on; the file's pages would only count as memory.
        file.releasePages(of: tensor)
        packed?.append((entry, matrix))
        return matrix
    }

    /// A vector of `count` values, in the order `order` if given.
    mutating func vector(_ name: String, count: Int, order: [Int]? = nil) throws(DecoderError) -> WeightVector {
        let values = try floats(name, count: count)
        return WeightVector(order.map { $0.map { values[$0] } } ?? values)
    }

    /// `count` values as floats.
    mutating func floats(_ name: String, count: Int) throws(DecoderError) -> [Float] {
        let (tensor, type) = try find(name, shape: [count])
        var values = [Float](repeating: 0, count: count)
        guard let base = unsafe file.base(of: tensor).baseAddress else { return values }
        unsafe values.withUnsafeMutableBufferPointer { out in
            guard let out = out.baseAddress else { return }
            unsafe ck_dequantize_row(type, base, count, out)
        }
        return values
    }

    /// The embedding table [rows, columns], left in the file.
    mutating func embeddings(_ name: String, rows: Int, columns: Int) throws(DecoderError) -> EmbeddingTable {
        let (tensor, type) = try find(name, shape: [rows, columns])
        guard let table = EmbeddingTable(file: file, tensor: tensor, type: type) else {
            throw .inconsistentModel(path: file.path, reason: "\(name) is empty")
        }
        return table
    }

    /// Ends the loading; what had to be packed is kept for the next one, where that is wanted and the folder allows it.
    /// - Throws: `inconsistentModel` when the file holds a tensor that the architecture doesn't use, for the result
    ///   would silently differ from what was trained.
    func finish() throws(DecoderError) {
        if let extra = file.tensors.first(where: { !used.contains($0.name) }) {
            throw .inconsistentModel(path: file.path, reason: "this architecture has no use for tensor \(extra.name)")
        }
        // Without the file the next load packs again: slower, and nothing else.
        if let packed, hasPacked { try? PackedWeightFile.write(packed, for: file) }
    }

    private mutating func find(
        _ name: String, shape: [Int]
    ) throws(DecoderError) -> (GGUFTensor, ck_weight_type) {
        let tensor: GGUFTensor
        do { tensor = try file.tensor(name) } catch { throw .unreadable(error) }
        guard tensor.shape == shape else {
            throw .inconsistentModel(
                path: file.path, reason: "\(name) has the shape \(tensor.shape), not \(shape) as its metadata says")
        }
        guard let type = ck_weight_type(tensor.type) else {
            throw .unsupportedType(path: file.path, tensor: name, type: tensor.type.name)
        }
        used.insert(name)
        return (tensor, type)
    }
}

extension ck_weight_type {
    /// The kernels' name of a file's type; nil when they don't compute it.
    fileprivate init?(_ type: GGUFTensorType) {
        switch type {
        case .f32: self = CK_WEIGHT_F32
        case .f16: self = CK_WEIGHT_F16
        case .bf16: self = CK_WEIGHT_BF16
        case .q8_0: self = CK_WEIGHT_Q8_0
        case .q4_0: self = CK_WEIGHT_Q4_0
        case .q4_1: self = CK_WEIGHT_Q4_1
        case .q5_0: self = CK_WEIGHT_Q5_0
        case .q5_1: self = CK_WEIGHT_Q5_1
        case .q2K: self = CK_WEIGHT_Q2_K
        case .q3K: self = CK_WEIGHT_Q3_K
        case .q4K: self = CK_WEIGHT_Q4_K
        case .q5K: self = CK_WEIGHT_Q5_K
        case .q6K: self = CK_WEIGHT_Q6_K
        case .iq4NL: self = CK_WEIGHT_IQ4_NL
        default: return nil
        }
    }
}
