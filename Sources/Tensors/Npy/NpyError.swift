/// Why a .npy file could not be read or written.
public enum NpyError: Error, Equatable, CustomStringConvertible {
    /// The file can't be opened or mapped: the path, the permissions or the machine is to blame.
    case unreadable(path: String, reason: String)
    /// The file can't be written: the path, the permissions or the disk is to blame.
    case unwritable(path: String, reason: String)
    /// The file isn't a well-formed .npy file: it is damaged, cut off or of another format.
    case malformed(path: String, reason: String)
    /// The file is sound but holds what isn't read: another element type, order or number of dimensions.
    case unsupported(path: String, reason: String)

    /// One line: what was wrong and what to do.
    public var description: String {
        switch self {
        case .unreadable(let path, let reason): "cannot read \(path): \(reason)"
        case .unwritable(let path, let reason): "cannot write \(path): \(reason)"
        case .malformed(let path, let reason): "\(path) is not a sound .npy file: \(reason)"
        case .unsupported(let path, let reason):
            "\(path) cannot be used: \(reason); save it as a C-order matrix of float32, float16 or int32"
        }
    }
}
