import Hummingbird
import Retrieval

/// `POST /v1/rerank`: scores of texts for a query, by the cross-encoder.
struct RerankRoutes {
    let services: ServerServices

    private struct Body: Decodable {
        var model: String?
        var query: String
        var documents: [Document]
        var topN: WholeNumber?

        enum CodingKeys: String, CodingKey {
            case model, query, documents
            case topN = "top_n"
        }
    }

    /// A text, or an object with one, as some clients send it.
    private struct Document: Decodable {
        var text: String

        private enum CodingKeys: String, CodingKey {
            case text
        }

        init(from decoder: any Decoder) throws {
            if let text = try? decoder.singleValueContainer().decode(String.self) {
                self.text = text
            } else {
                text = try decoder.container(keyedBy: CodingKeys.self).decode(String.self, forKey: .text)
            }
        }
    }

    private struct Reply: Encodable {
        struct Result: Encodable {
            var index: Int
            var relevanceScore: Float

            enum CodingKeys: String, CodingKey {
                case index
                case relevanceScore = "relevance_score"
            }
        }

        var model: String
        var results: [Result]
    }

    func add(to router: Router<ServerContext>) {
        router.post("/v1/rerank") { request, _ in
            let body = try await JSONWire.decode(Body.self, from: request, limit: services.limits.embeddingBytes)
            if let name = services.search.rerankerName { try ModelRoutes.require(body.model, is: name) }
            if let topN = body.topN, topN.value < 1 {
                throw HTTPFailure(.badRequest, "invalid_request", "top_n is \(topN.value): use 1 or more")
            }
            let scores = try await services.search.rerank(body.documents.map(\.text), for: body.query)
            let order = scores.indices.sorted { one, other in (scores[other], one) < (scores[one], other) }
            let results = order.prefix(body.topN?.value ?? scores.count).map {
                Reply.Result(index: $0, relevanceScore: scores[$0])
            }
            return try JSONWire.response(Reply(model: services.search.rerankerName ?? "", results: results))
        }
    }
}
