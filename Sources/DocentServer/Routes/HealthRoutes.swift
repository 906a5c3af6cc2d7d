import Encoders
import Generation
import Hummingbird

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
        /// Where the remote model's circuit stands; left out without one.
        var remoteCircuit: CircuitBreaker.State?

        enum CodingKeys: String, CodingKey {
            case status
            case encoder
            case generators
            case remoteCircuit = "remote_circuit"
        }
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
                    remoteCircuit: services.breaker?.statistics.state))
        }
        router.get("/version") { _, _ in try JSONWire.response(services.build) }
    }
}
