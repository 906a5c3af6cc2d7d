import Encoders
import Hummingbird
import Retrieval

/// `GET /v1/models`: what can be asked for by name, as OpenAI's clients list it.
struct ModelRoutes {
    let services: ServerServices

    private struct Model: Encodable {
        var id: String
        var object = "model"
        /// OpenAI's clients insist on it; nothing here knows when a model was made.
        var created = 0
        var ownedBy = "docent"
        var kind: String

        enum CodingKeys: String, CodingKey {
            case id, object, created, kind
            case ownedBy = "owned_by"
        }
    }

    private struct List: Encodable {
        var object = "list"
        var data: [Model]
    }

    func add(to router: Router<ServerContext>) {
        router.get("/v1/models") { _, _ in
            var models = [Model(id: services.embedder.modelName, kind: "encoder")]
            if let name = services.search.rerankerName { models.append(Model(id: name, kind: "reranker")) }
            return try JSONWire.response(List(data: models))
        }
    }

    /// Refuses a request for another model than the one that is loaded; no name means that one.
    /// - Throws: `HTTPFailure` 404 `model_not_found`.
    static func require(_ asked: String?, is loaded: String) throws {
        guard let asked, asked != loaded else { return }
        throw HTTPFailure(
            .notFound, "model_not_found", "the model '\(asked)' is not loaded: use '\(loaded)', see GET /v1/models")
    }
}
