import CKernels
import Kernels
import Tensors

/// Takes an architecture's tensors out of its source: each must be there with its shape, and none may be left over.
struct WeightLoader {
    let source: any ModelSource
    let pool: ThreadPool
    private let quantization: WeightQuantization?
    private let arena = WeightArena()
    private var used: Set<String> = []
    /// What an earlier load packed, and what this one did; nil where packed weights aren't kept.
    private let stored: PackedWeightFile?
    private var packed: [(entry: PackedWeightFile.Entry, matrix: PackedMatrix)]?
    private var hasPacked = false

    /// - Parameters:
    ///   - source: the model.
    ///   - pool: packs matrices.
    ///   - keepsPacked: whether packed matrices are read from a file beside the model, and written to it.
    ///   - quantization: what matrices of 16 or 32 bits a weight are rounded to.
    init(source: any ModelSource, pool: ThreadPool, keepsPacked: Bool = false, quantization: WeightQuantization? = nil)
    {
        self.source = source
        self.pool = pool
        self.quantization = quantization
        stored = keepsPacked ? PackedWeightFile(for: source) : nil
        packed = keepsPacked ? [] : nil
    }

    /// A matrix of `rows` outputs and `columns` inputs, packed for the kernels; `order` names the file's row that
    /// becomes each row, nil means the file's order.
    mutating func matrix(
        _ name: String, rows: Int, columns: Int, order: [Int]? = nil, isOutput: Bool = false
    ) throws(DecoderError) -> PackedMatrix {
        let tensor = try find(name, shape: [rows, columns])
        let target = quantization?.type(for: tensor, isOutput: isOutput)
        let entry = PackedWeightFile.Entry(
            type: target ?? tensor.type, rowCount: rows, columnCount: columns, name: name)
        if let stored, let matrix = PackedMatrix(entry, in: stored) {
            packed?.append((entry, matrix))
            return matrix
        }
        hasPacked = true
        let matrix = unsafe PackedMatrix(
            type: tensor.type, rows: tensor.bytes, rowCount: rows, columnCount: columns, order: order,
            quantizedTo: target, pool: pool, arena: arena, releasesRows: true)
        packed?.append((entry, matrix))
        return matrix
    }

    /// A vector of `count` values, in the order `order` if given, with `offset` added to each.
    mutating func vector(
        _ name: String, count: Int, order: [Int]? = nil, offset: Float = 0
    ) throws(DecoderError) -> WeightVector {
        var values = try floats(name, count: count)
        if offset != 0 { values = values.map { $0 + offset } }
        return WeightVector(order.map { $0.map { values[$0] } } ?? values)
    }

    /// `count` values as floats.
    mutating func floats(_ name: String, count: Int) throws(DecoderError) -> [Float] {
        let tensor = try find(name, shape: [count])
        var values = [Float](repeating: 0, count: count)
        guard let base = unsafe tensor.bytes.baseAddress else { return values }
        unsafe values.withUnsafeMutableBufferPointer { out in
            guard let out = out.baseAddress else { return }
            unsafe ck_dequantize_row(tensor.type, base, count, out)
        }
        return values
    }

    /// The embedding table [rows, columns], left in the file.
    mutating func embeddings(_ name: String, rows: Int, columns: Int) throws(DecoderError) -> EmbeddingTable {
        let tensor = try find(name, shape: [rows, columns])
        guard let table = EmbeddingTable(tensor) else {
            throw .inconsistentModel(path: source.path, reason: "\(source.originalName(of: name)) is empty")
        }
        return table
    }

    /// The matrix that makes logits of hidden states: one of its own, or the embeddings' ("tied").
    mutating func output(rows: Int, columns: Int) throws(DecoderError) -> PackedMatrix {
        let name = source.conventions.tiesOutput ? "token_embd.weight" : "output.weight"
        return try matrix(name, rows: rows, columns: columns, isOutput: true)
    }

    /// Ends the loading; what had to be packed is kept for the next one, where that is wanted and the folder allows it.
    /// - Throws: `inconsistentModel` when the file holds a tensor that the architecture doesn't use, for the result
    ///   would silently differ from what was trained.
    func finish() throws(DecoderError) {
        if let extra = source.tensorNames.first(where: { !used.contains($0) }) {
            throw .inconsistentModel(
                path: source.path,
                reason: "this architecture has no use for tensor \(source.originalName(of: extra))")
        }
        // Without the file the next load packs again: slower, and nothing else.
        if let packed, hasPacked { try? PackedWeightFile.write(packed, for: source) }
    }

    private mutating func find(_ name: String, shape: [Int]) throws(DecoderError) -> SourceTensor {
        let tensor = try source.tensor(name)
        guard tensor.shape == shape else {
            let name = source.originalName(of: name)
            throw .inconsistentModel(
                path: source.path, reason: "\(name) has the shape \(tensor.shape), not \(shape) as its metadata says")
        }
        used.insert(name)
        return tensor
    }
}
