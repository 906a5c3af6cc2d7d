/// The hits of a search and what it took.
public struct SearchResponse: Sendable {
    /// Best first.
    public var hits: [SearchHit]
    /// The stages in the order they began; `legs` is the time of both legs side by side.
    public var timings: [(stage: String, duration: Duration)]
    /// What the search as a whole went through, when that was asked for.
    public var explanation: SearchExplanation?

    /// Bundles a response.
    public init(
        hits: [SearchHit], timings: [(stage: String, duration: Duration)] = [], explanation: SearchExplanation? = nil
    ) {
        self.hits = hits
        self.timings = timings
        self.explanation = explanation
    }
}

extension SearchResponse: Encodable {
    private enum CodingKeys: String, CodingKey {
        case hits
        case timings = "timings_ms"
        case explanation
    }

    /// Writes the response as the API shows it.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(hits, forKey: .hits)
        var times: [String: Double] = [:]
        for (stage, duration) in timings {
            times[stage, default: 0] += ((duration / .microseconds(1)).rounded() / 1000)
        }
        try container.encode(times, forKey: .timings)
        try container.encodeIfPresent(explanation, forKey: .explanation)
    }
}
