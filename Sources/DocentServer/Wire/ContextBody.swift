import Retrieval

/// `"context": {"neighbours", "parent", "max_tokens"}` of searches and answers.
struct ContextBody: Decodable {
    var neighbours: WholeNumber?
    var parent: Bool?
    var maximumTokens: WholeNumber?

    enum CodingKeys: String, CodingKey {
        case neighbours, parent
        case maximumTokens = "max_tokens"
    }

    /// What it asks for; ranges are checked with the request.
    var request: ContextRequest {
        ContextRequest(
            neighbours: neighbours?.value ?? 0, parent: parent ?? false,
            maximumTokens: maximumTokens?.value ?? ContextRequest.defaultMaximumTokens)
    }
}
