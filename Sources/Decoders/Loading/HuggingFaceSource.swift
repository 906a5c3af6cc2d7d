import CKernels
import Tensors
import Tokenizers

/// A decoder in a folder as Hugging Face lays it out: safetensors in f32, f16 or bf16.
final class HuggingFaceSource: ModelSource {
    let metadata: [String: GGUFValue]
    let conventions: SourceConventions
    let tensorNames: [String]
    private let folder: HuggingFaceFolder
    private let configuration: HuggingFaceConfiguration
    private let names: HuggingFaceNames
    private let shards: SafetensorsShards
    /// The files' names by GGUF's.
    private let originals: [String: String]

    init(_ folder: HuggingFaceFolder) throws(DecoderError) {
        self.folder = folder
        let path = folder.path + "/config.json"
        // Another kind of model lacks what the configuration of a decoder has; it is named first.
        let family = try folder.file("config.json", as: HuggingFaceConfiguration.Family.self)
        if let family, HuggingFaceConfiguration.architectures[family.modelType] == nil {
            throw .unsupportedArchitecture(path: folder.path, name: family.modelType)
        }
        guard let configuration = try folder.file("config.json", as: HuggingFaceConfiguration.self) else {
            throw .unreadable(.unreadable(path: path, reason: "there is no such file; a decoder's folder needs one"))
        }
        self.configuration = configuration
        metadata = try configuration.metadata(path: path)
        names = HuggingFaceNames(architecture: configuration.architecture ?? "")
        conventions = SourceConventions(
            neighboursLlamaPairs: false, offsetsGemmaNorms: true, tiesOutput: configuration.tiesOutput)
        do { shards = try SafetensorsShards(folder: folder.path) } catch { throw .unreadable(error) }
        var originals: [String: String] = [:]
        for original in shards.names {
            guard let name = names.renamed(original) else { continue }
            guard originals.updateValue(original, forKey: name) == nil else {
                throw .inconsistentModel(path: folder.path, reason: "two tensors are its \(name)")
            }
        }
        if conventions.tiesOutput, let output = originals["output.weight"], let input = originals["token_embd.weight"] {
            // Written out although the two are one; as long as they are, nothing is lost by reading one.
            try Self.checkEqual(output, input, shards, folder.path)
            originals["output.weight"] = nil
        }
        if let name = originals["token_embd.weight"], let rows = try? shards.tensor(name).tensor.shape.first,
            rows != configuration.vocabularySize
        {
            throw .inconsistentModel(
                path: folder.path, reason: "\(name) has \(rows) rows; vocab_size is \(configuration.vocabularySize)")
        }
        self.originals = originals
        tensorNames = originals.keys.sorted()
    }

    var path: String { folder.path }
    var packedPath: String { folder.path + "/model.packed" }

    /// The configuration counts too: it says in which order rows are packed.
    var contentFingerprint: String {
        var parts = shards.files.map(\.contentFingerprint)
        if let file = try? MappedFile(path: folder.path + "/config.json") {
            parts.append(file.contentFingerprint(headerBytes: file.byteCount))
        }
        var hash = XXHash64()
        let text = Array(parts.joined(separator: " ").utf8)
        unsafe hash.update(text.span.bytes)
        return "huggingface:\(String(hash.value, radix: 16))"
    }

    func hasTensor(_ name: String) -> Bool { originals[name] != nil }

    func tensor(_ name: String) throws(DecoderError) -> SourceTensor {
        let original = originals[name] ?? names.original(name)
        let (file, tensor): (SafetensorsFile, SafetensorsTensor)
        do { (file, tensor) = try shards.tensor(original) } catch { throw .unreadable(error) }
        let types: [SafetensorsTensor.ElementType: ck_weight_type] = [
            .f32: CK_WEIGHT_F32, .f16: CK_WEIGHT_F16, .bf16: CK_WEIGHT_BF16,
        ]
        guard let type = types[tensor.type] else {
            throw .unsupportedType(path: file.path, tensor: original, type: tensor.type.rawValue)
        }
        guard !tensor.shape.isEmpty, !tensor.shape.contains(0) else {
            throw .inconsistentModel(path: file.path, reason: "\(original) has the shape \(tensor.shape)")
        }
        return unsafe SourceTensor(
            name: name, type: type, shape: tensor.shape, bytes: file.base(of: tensor), file: file.file)
    }

    func originalName(of name: String) -> String { originals[name] ?? names.original(name) }

    func settingName(_ key: String) -> String {
        guard let dot = key.firstIndex(of: ".") else { return key }
        return HuggingFaceConfiguration.settingNames[String(key[key.index(after: dot)...])] ?? key
    }

    func makeTokenizer() throws(TokenizerError) -> any Tokenizer { try TokenizerLoader.load(path: folder.path) }

    func textSettings() throws(DecoderError) -> TextSettings { try folder.textSettings(configuration) }

    private static func checkEqual(
        _ one: String, _ other: String, _ shards: SafetensorsShards, _ path: String
    ) throws(DecoderError) {
        guard let first = try? shards.tensor(one), let second = try? shards.tensor(other) else { return }
        let isEqual =
            unsafe first.tensor.type == second.tensor.type
            && first.file.base(of: first.tensor).elementsEqual(second.file.base(of: second.tensor))
        guard isEqual else {
            throw .inconsistentModel(path: path, reason: "it says that \(one) is \(other), but they differ")
        }
    }
}
