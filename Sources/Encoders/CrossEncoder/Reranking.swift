/// Says how well texts answer a query, reading query and text together: slower and better than comparing vectors.
public protocol Reranking: Sendable {
    /// The model's name in the catalog.
    var modelName: String { get }

    /// The most tokens of a query and a text together that are read, special tokens included.
    var maxTokenCount: Int { get }

    /// Scores texts. Synchronous and CPU-bound: call it off the event loops. Safe to call from several threads.
    ///
    /// A text's score doesn't depend on the texts it is scored with. Scores of different models are not comparable.
    /// - Parameters:
    ///   - texts: any texts; where a pair is too long, the longer of both is cut.
    ///   - query: what they are to answer.
    /// - Returns: [B] in the order of `texts`; greater is better, from 0 to 1 unless the model says otherwise.
    /// - Throws: `EncoderError.notFinite` when the weights are damaged.
    func scores(of texts: [String], for query: String) throws(EncoderError) -> [Float]
}
