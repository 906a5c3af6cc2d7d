import Foundation

/// One document that a search returned.
public struct RankedDocument: Sendable, Equatable {
    /// The document's id.
    public var documentID: String
    /// Its score, greater is better.
    public var score: Double

    /// Names a document and its score.
    public init(documentID: String, score: Double) {
        self.documentID = documentID
        self.score = score
    }
}

/// What a system returned for each query.
public struct Run: Sendable, Equatable {
    /// The system's name, the last column of a run file.
    public var tag: String
    /// Documents by query id, maybe none, in any order: their scores order them.
    public var results: [String: [RankedDocument]]

    /// Makes a run from values.
    public init(tag: String, results: [String: [RankedDocument]] = [:]) {
        self.tag = tag
        self.results = results
    }

    /// The documents of a query as trec_eval ranks them.
    ///
    /// By score as a 32-bit float, descending; equal ones by document id, descending. The ranks written in a run file
    /// don't matter.
    public func ranking(of query: String) -> [String] {
        let documents = results[query] ?? []
        let sorted = documents.sorted { first, second in
            let scores = (Float(first.score), Float(second.score))
            if scores.0 != scores.1 { return scores.0 > scores.1 }
            return second.documentID.utf8.lexicographicallyPrecedes(first.documentID.utf8)
        }
        return sorted.map(\.documentID)
    }

    /// Reads a run in TREC's six columns: `query Q0 document rank score tag`; what comes after them is ignored.
    /// - Parameter path: a run file.
    /// - Throws: `malformed` with the line that is not of this form or names a document twice, `empty`, `notFound`.
    public init(path: String) throws(EvaluationError) {
        self.init(tag: "")
        var reader = try LineReader(path: path)
        var seen: [String: Set<String>] = [:]
        while let line = try reader.next() {
            if line.isBlankOrComment { continue }
            let fields = line.fields
            guard fields.count >= 6 else {
                throw .malformed(
                    path: path, line: reader.lineNumber, reason: "expected 6 columns, found \(fields.count)")
            }
            guard let score = Double(fields[4].text), score.isFinite else {
                throw .malformed(
                    path: path, line: reader.lineNumber, reason: "the score '\(fields[4].text)' is no number")
            }
            let query = fields[0].text
            let document = fields[2].text
            guard seen[query, default: []].insert(document).inserted else {
                throw .malformed(
                    path: path, line: reader.lineNumber, reason: "document \(document) comes twice for query \(query)")
            }
            results[query, default: []].append(RankedDocument(documentID: document, score: score))
            tag = fields[5].text
        }
        guard !results.isEmpty else { throw .empty(path: path, what: "results") }
    }

    /// Writes the run in TREC's six columns, best document first, queries in ascending order of their ids.
    ///
    /// Scores are written so that they read back exactly; white space in ids becomes `_`, since columns are separated
    /// by it.
    /// - Parameter path: the file, replaced as a whole.
    /// - Throws: `unreadable` when it cannot be written.
    public func write(to path: String) throws(EvaluationError) {
        var text = ""
        for query in results.keys.sorted() {
            let scores = Dictionary(
                (results[query] ?? []).map { ($0.documentID, $0.score) }, uniquingKeysWith: { first, _ in first })
            for (rank, document) in ranking(of: query).enumerated() {
                text += "\(Self.column(query)) Q0 \(Self.column(document)) \(rank + 1) \(scores[document] ?? 0) "
                text += "\(Self.column(tag))\n"
            }
        }
        do {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw .unreadable(path: path, reason: error.localizedDescription)
        }
    }

    private static func column(_ text: String) -> String {
        text.isEmpty ? "_" : String(text.map { $0.isWhitespace ? "_" : $0 })
    }
}
