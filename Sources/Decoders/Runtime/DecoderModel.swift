public import Kernels
import Synchronization
public import Tokenizers

/// A local text generator: weights, tokenizer and chat template of one GGUF file, or of a folder with safetensors, shared
/// by any number of sessions.
///
///     let model = try DecoderModel(path: "SmolLM2-135M-Instruct.Q4_1.gguf", pool: pool)
///     let prompt = try model.chatTemplate.render([ChatMessage(role: .user, content: "Hello")], addGenerationPrompt: true)
///     let answer = try model.generate(prompt: model.encode(prompt: prompt), parameters: .init()) { token in
///         print(token.text, terminator: ""); return true
///     }
public final class DecoderModel: Sendable {
    /// The file's or folder's path.
    public let path: String
    /// The model's own name, from its metadata, or the file's or folder's.
    public let name: String
    /// The most tokens of a prompt and its continuation together.
    public let contextLength: Int
    /// V: tokens in the vocabulary; the length of a row of logits.
    public let vocabularySize: Int
    /// Turns text into the model's tokens and back.
    public let tokenizer: any Tokenizer
    /// Writes a conversation as the model was trained to read it.
    public let chatTemplate: ChatTemplate
    /// Tokens that end a text: end of sequence and end of turn.
    public let endTokens: Set<TokenID>

    /// What sessions keep keys and values in.
    public let cachePrecision: KVCachePrecision

    let architecture: any DecoderArchitecture
    let pool: ThreadPool
    private let order = Mutex<VocabularyOrder?>(nil)

    /// Loads a model; its weights are packed for this machine's kernels.
    /// - Parameters:
    ///   - path: a GGUF file of the llama, qwen2, qwen3 or gemma3 architecture, or a folder as Hugging Face lays it out:
    ///     config.json, safetensors in f32, f16 or bf16, tokenizer.json.
    ///   - pool: threads of every computation with this model.
    ///   - keepsPackedWeights: writes the packed weights to `PATH.packed` (`PATH/model.packed` for a folder), as large as
    ///     they are, where the folder allows it, and maps them from there when the model is loaded again, which takes a
    ///     fraction of the time.
    ///   - quantization: what matrices of 16 or 32 bits a weight are rounded to; nil keeps them as they are.
    ///   - cachePrecision: what sessions keep keys and values in.
    /// - Throws: `DecoderError` that says what the file lacks.
    public init(
        path: String, pool: ThreadPool, keepsPackedWeights: Bool = false, quantization: WeightQuantization? = nil,
        cachePrecision: KVCachePrecision = .f16
    ) throws(DecoderError) {
        let source = try ModelSources.open(path)
        let settings = try source.textSettings()
        // Building the tokenizer keeps one thread busy about as long as the weights take.
        let tokenizing = ThreadResult(name: "docent-tokenizer") {
            Result { () throws(TokenizerError) in try source.makeTokenizer() }
        }
        var loader = WeightLoader(
            source: source, pool: pool, keepsPacked: keepsPackedWeights, quantization: quantization)
        architecture = try Architectures.load(&loader)
        let tokenizer: any Tokenizer
        do { tokenizer = try tokenizing.wait().get() } catch {
            throw .badVocabulary(path: path, reason: "\(error)")
        }
        self.tokenizer = tokenizer
        self.cachePrecision = cachePrecision
        self.path = path
        self.pool = pool
        name = settings.name ?? path.split(separator: "/").last.map(String.init) ?? path
        contextLength = architecture.trainedContextLength
        vocabularySize = architecture.vocabularySize
        guard tokenizer.vocabularySize <= vocabularySize else {
            throw .badVocabulary(
                path: path, reason: "\(tokenizer.vocabularySize) tokens for \(vocabularySize) rows of embeddings")
        }
        endTokens = Self.endTokens(settings, tokenizer)
        let special = tokenizer.specialTokens
        chatTemplate = ChatTemplate(
            source: settings.chatTemplate, beginToken: settings.beginToken ?? Self.text(special.bos, tokenizer),
            endToken: settings.endToken ?? Self.text(special.eos, tokenizer))
    }

    /// The tokens of a prompt as the model reads it: control tokens in the text count as such, and the token that
    /// begins a text goes in front where the model wants one and the text hasn't it already.
    public func encode(prompt: String) -> [TokenID] {
        let ids = tokenizer.encode(prompt, addSpecialTokens: false, parseSpecial: true)
        let prefix = tokenizer.encode("", addSpecialTokens: true, parseSpecial: false)
        guard let begin = prefix.first, begin == tokenizer.specialTokens.bos, ids.first != begin else { return ids }
        return [begin] + ids
    }

    /// Its tokens in the order of their bytes; made when a constraint first needs it.
    var vocabularyOrder: VocabularyOrder {
        order.withLock { order in
            if let order { return order }
            let made = VocabularyOrder(tokenizer: tokenizer)
            order = made
            return made
        }
    }

    /// An empty cache for `capacity` positions.
    func makeCache(capacity: Int) -> KVCache { architecture.makeCache(capacity: capacity, precision: cachePrecision) }

    /// Refuses no tokens at all, and ids outside of the vocabulary.
    func check(_ ids: [TokenID]) throws(DecoderError) {
        guard !ids.isEmpty else { throw .emptyPrompt }
        for id in ids where id < 0 || Int(id) >= vocabularySize {
            throw .invalidToken(id: id, vocabularySize: vocabularySize)
        }
    }

    private static func text(_ id: TokenID?, _ tokenizer: any Tokenizer) -> String {
        id.flatMap { tokenizer.token(of: $0) } ?? ""
    }

    /// What the source says ends a text, and the end-of-turn tokens that chat models name by convention.
    private static func endTokens(_ settings: TextSettings, _ tokenizer: any Tokenizer) -> Set<TokenID> {
        var ends: Set<TokenID> = []
        if let eos = tokenizer.specialTokens.eos { ends.insert(eos) }
        if let eos = settings.endToken.flatMap({ tokenizer.id(of: $0) }) { ends.insert(eos) }
        for id in settings.endTokenIDs where (0..<tokenizer.vocabularySize).contains(id) { ends.insert(TokenID(id)) }
        for name in TokenNames.ends {
            if let id = tokenizer.id(of: name), tokenizer.isSpecial(id) { ends.insert(id) }
        }
        return ends
    }
}
