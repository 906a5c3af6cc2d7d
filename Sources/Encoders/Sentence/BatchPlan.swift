/// Which texts go through a forward pass together.
enum BatchPlan {
    /// Batches of text numbers, longest texts first, each batch within the token budget unless it is one text alone.
    ///
    /// Longest first, so that the threads that share the batches finish with small ones.
    /// - Parameters:
    ///   - tokenCounts: tokens of each text.
    ///   - tokenBudget: tokens of a batch.
    /// - Returns: every text number once.
    static func batches(of tokenCounts: [Int], tokenBudget: Int) -> [[Int]] {
        let order = tokenCounts.indices.sorted { one, other in
            (tokenCounts[other], one) < (tokenCounts[one], other)
        }
        var batches: [[Int]] = []
        var room = 0
        for text in order {
            if tokenCounts[text] <= room, !batches.isEmpty {
                batches[batches.count - 1].append(text)
                room -= tokenCounts[text]
            } else {
                batches.append([text])
                room = tokenBudget - tokenCounts[text]
            }
        }
        return batches
    }

    /// The token ids of some texts, one behind the other.
    static func pack(_ texts: [Int], of sequences: [TextSequence]) -> TokenBatch {
        var batch = TokenBatch()
        for text in texts {
            batch.ids += sequences[text].ids
            batch.ends.append(batch.ids.count)
        }
        return batch
    }
}
