import Kernels
import Tensors

/// Hands out a checkpoint's tensors by name and keeps count, so that what nobody asked for is noticed.
struct WeightReader {
    private let file: SafetensorsFile
    private let prefix: String
    private var unused: Set<String>
    let precision: EncoderPrecision
    private let pool: ThreadPool
    private let packed: FloatBuffer  // of every linear layer
    private var packedCount = 0

    /// Prepares to read `file`, whose names may all begin with `bert.` or `roberta.`.
    ///
    /// The linear layers of `configuration` are packed for `precision` by the threads of `pool`.
    init(
        _ file: SafetensorsFile, _ configuration: EncoderConfiguration, precision: EncoderPrecision, pool: ThreadPool
    ) {
        let (size, wide) = (configuration.hiddenSize, configuration.intermediateSize)
        let shapes = [(3 * size, size), (size, size), (wide, size), (size, wide)]
        let layer = shapes.reduce(0) { $0 + PackedLinear.packedCount($1.0, $1.1, precision) }
        packed = FloatBuffer(hugeCount: configuration.layerCount * layer)
        self.file = file
        self.precision = precision
        self.pool = pool
        prefix = ["bert.", "roberta."].first { file.tensors[$0 + "embeddings.word_embeddings.weight"] != nil } ?? ""
        unused = Set(file.tensors.keys)
    }

    /// The numbers of tensor `name`.
    mutating func floats(_ name: String, _ shape: [Int]) throws(EncoderError) -> [Float] {
        unused.remove(prefix + name)
        do throws(TensorError) {
            return try file.floats(prefix + name, shape: shape)
        } catch {
            throw .weights(error)
        }
    }

    /// The address of tensor `name` in the mapped file, or nil when it has to be converted first.
    mutating func mappedFloats(_ name: String, _ shape: [Int]) throws(EncoderError) -> UnsafePointer<Float>? {
        unused.remove(prefix + name)
        do throws(TensorError) {
            return try unsafe file.mappedFloats(prefix + name, shape: shape)
        } catch {
            throw .weights(error)
        }
    }

    /// A linear layer: `name`.weight [N, K] and `name`.bias [N].
    mutating func linear(_ name: String, _ outputCount: Int, _ inputCount: Int) throws(EncoderError) -> PackedLinear {
        try fusedLinear([name], outputCount, inputCount)
    }

    /// Several linear layers over the same input as one, their outputs side by side.
    mutating func fusedLinear(
        _ names: [String], _ outputCount: Int, _ inputCount: Int
    ) throws(EncoderError) -> PackedLinear {
        var bias: [Float] = []
        for name in names { bias += try floats(name + ".bias", [outputCount]) }
        let weights = try rows(names.map { $0 + ".weight" }, [outputCount, inputCount])
        let count = PackedLinear.packedCount(bias.count, inputCount, precision)
        let panels = FloatBuffer(of: packed, start: packedCount, count: count)
        packedCount += count
        let linear = PackedLinear(weight: weights, bias: bias, precision: precision, panels: panels, pool: pool)
        for name in names { file.release(prefix + name + ".weight") }
        return linear
    }

    /// The rows of matrices of one shape, in the map where a panel's rows are neighbours there.
    private mutating func rows(_ names: [String], _ shape: [Int]) throws(EncoderError) -> WeightRows {
        var mapped: [UnsafePointer<Float>] = unsafe []
        if names.count == 1 || shape[0] % 32 == 0 {
            for name in names {
                guard let address = unsafe try mappedFloats(name, shape) else { break }
                unsafe mapped.append(address)
            }
        }
        if unsafe mapped.count == names.count {
            return unsafe WeightRows(mapped: mapped, rowCount: shape[0], columnCount: shape[1], file)
        }
        var converted: [Float] = []
        for name in names { converted += try floats(name, shape) }
        return WeightRows(converted, columnCount: shape[1], file)
    }

    /// Refuses tensors that nobody asked for, known leftovers of training and export aside.
    /// - Parameter headPrefix: names that begin like this belong to a head, which reads them itself.
    /// - Throws: `EncoderError.unusedWeights`.
    func finish(headPrefix: String? = nil) throws(EncoderError) {
        let strangers = unused.filter { name in
            let own = name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
            let isBuffer = own == "embeddings.position_ids" || own == "embeddings.token_type_ids"
            let known = ["pooler.dense.", "cls.", "lm_head."] + (headPrefix.map { [$0] } ?? [])
            return !isBuffer && !known.contains { own.hasPrefix($0) }
        }
        guard strangers.isEmpty else { throw .unusedWeights(path: file.path, names: strangers.sorted()) }
    }
}
