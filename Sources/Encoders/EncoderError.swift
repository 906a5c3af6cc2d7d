public import Tensors
public import Tokenizers

/// Why an encoder could not be made or could not embed.
public enum EncoderError: Error, Equatable, CustomStringConvertible {
    /// A file of the model's folder is missing or can't be read: the path or the machine is to blame; pull the model.
    case unreadable(path: String, reason: String)
    /// A configuration file is damaged or contradicts itself: the data is to blame; pull the model again.
    case malformed(path: String, reason: String)
    /// The model is sound and needs something that isn't built here: the caller should choose another model.
    case unsupported(path: String, feature: String)
    /// The weight file is damaged or is another model's.
    case weights(TensorError)
    /// The weight file holds tensors that this architecture doesn't use, so the configuration is another model's.
    case unusedWeights(path: String, names: [String])
    /// The tokenizer is damaged or is another model's.
    case tokenizer(TokenizerError)
    /// The vector of a text holds a number that is not finite: the weights are damaged.
    case notFinite(model: String)
    /// Too many texts wait to be embedded: try again later; the server answers 503.
    case busy(waitingTextCount: Int)
    /// The caller gave up waiting.
    case cancelled

    /// One line: what was wrong and what to do.
    public var description: String {
        switch self {
        case .unreadable(let path, let reason):
            "cannot read \(path): \(reason); pull the model with `docent models pull`"
        case .malformed(let path, let reason):
            "\(path) is damaged: \(reason); pull the model again"
        case .unsupported(let path, let feature):
            "\(path) asks for \(feature), which is not supported; choose another model"
        case .weights(let error):
            error.description
        case .unusedWeights(let path, let names):
            "\(path) holds \(names.count) tensors that the model's configuration has no place for "
                + "(\(names.prefix(3).joined(separator: ", "))); config.json and weights belong to different models"
        case .tokenizer(let error):
            error.description
        case .notFinite(let model):
            "\(model) computed a vector that is not finite; its weights are damaged, pull the model again"
        case .busy(let count):
            "\(count) texts wait to be embedded: try again in a moment"
        case .cancelled:
            "the request was cancelled"
        }
    }
}
