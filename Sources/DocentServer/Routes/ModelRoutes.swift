import Encoders
import Generation
import HTTPTypes
import Hummingbird
import Retrieval
import Storage

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
            try JSONWire.response(List(data: try models()))
        }
        // A collection's model has a slash in its name, which clients send as it is.
        for path in ["/v1/models/:model", "/v1/models/docent/:model"] as [RouterPath] {
            router.get(path) { request, context in
                let name = try context.parameter("model")
                let asked = request.uri.path.hasPrefix("/v1/models/docent/") ? "docent/\(name)" : name
                guard let model = try models().first(where: { $0.id == asked }) else {
                    throw HTTPFailure(
                        .notFound, "model_not_found", "the model '\(asked)' does not exist: see GET /v1/models"
                    ).forOpenAI
                }
                return try JSONWire.response(model)
            }
        }
    }

    private func models() throws -> [Model] {
        var models = [Model(id: services.embedder.modelName, kind: "encoder")]
        if let name = services.search.rerankerName { models.append(Model(id: name, kind: "reranker")) }
        if let decoder = services.decoder { models.append(Model(id: decoder.modelName, kind: "decoder")) }
        models += try services.store.collections().map {
            Model(id: ChatRequest.collectionPrefix + $0.name, kind: "answers")
        }
        return models
    }

    /// Refuses a request for another model than the one that is loaded; no name means that one.
    /// - Throws: `HTTPFailure` 404 `model_not_found`.
    static func require(_ asked: String?, is loaded: String) throws {
        guard let asked, asked != loaded else { return }
        throw HTTPFailure(
            .notFound, "model_not_found", "the model '\(asked)' is not loaded: use '\(loaded)', see GET /v1/models")
    }
}
