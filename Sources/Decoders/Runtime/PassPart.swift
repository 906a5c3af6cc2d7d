import Tokenizers

/// The tokens of one text in a forward pass: they follow what its cache holds.
///
/// A pass computes several parts at once, their tokens as rows one after the other. A row's result doesn't depend on the
/// other rows, so a text comes out the same alone and in company.
struct PassPart {
    /// The tokens to read, at least one.
    let ids: ArraySlice<TokenID>
    /// What was read before; no two parts share one.
    let cache: KVCache
}

/// One part as a layer's attention sees it.
struct AttentionPart: Sendable {
    /// Of each key-value head.
    let heads: [KVCache.Panels]
    /// Its first row among all rows of the pass.
    let firstRow: Int
    /// The position of its first row in its text.
    let firstPosition: Int
    let tokenCount: Int

    /// The rows up to `limit` of a task that begins at each of these, the ones that see the most positions first.
    func tasks(of limit: Int) -> [Int] { stride(from: 0, to: tokenCount, by: limit).reversed() }
}

extension [PassPart] {
    /// Rows of the pass.
    var tokenCount: Int { reduce(0) { $0 + $1.ids.count } }

    /// The parts as the attention of `layer` sees them.
    func attentionParts(layer: Int, headCount: Int) -> [AttentionPart] {
        var row = 0
        return map { part in
            defer { row += part.ids.count }
            return AttentionPart(
                heads: (0..<headCount).map { part.cache.panels(layer: layer, head: $0) }, firstRow: row,
                firstPosition: part.cache.count, tokenCount: part.ids.count)
        }
    }
}
