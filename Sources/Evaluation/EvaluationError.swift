/// What can be wrong with evaluation data or with how an evaluation was asked for.
public enum EvaluationError: Error, Equatable, CustomStringConvertible {
    /// A file or folder is missing: the caller's path is wrong, or a data set isn't complete.
    case notFound(path: String)
    /// A file is there and cannot be read or written (permissions, disk).
    case unreadable(path: String, reason: String)
    /// A line is not what the format says (the data is to blame).
    case malformed(path: String, line: Int, reason: String)
    /// A file holds nothing to evaluate.
    case empty(path: String, what: String)
    /// A measure's name is not known (the caller's mistake).
    case unknownMeasure(name: String)
    /// A gate is not written as `[mode:]measure>=value` (the caller's mistake).
    case badGate(text: String, reason: String)
    /// Runs that are to be compared don't share any judged query.
    case nothingInCommon(first: String, second: String)

    /// One line: what was wrong, and what to do.
    public var description: String {
        switch self {
        case .notFound(let path):
            "\(path) is not there; check the path (a BEIR folder has corpus.jsonl, queries.jsonl and qrels/test.tsv)"
        case .unreadable(let path, let reason):
            "cannot read or write \(path): \(reason)"
        case .malformed(let path, let line, let reason):
            "\(path), line \(line): \(reason)"
        case .empty(let path, let what):
            "\(path) holds no \(what)"
        case .unknownMeasure(let name):
            "unknown measure '\(name)'; known: \(RetrievalMeasure.namesForHelp)"
        case .badGate(let text, let reason):
            "bad gate '\(text)': \(reason); write it like 'hybrid:ndcg@10>=0.70'"
        case .nothingInCommon(let first, let second):
            "\(first) and \(second) share no judged query"
        }
    }
}
