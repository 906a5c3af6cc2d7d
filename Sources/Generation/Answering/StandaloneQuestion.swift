package import Decoders
package import LexicalIndex

/// Turns a follow-up ("and for Austria?") into a question that can be looked up on its own, without a model.
///
/// A follow-up that leans on what was said before shows it: it is short, or it points back with a pronoun. Then the
/// content words of the last user turn that the follow-up doesn't have are put behind it, so that both legs of the
/// retrieval see the topic; when that turn leans on the one before it, its topic comes along. A question that stands on
/// its own is left alone.
package struct StandaloneQuestion {
    /// A question of fewer content words than this leans on the turn before.
    static let minimumContentWords = 3

    private static let pointers: Set<String> = [
        "it", "its", "they", "them", "their", "this", "that", "these", "those", "he", "she", "his", "her", "there",
        "same", "one", "ones", "else", "instead", "both", "either",
    ]
    private static let openings = ["and ", "or ", "but ", "also ", "what about", "how about", "then ", "so "]

    /// Follow-ups in a row whose topic is still found.
    private static let maximumChain = 4

    /// `question`, with the topic of the conversation where it needs one.
    package static func rewrite(_ question: String, after conversation: [ChatMessage], analyzer: TextAnalyzer) -> String
    {
        rewrite(question, after: conversation[...], analyzer: analyzer, chain: maximumChain)
    }

    private static func rewrite(
        _ question: String, after conversation: ArraySlice<ChatMessage>, analyzer: TextAnalyzer, chain: Int
    ) -> String {
        guard chain > 0, let place = conversation.lastIndex(where: { $0.role == .user }) else { return question }
        let lowered = question.lowercased()
        let words = lowered.split(whereSeparator: { !$0.isLetter && !$0.isNumber }).map(String.init)
        let contentTerms = Set(analyzer.contentTerms(of: question))
        let pointsBack =
            words.contains(where: pointers.contains) || openings.contains(where: { lowered.hasPrefix($0) })
        guard pointsBack || contentTerms.count < minimumContentWords else { return question }
        let previous = rewrite(
            conversation[place].content, after: conversation[..<place], analyzer: analyzer, chain: chain - 1)
        let topic = Set(analyzer.contentTerms(of: previous)).subtracting(contentTerms)
        let missing = previous.split(whereSeparator: \.isWhitespace).filter { word in
            analyzer.contentTerms(of: String(word)).contains(where: topic.contains)
        }
        return missing.isEmpty ? question : question + " " + missing.joined(separator: " ")
    }
}
