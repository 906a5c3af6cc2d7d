/// What can be wrong with a weight file.
///
/// The data is to blame unless a case says otherwise.
public enum TensorError: Error, Equatable, CustomStringConvertible {
    /// The file can't be opened, measured or mapped: the path, the permissions or the machine is to blame.
    case unreadable(path: String, reason: String)
    /// The file isn't a well-formed GGUF file: it is damaged, cut off or of another format. Fetch it again.
    case malformedGGUF(path: String, reason: String)
    /// The file is a GGUF file of a version or byte order that isn't read.
    case unsupportedGGUF(path: String, reason: String)
    /// The GGUF file lacks a metadata key that its use needs, or holds it with another type.
    case badGGUFMetadata(path: String, key: String, reason: String)
    /// The file isn't a well-formed safetensors file: it is damaged, cut off or of another format. Fetch it again.
    case malformedSafetensors(path: String, reason: String)
    /// A JSON file beside the weights isn't what it should be: it is damaged or of another format. Fetch it again.
    case malformedJSON(path: String, reason: String)
    /// The tensor's numbers are of a type, or its shape of a kind, that its use can't read.
    case unsupportedTensor(path: String, name: String, reason: String)
    /// The file holds no tensor of this name: it is of another model than was expected.
    case missingTensor(path: String, name: String)

    /// One line: what was wrong and what to do.
    public var description: String {
        switch self {
        case .unreadable(let path, let reason):
            "cannot read \(path): \(reason)"
        case .malformedGGUF(let path, let reason):
            "\(path) is not a sound GGUF file: \(reason); fetch it again"
        case .unsupportedGGUF(let path, let reason):
            "\(path) cannot be used: \(reason)"
        case .badGGUFMetadata(let path, let key, let reason):
            "\(path): metadata key \(key) \(reason); use a file converted for this architecture"
        case .malformedSafetensors(let path, let reason):
            "\(path) is not a sound safetensors file: \(reason); fetch it again"
        case .malformedJSON(let path, let reason):
            "\(path) is not sound: \(reason); fetch it again"
        case .unsupportedTensor(let path, let name, let reason):
            "\(path): tensor \(name) cannot be used: \(reason)"
        case .missingTensor(let path, let name):
            "\(path) holds no tensor named \(name); it belongs to another model"
        }
    }
}
