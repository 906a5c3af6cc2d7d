import Encoders
import Generation
import Hummingbird
import Retrieval
import Storage

/// Liveness, readiness, version.
struct HealthRoutes {
    let services: ServerServices
    let readiness: Readiness

    private struct Status: Encodable {
        var status: String
    }

    private struct ReadyStatus: Encodable {
        var status: String
        var encoder: String
        var generators: [String]
        var indexes: [CollectionIndex]
        /// Where the remote model's circuit stands; left out without one.
        var remoteCircuit: CircuitBreaker.State?

        enum CodingKeys: String, CodingKey {
            case status, encoder, generators, indexes
            case remoteCircuit = "remote_circuit"
        }
    }

    private struct CollectionIndex: Encodable {
        var collection: String
        var index: IndexStatistics
    }

    func add(to router: Router<ServerContext>) {
        router.get("/healthz") { _, _ in try JSONWire.response(Status(status: "ok")) }
        router.get("/readyz") { _, _ in
            guard readiness.isReady else {
                throw HTTPFailure(
                    .serviceUnavailable, "not_ready", "the indexes are being opened: try again in a moment",
                    retryAfter: .seconds(1))
            }
            return try JSONWire.response(
                ReadyStatus(
                    status: "ready", encoder: services.embedder.modelName,
                    generators: services.answers.generatorNames,
                    indexes: try services.store.collections().map {
                        CollectionIndex(collection: $0.name, index: services.search.statistics($0.id))
                    }, remoteCircuit: services.breaker?.statistics.state))
        }
        router.get("/version") { _, _ in try JSONWire.response(services.build) }
    }
}
