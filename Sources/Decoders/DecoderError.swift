public import Tensors
public import Tokenizers

/// What can go wrong between a model file and its text.
public enum DecoderError: Error, Equatable, CustomStringConvertible {
    /// The model file can't be read or is damaged: the data or the machine is to blame.
    case unreadable(TensorError)
    /// The model's vocabulary can't be used: the data is to blame.
    case badVocabulary(path: String, reason: String)
    /// The model is of an architecture that isn't computed here: use another model.
    case unsupportedArchitecture(path: String, name: String)
    /// A weight is stored in a type that isn't computed here: re-quantise the model.
    case unsupportedType(path: String, tensor: String, type: String)
    /// The metadata or tensors of a file or folder contradict the architecture: the data is to blame.
    case inconsistentModel(path: String, reason: String)
    /// The prompt, or the text so far, doesn't fit the context: the caller is to blame; shorten the prompt.
    case contextOverflow(tokenCount: Int, limit: Int)
    /// A prompt without tokens: the caller is to blame.
    case emptyPrompt
    /// A token id outside of the vocabulary: the caller is to blame.
    case invalidToken(id: TokenID, vocabularySize: Int)
    /// A sampling parameter outside of its range: the caller is to blame.
    case invalidParameter(name: String, reason: String)
    /// The model's chat template belongs to no family that is rendered here: use raw prompts or another model.
    case unknownChatTemplate(excerpt: String)
    /// The messages break a rule of the model's chat template: the caller is to blame.
    case invalidConversation(reason: String)
    /// A JSON schema that can't be kept to: the caller is to blame; `path` says where it is.
    case invalidSchema(path: String, reason: String)
    /// Too many texts wait to be written: the machine is to blame; try again in a moment.
    case overloaded(limit: Int)
    /// A text too short to measure perplexity on: the caller is to blame.
    case textTooShort(tokenCount: Int, minimum: Int)

    /// One line: what was wrong and what to do.
    public var description: String {
        switch self {
        case .unreadable(let error):
            error.description
        case .badVocabulary(let path, let reason):
            "the vocabulary in \(path) cannot be used: \(reason)"
        case .unsupportedArchitecture(let path, let name):
            "\(path) holds a \"\(name)\" model; this build computes \"llama\" (Llama, SmolLM2), "
                + "\"qwen2\" (Qwen 2 and 2.5), \"qwen3\" and \"gemma3\" (text)"
        case .unsupportedType(let path, let tensor, let type):
            "\(tensor) in \(path) is stored as \(type), which this build does not compute; "
                + "use a GGUF file in F32, F16, BF16, Q8_0, Q5_1, Q5_0, Q4_1, Q4_0, IQ4_NL or Q2_K to Q6_K, "
                + "or safetensors in F32, F16 or BF16"
        case .inconsistentModel(let path, let reason):
            "\(path) is not a sound model: \(reason)"
        case .contextOverflow(let tokenCount, let limit):
            "\(tokenCount) tokens do not fit the context of \(limit); shorten the prompt"
        case .emptyPrompt:
            "the prompt has no tokens; give it some text"
        case .invalidToken(let id, let vocabularySize):
            "token \(id) is outside of the vocabulary of \(vocabularySize)"
        case .invalidParameter(let name, let reason):
            "\(name) \(reason)"
        case .unknownChatTemplate(let excerpt):
            "the model's chat template is of no known family (ChatML, Llama 2, Llama 3, Zephyr, Phi 3, Gemma): "
                + "\"\(excerpt)\"; send a raw prompt, or use another model"
        case .invalidConversation(let reason):
            "the messages do not fit the model's chat template: \(reason)"
        case .invalidSchema(let path, let reason):
            "the schema can't be used at \(path): \(reason)"
        case .overloaded(let limit):
            "\(limit) texts wait to be written: try again in a moment"
        case .textTooShort(let tokenCount, let minimum):
            "the text has \(tokenCount) tokens; perplexity needs at least \(minimum)"
        }
    }
}
