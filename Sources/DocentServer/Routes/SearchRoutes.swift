import Hummingbird
import Retrieval
import Storage

/// `POST /v1/collections/{c}/search`.
struct SearchRoutes {
    let services: ServerServices

    private struct Body: Decodable {
        var query: String?
        var vector: [Float]?
        var topK: WholeNumber?
        var mode: String?
        var filter: JSONValue?
        var rerank: Bool?
        var rerankDepth: WholeNumber?
        var explain: Bool?
        var collapseDuplicates: Bool?
        var context: ContextBody?

        enum CodingKeys: String, CodingKey {
            case query
            case vector
            case topK = "top_k"
            case mode
            case filter
            case rerank
            case rerankDepth = "rerank_depth"
            case explain
            case collapseDuplicates = "collapse_duplicates"
            case context
        }
    }

    func add(to router: Router<ServerContext>) {
        router.post("/v1/collections/:collection/search") { request, context in
            let collection = try context.parameter("collection")
            let body = try await JSONWire.decode(Body.self, from: request, limit: services.limits.requestBytes)
            let response = try await services.search.search(try lookup(body), in: collection)
            return try JSONWire.response(response)
        }
    }

    private func lookup(_ body: Body) throws -> SearchRequest {
        var request = SearchRequest(query: body.query, vector: body.vector)
        if let topK = body.topK { request.topK = topK.value }
        if let mode = body.mode {
            guard let known = SearchMode(rawValue: mode) else {
                throw HTTPFailure(
                    .badRequest, "invalid_mode", "mode is '\(mode)': use hybrid, dense or lexical")
            }
            request.mode = known
        } else if body.query == nil {
            request.mode = .dense
        }
        request.filter = try body.filter.map { try MetadataFilter(json: $0) }
        request.rerank = body.rerank ?? false
        request.rerankDepth = body.rerankDepth?.value
        request.explain = body.explain ?? false
        request.collapseDuplicates = body.collapseDuplicates ?? true
        request.context = body.context?.request
        return request
    }
}
