import Encoders
import Hummingbird
import Retrieval
import Storage

/// `/v1/collections`: making, listing, inspecting, deleting.
struct CollectionRoutes {
    let services: ServerServices

    private struct Creation: Decodable {
        var name: String
        var encoder: String?
        var description: String?
        var chunking: ChunkingSettings?
    }

    private struct Listing: Encodable {
        var collections: [CollectionView]
    }

    func add(to router: Router<ServerContext>) {
        router.post("/v1/collections") { request, _ in try await create(request) }
        router.get("/v1/collections") { _, _ in
            let views = try services.store.collections().map { try CollectionView($0, services) }
            return try JSONWire.response(Listing(collections: views))
        }
        router.get("/v1/collections/:collection") { _, context in
            let record = try services.store.collection(named: try context.parameter("collection"))
            return try JSONWire.response(try CollectionView(record, services))
        }
        router.delete("/v1/collections/:collection") { _, context in
            let record = try services.store.deleteCollection(named: try context.parameter("collection"))
            services.search.forget(record.id)
            return Response(status: .noContent)
        }
    }

    private func create(_ request: Request) async throws -> Response {
        let wanted = try await JSONWire.decode(
            Creation.self, from: request, limit: services.limits.requestBytes)
        let embedder = services.embedder
        if let encoder = wanted.encoder, encoder != embedder.modelName {
            throw HTTPFailure(
                .badRequest, "encoder_not_loaded",
                "this server has loaded the encoder '\(embedder.modelName)', not '\(encoder)': "
                    + "leave 'encoder' out, or start a server with DOCENT_ENCODER=\(encoder)")
        }
        let record = try services.store.createCollection(
            NewCollection(
                name: wanted.name, description: wanted.description ?? "", encoder: embedder.modelName,
                encoderFingerprint: embedder.fingerprint, dimension: embedder.dimension,
                chunking: wanted.chunking ?? ChunkingSettings()))
        return try JSONWire.response(try CollectionView(record, services), status: .created)
    }
}

/// A collection with its counts and the state of its indexes.
struct CollectionView: Encodable {
    private let record: CollectionRecord
    private let statistics: CollectionStatistics
    private let index: IndexStatistics

    private enum CodingKeys: String, CodingKey { case index }

    init(_ record: CollectionRecord, _ services: ServerServices) throws {
        self.record = record
        statistics = try services.store.statistics(of: record.id)
        index = services.search.statistics(record.id)
    }

    /// The fields of the record, then the counts, then `index`.
    func encode(to encoder: any Encoder) throws {
        try record.encode(to: encoder)
        try statistics.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(index, forKey: .index)
    }
}
