import Foundation

/// A retrieval data set in BEIR's layout: `corpus.jsonl`, `queries.jsonl`, `qrels/test.tsv`.
///
/// Queries and judgements are read at once; the corpus is streamed, since it may be large.
/// Source: Thakur et al. 2021, "BEIR: A Heterogeneous Benchmark for Zero-shot Evaluation".
public struct BEIRDataset: Sendable {
    /// One document of the corpus.
    public struct Document: Sendable, Equatable, Decodable {
        /// Its id, unique in the corpus.
        public var id: String
        /// Its title, maybe empty.
        public var title: String
        /// Its text.
        public var text: String

        private enum CodingKeys: String, CodingKey {
            case id = "_id"
            case title
            case text
        }

        /// Reads `{"_id", "title"?, "text"}`.
        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            id = try container.decode(String.self, forKey: .id)
            title = try container.decodeIfPresent(String.self, forKey: .title) ?? ""
            text = try container.decode(String.self, forKey: .text)
        }
    }

    /// One query.
    public struct Query: Sendable, Equatable, Decodable {
        /// Its id, the key of judgements and runs.
        public var id: String
        /// What is searched for.
        public var text: String

        private enum CodingKeys: String, CodingKey {
            case id = "_id"
            case text
        }
    }

    /// The data set's name: that of its folder.
    public let name: String
    /// The queries that have judgements, in the file's order.
    public let queries: [Query]
    /// The judgements of the test split.
    public let qrels: Qrels
    private let corpusPath: String

    /// Reads queries and judgements.
    /// - Parameter folder: the folder in BEIR's layout.
    /// - Throws: `notFound` for a file that the layout asks for, `malformed` with the line, `empty`.
    public init(folder: String) throws(EvaluationError) {
        name = URL(fileURLWithPath: folder).lastPathComponent
        corpusPath = folder + "/corpus.jsonl"
        guard FileManager.default.fileExists(atPath: corpusPath) else { throw .notFound(path: corpusPath) }
        let qrels = try Qrels(path: folder + "/qrels/test.tsv")
        let all = try Self.readQueries(path: folder + "/queries.jsonl")
        self.qrels = qrels
        queries = all.filter { qrels.judgements[$0.id] != nil }
        guard !queries.isEmpty else { throw .empty(path: folder + "/queries.jsonl", what: "judged queries") }
    }

    /// Reads a queries.jsonl, one `{"_id", "text"}` per line.
    /// - Throws: `notFound`, `malformed` with the line, `empty`.
    public static func readQueries(path: String) throws(EvaluationError) -> [Query] {
        var queries: [Query] = []
        try JSONLines.forEach(of: Query.self, in: path) { query, _ throws(EvaluationError) in queries.append(query) }
        guard !queries.isEmpty else { throw .empty(path: path, what: "queries") }
        return queries
    }

    /// Hands out the documents of the corpus in the file's order, one at a time.
    /// - Parameter body: called with each document; what it throws stops the reading.
    /// - Throws: `malformed` with the line, or what `body` throws.
    public func forEachDocument(_ body: (Document) throws(EvaluationError) -> Void) throws(EvaluationError) {
        try JSONLines.forEach(of: Document.self, in: corpusPath) { document, _ throws(EvaluationError) in
            try body(document)
        }
    }

    /// All documents of the corpus, for corpora known to fit memory.
    /// - Throws: `malformed` with the line.
    public func documents() throws(EvaluationError) -> [Document] {
        var documents: [Document] = []
        try forEachDocument { document throws(EvaluationError) in documents.append(document) }
        return documents
    }
}

/// JSON Lines: one value per line, blank lines skipped.
enum JSONLines {
    static func forEach<Value: Decodable>(
        of type: Value.Type, in path: String, _ body: (Value, Int) throws(EvaluationError) -> Void
    ) throws(EvaluationError) {
        var reader = try LineReader(path: path)
        let decoder = JSONDecoder()
        while let line = try reader.next() {
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { continue }
            let value: Value
            do {
                value = try decoder.decode(Value.self, from: Data(line))
            } catch {
                throw .malformed(path: path, line: reader.lineNumber, reason: reason(error))
            }
            try body(value, reader.lineNumber)
        }
    }

    private static func reason(_ error: any Error) -> String {
        switch error as? DecodingError {
        case .keyNotFound(let key, _): return "the field \"\(key.stringValue)\" is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            let name = context.codingPath.map(\.stringValue).joined(separator: ".")
            return name.isEmpty ? "not a JSON object" : "the field \"\(name)\" has the wrong type"
        case .dataCorrupted(let context) where !context.codingPath.isEmpty: return context.debugDescription
        default: return "not valid JSON"
        }
    }
}
