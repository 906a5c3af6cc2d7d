import Tensors

/// Hands out a checkpoint's tensors by name and keeps count, so that what nobody asked for is noticed.
struct WeightReader {
    private let file: SafetensorsFile
    private let prefix: String
    private var unused: Set<String>

    /// Prepares to read `file`, whose names may all begin with `bert.` or `roberta.`.
    init(_ file: SafetensorsFile) {
        self.file = file
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
        let weight = try floats(name + ".weight", [outputCount, inputCount])
        return PackedLinear(weight: weight, bias: try floats(name + ".bias", [outputCount]))
    }

    /// Several linear layers over the same input as one, their outputs side by side.
    mutating func fusedLinear(
        _ names: [String], _ outputCount: Int, _ inputCount: Int
    ) throws(EncoderError) -> PackedLinear {
        var weight: [Float] = []
        var bias: [Float] = []
        for name in names {
            weight += try floats(name + ".weight", [outputCount, inputCount])
            bias += try floats(name + ".bias", [outputCount])
        }
        return PackedLinear(weight: weight, bias: bias)
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
