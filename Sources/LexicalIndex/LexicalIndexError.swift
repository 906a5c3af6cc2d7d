/// Why a lexical index cannot be made as asked.
public enum LexicalIndexError: Error, Equatable, CustomStringConvertible {
    /// A parameter is out of its range (the caller is at fault). Choose a value inside it.
    case parameterOutOfRange(name: String, value: Double, minimum: Double, maximum: Double)

    /// One line: what is wrong and what would be right.
    public var description: String {
        switch self {
        case .parameterOutOfRange(let name, let value, let minimum, let maximum):
            "\(name) is \(value): it has to be between \(minimum) and \(maximum)"
        }
    }
}
