extension SearchService {
    /// The most documents of one reranking.
    public static let rerankDocumentLimit = 1_000

    /// The reranker's name, as it was configured; nil when none is there.
    public var rerankerName: String? { rerankers.flatMap { $0.isAvailable ? $0.modelName : nil } }

    /// Scores documents that the caller brings for a query, on the service's queue.
    /// - Parameters:
    ///   - documents: the texts, 1 to ``rerankDocumentLimit``.
    ///   - query: what they are to answer; not empty.
    /// - Returns: a score for each document, in their order; greater is better.
    /// - Throws: ``RetrievalError``: the request is out of range, no reranker is there, or the queue is full.
    public func rerank(_ documents: [String], for query: String) async throws(RetrievalError) -> [Float] {
        guard query.contains(where: { !$0.isWhitespace }), query.utf8.count <= SearchRequest.maximumQueryBytes else {
            throw .invalidRequest(
                field: "query", reason: "it is empty or longer than \(SearchRequest.maximumQueryBytes) bytes")
        }
        guard (1...Self.rerankDocumentLimit).contains(documents.count) else {
            throw .invalidRequest(
                field: "documents", reason: "\(documents.count) is not within 1…\(Self.rerankDocumentLimit)")
        }
        let rerankers = try requiredRerankers()
        do {
            return try await queue.run { try rerankers.scores(of: documents, for: query) }
        } catch {
            throw RetrievalError(error)
        }
    }

    /// - Throws: ``RetrievalError/rerankerUnavailable(reason:)`` when none was configured.
    func requiredRerankers() throws(RetrievalError) -> RerankerSource {
        guard let rerankers else { throw .rerankerUnavailable(reason: "none is configured") }
        return rerankers
    }
}
