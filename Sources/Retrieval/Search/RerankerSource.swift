public import Encoders
import Synchronization

/// The cross-encoder that puts passages in order, loaded when it is first asked for.
///
/// Most searches need none, so a missing model is no error until one does; then it is reported each time, and looked for
/// again, so that a model pulled in the meantime is found.
public final class RerankerSource: Sendable {
    /// The model's name or path, as it was configured.
    public let modelName: String
    private let isInstalled: @Sendable () -> Bool
    private let load: @Sendable () throws -> any Reranking
    private let loaded = Mutex<(any Reranking)?>(nil)

    /// Names a model without loading it.
    /// - Parameters:
    ///   - modelName: as it was configured.
    ///   - isInstalled: whether loading it has a chance.
    ///   - load: loads it; called again after it has failed.
    public init(
        modelName: String, isInstalled: @escaping @Sendable () -> Bool = { true },
        load: @escaping @Sendable () throws -> any Reranking
    ) {
        self.modelName = modelName
        self.isInstalled = isInstalled
        self.load = load
    }

    /// Whether the model is loaded or can probably be.
    var isAvailable: Bool { loaded.withLock { $0 != nil } || isInstalled() }

    /// The model.
    /// - Throws: ``RetrievalError/rerankerUnavailable(reason:)`` with what loading it reported.
    func reranker() throws(RetrievalError) -> any Reranking {
        let result: Result<any Reranking, any Error> = loaded.withLock { loaded in
            if let loaded { return .success(loaded) }
            return Result {
                let model = try load()
                loaded = model
                return model
            }
        }
        switch result {
        case .success(let model): return model
        case .failure(let error): throw .rerankerUnavailable(reason: "\(error)")
        }
    }

    /// Scores of texts for a query: [B] in the order of `texts`.
    /// - Throws: ``RetrievalError/rerankerUnavailable(reason:)``, or ``RetrievalError/embedding(detail:)`` when the
    ///   model is damaged.
    func scores(of texts: [String], for query: String) throws(RetrievalError) -> [Float] {
        let model = try reranker()
        do {
            return try model.scores(of: texts, for: query)
        } catch {
            throw .embedding(detail: "\(error)")
        }
    }
}
