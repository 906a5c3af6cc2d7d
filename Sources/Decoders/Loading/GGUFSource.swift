import CKernels
import Tensors
import Tokenizers

/// A decoder in one GGUF file.
final class GGUFSource: ModelSource {
    let conventions: SourceConventions
    private let file: GGUFFile

    init(path: String) throws(DecoderError) {
        do { file = try GGUFFile(path: path) } catch { throw .unreadable(error) }
        conventions = SourceConventions(
            neighboursLlamaPairs: true, offsetsGemmaNorms: false, tiesOutput: !file.hasTensor("output.weight"))
    }

    var path: String { file.path }
    var metadata: [String: GGUFValue] { file.metadata }
    var packedPath: String { path + ".packed" }
    var contentFingerprint: String { file.contentFingerprint }
    var tensorNames: [String] { file.tensors.map(\.name) }

    func hasTensor(_ name: String) -> Bool { file.hasTensor(name) }

    func tensor(_ name: String) throws(DecoderError) -> SourceTensor {
        let tensor: GGUFTensor
        do { tensor = try file.tensor(name) } catch { throw .unreadable(error) }
        guard let type = ck_weight_type(tensor.type) else {
            throw .unsupportedType(path: path, tensor: name, type: tensor.type.name)
        }
        return unsafe SourceTensor(
            name: name, type: type, shape: tensor.shape, bytes: file.base(of: tensor), file: file.file)
    }

    func originalName(of name: String) -> String { name }

    func settingName(_ key: String) -> String { key }

    func makeTokenizer() throws(TokenizerError) -> any Tokenizer { try TokenizerLoader.load(gguf: file) }

    func textSettings() throws(DecoderError) -> TextSettings {
        let reader = MetadataReader(source: self, prefix: "")
        var settings = TextSettings()
        settings.name = try reader.string("general.name")
        settings.chatTemplate = try reader.string("tokenizer.chat_template") ?? ""
        for key in ["eot", "eom"] {
            if let id = try reader.integer("tokenizer.ggml.\(key)_token_id") { settings.endTokenIDs.append(id) }
        }
        return settings
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
