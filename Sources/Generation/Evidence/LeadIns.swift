/// Tells which sentences can't be read without the one before them.
///
///     You can choose                         a lead-in: it doesn't end, and something belongs to it
///     - a neighbour,                         an item, read under the lead-in
///     - a pick-up point near you.            another one
///     Is it cheaper elsewhere?               a question in the text leads in to its answer
///     We pay the difference. It takes a day. "It" points back
enum LeadIns {
    /// First words that point back at the sentence before.
    private static let pronouns: Set<String> = [
        "it", "its", "this", "that", "these", "those", "they", "their", "he", "she", "both", "such",
    ]

    /// Fills in `leadIn` and `isLeadIn` of the sentences of one run of prose, in order.
    static func connect(_ sentences: inout [PassageSentence]) {
        var listLeadIn: Int?
        for index in sentences.indices.dropFirst() {
            let (previous, text) = (sentences[index - 1].text, sentences[index].text)
            let isItem = isListItem(text)
            if !isItem { listLeadIn = nil }
            if isItem, !isListItem(previous), !isComplete(previous) { listLeadIn = index - 1 }
            if let listLeadIn {
                connect(&sentences, index, to: listLeadIn)
            } else if previous.hasSuffix("?") || previous.hasSuffix(":")
                || (!isItem && !isComplete(previous) && startsLowercase(text))
            {
                connect(&sentences, index, to: index - 1)
            } else if !isItem, pointsBack(text) {
                // It stays a statement of its own.
                sentences[index].leadIn = previous
            }
        }
        // What they lead in to may be in another chunk; they say nothing by themselves.
        for index in sentences.indices where [":", "?"].contains(sentences[index].text.last) {
            sentences[index].isLeadIn = true
        }
    }

    private static func connect(_ sentences: inout [PassageSentence], _ index: Int, to leadIn: Int) {
        sentences[index].leadIn = sentences[leadIn].text
        sentences[leadIn].isLeadIn = true
    }

    /// The text of a list item without its marker; nil for anything else.
    static func item(_ text: String) -> Substring? {
        if let first = text.first, "-*•–".contains(first), text.dropFirst().first == " " { return text.dropFirst(2) }
        let rest = text.drop { $0.isASCII && $0.isNumber }
        guard rest.count < text.count, let mark = rest.first, mark == "." || mark == ")",
            rest.dropFirst().first == " "
        else { return nil }
        return rest.dropFirst(2)
    }

    private static func isListItem(_ text: String) -> Bool { item(text) != nil }

    /// Whether the text ends as a sentence does; so does an empty one.
    static func isComplete(_ text: String) -> Bool {
        guard let last = text.last(where: { !"\"'”’)]»".contains($0) }) else { return true }
        return ".!?…。！？".contains(last)
    }

    private static func startsLowercase(_ text: String) -> Bool { text.first?.isLowercase == true }

    private static func pointsBack(_ text: String) -> Bool {
        pronouns.contains(text.prefix { $0.isLetter }.lowercased())
    }
}
