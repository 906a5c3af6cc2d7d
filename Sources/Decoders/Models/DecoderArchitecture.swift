import Tensors
import Tokenizers

/// A decoder's network: token ids in, hidden states and logits out.
///
/// One implementation per file, in the order of its forward pass.
protocol DecoderArchitecture: Sendable {
    /// V: the vocabulary's size.
    var vocabularySize: Int { get }
    /// The most positions the model was trained for.
    var trainedContextLength: Int { get }

    /// An empty cache for `capacity` positions.
    func makeCache(capacity: Int, precision: KVCachePrecision) -> KVCache

    /// Buffers for up to `tokenCount` tokens at once, up to `capacity` positions and `threadCount` tasks at once.
    func makeWorkspace(tokenCount: Int, capacity: Int, threadCount: Int) -> Workspace

    /// Computes the last hidden states [T, D] of the parts' tokens, each part after what its cache holds, into
    /// `workspace.hidden`, and stores their keys and values.
    ///
    /// The caller has checked that the ids are in the vocabulary and fit caches and workspace. `goesOn` is asked before
    /// every layer; when it says no, the caches stay as they were.
    ///
    /// - Returns: whether every layer was computed.
    func forward(_ parts: [PassPart], workspace: Workspace, compute: Compute, while goesOn: () -> Bool) -> Bool

    /// Computes the logits [count, V] of the hidden states `first`…`first + count − 1` into `out`.
    func logits(first: Int, count: Int, workspace: Workspace, compute: Compute, out: Rows)
}

/// The networks that are computed.
enum Architectures {
    /// Loads the network that the loader's source names.
    /// - Throws: `unsupportedArchitecture` for any other, and what its tensors and settings lack.
    static func load(_ loader: inout WeightLoader) throws(DecoderError) -> any DecoderArchitecture {
        let reader = MetadataReader(source: loader.source, prefix: "")
        guard let name = try reader.string("general.architecture") else {
            throw reader.inconsistent("general.architecture is missing")
        }
        if let variant = LlamaConfiguration.Variant(rawValue: name) { return try Llama(&loader, variant: variant) }
        guard name == Gemma3Configuration.name else {
            throw .unsupportedArchitecture(path: loader.source.path, name: name)
        }
        return try Gemma3(&loader)
    }
}
