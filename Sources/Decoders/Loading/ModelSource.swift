import CKernels
import Tensors
import Tokenizers

/// Where a decoder is read from: settings and tensors by GGUF's names, and what its text needs.
///
/// A GGUF file has these names itself (`GGUFSource`); a folder as Hugging Face lays it out is translated
/// (`HuggingFaceSource`), so that a network is written once.
protocol ModelSource: ModelMetadata, AnyObject, Sendable {
    /// Where packed weights are kept.
    var packedPath: String { get }
    /// Tells these weights from others, and from what was at the path before.
    var contentFingerprint: String { get }
    /// The names of all tensors.
    var tensorNames: [String] { get }
    /// How it writes down what formats write down differently.
    var conventions: SourceConventions { get }

    /// A tensor by its name in GGUF files, such as `blk.0.attn_q.weight`.
    /// - Throws: `unreadable` when there is none, `unsupportedType` when its numbers can't be computed with.
    func tensor(_ name: String) throws(DecoderError) -> SourceTensor
    /// A tensor's name where it was, or would be, read from, for errors.
    func originalName(of name: String) -> String
    /// A setting's name where it was read from, for errors.
    func settingName(_ key: String) -> String

    /// Builds the tokenizer.
    func makeTokenizer() throws(TokenizerError) -> any Tokenizer
    /// What a conversation and the end of a text need.
    func textSettings() throws(DecoderError) -> TextSettings
}

extension ModelSource {
    /// Whether there is a tensor of this name.
    func hasTensor(_ name: String) -> Bool { tensorNames.contains(name) }
}

/// How a format writes down what can be written in two ways.
struct SourceConventions: Sendable, Equatable {
    /// Whether rows of Llama's queries and keys were moved so that rotary pairs are neighbours.
    var neighboursLlamaPairs: Bool
    /// Whether Gemma's norms hold w and are used as 1 + w.
    var offsetsGemmaNorms: Bool
    /// Whether the output shares the embeddings' matrix.
    var tiesOutput: Bool
}

/// One tensor of a source.
@safe
struct SourceTensor {
    /// Its name in GGUF files.
    let name: String
    /// How its numbers are stored.
    let type: ck_weight_type
    /// Its dimensions, slowest first; never empty.
    let shape: [Int]
    /// Its bytes in a `MappedFile`, maybe not aligned; valid while the source is kept.
    let bytes: UnsafeRawBufferPointer
    /// The file that holds them.
    let file: MappedFile

    /// Values in a row.
    var columnCount: Int { shape[shape.count - 1] }
    /// Rows: the product of every dimension but the last.
    var rowCount: Int { shape.dropLast().reduce(1, *) }
    /// Bytes of one row.
    var rowBytes: Int { ck_row_bytes(type, columnCount) }
}

/// What a conversation and the end of a text need.
struct TextSettings {
    /// The model's own name, where it has one.
    var name: String?
    /// The Jinja program of its chat template; empty where it has none.
    var chatTemplate = ""
    /// The text of the token that begins a text, where the source names one beside the tokenizer.
    var beginToken: String?
    /// The text of the token that ends a text, where the source names one beside the tokenizer.
    var endToken: String?
    /// Tokens that end a text, beside the tokenizer's own; not checked against the vocabulary.
    var endTokenIDs: [Int] = []
}

/// Opens what a path leads to.
enum ModelSources {
    /// Opens a model for its weights, settings and tokenizer to be read.
    /// - Parameter path: a GGUF file, or a folder with config.json and safetensors.
    /// - Returns: the source; its files stay mapped while it is kept.
    /// - Throws: `DecoderError` when a file is missing, damaged or of another format.
    static func open(_ path: String) throws(DecoderError) -> any ModelSource {
        if let folder = HuggingFaceFolder(path: path) { return try HuggingFaceSource(folder) }
        return try GGUFSource(path: path)
    }
}
