/// Relevance judgements: for a query, how relevant each judged document is.
///
/// Zero is "not relevant", 1 and more are degrees; a negative value means not judged. Documents that aren't named are
/// not judged and count as not relevant, except in bpref.
public struct Qrels: Sendable, Equatable {
    /// Relevance by query id and document id.
    public private(set) var judgements: [String: [String: Int]] = [:]

    /// Makes judgements from values.
    public init(_ judgements: [String: [String: Int]] = [:]) {
        self.judgements = judgements
    }

    /// The ids of the judged queries, in ascending order.
    public var queryIDs: [String] { judgements.keys.sorted() }

    /// Judges one document; a judgement that is there is replaced.
    public mutating func judge(query: String, document: String, relevance: Int) {
        judgements[query, default: [:]][document] = relevance
    }

    /// Reads judgements from a file of TREC or of BEIR.
    ///
    /// TREC has four columns (`query iteration document relevance`), BEIR three (`query-id corpus-id score`) and a
    /// header line. Blank lines and lines that start with `#` are skipped.
    /// - Parameter path: a qrels file.
    /// - Throws: `malformed` with the line that is neither or contradicts an earlier one, `empty`, `notFound`.
    public init(path: String) throws(EvaluationError) {
        var reader = try LineReader(path: path)
        while let line = try reader.next() {
            if line.isBlankOrComment { continue }
            let fields = line.fields
            guard fields.count == 3 || fields.count == 4, let last = fields.last else {
                throw .malformed(
                    path: path, line: reader.lineNumber,
                    reason: "expected 4 columns (TREC) or 3 (BEIR), found \(fields.count)")
            }
            guard let relevance = Int(last.text) else {
                if judgements.isEmpty, fields.count == 3 { continue }  // BEIR's header
                throw .malformed(
                    path: path, line: reader.lineNumber, reason: "the relevance '\(last.text)' is no whole number")
            }
            let query = fields[0].text
            let document = fields[fields.count - 2].text
            if let earlier = judgements[query]?[document], earlier != relevance {
                throw .malformed(
                    path: path, line: reader.lineNumber,
                    reason: "document \(document) of query \(query) is judged \(relevance), earlier \(earlier)")
            }
            judge(query: query, document: document, relevance: relevance)
        }
        guard !judgements.isEmpty else { throw .empty(path: path, what: "judgements") }
    }
}
