import Tokenizers

/// Makes the sequences that a cross-encoder reads of a query and a text.
///
///     BERT         [CLS] query [SEP] text [SEP]        token types 0 … 0 1 … 1, from the text on
///     XLM-RoBERTa  <s> query </s></s> text </s>        one token type
///
/// A pair that is too long is cut as transformers does by `longest_first`: the longer of both loses tokens at its end
/// until both are equally long, then both do.
struct PairMaker: Sendable {
    /// Makes the tokens of each part; its limit is never below the pair's.
    let sequences: SequenceMaker
    /// Whether two separators stand between the parts rather than one.
    let doublesSeparator: Bool
    /// The most tokens of a pair, special ones included.
    let maxTokenCount: Int

    /// Special tokens of a pair.
    static func specialCount(doublesSeparator: Bool) -> Int { doublesSeparator ? 4 : 3 }

    /// A pair as the model reads it.
    struct Pair: Sendable {
        /// [T].
        var ids: [Int32] = []
        /// Where the text's tokens start.
        var secondStart = 0
    }

    /// The tokens of one part, special ones included; a query's are made once for all its texts.
    func part(_ text: String) -> TextSequence { sequences.sequence(of: text) }

    /// Puts a query and a text together.
    func pair(_ query: TextSequence, _ text: TextSequence) -> Pair {
        let room = maxTokenCount - Self.specialCount(doublesSeparator: doublesSeparator)
        let (first, second) = Self.kept(query.tokenCount - 2, text.tokenCount - 2, of: room)
        var pair = Pair()
        pair.ids.append(sequences.first)
        pair.ids += query.ids.dropFirst().prefix(first)
        pair.ids.append(sequences.last)
        if doublesSeparator { pair.ids.append(sequences.last) }
        pair.secondStart = pair.ids.count
        pair.ids += text.ids.dropFirst().prefix(second)
        pair.ids.append(sequences.last)
        return pair
    }

    /// How many tokens of each part fit.
    /// - Parameters:
    ///   - first: tokens of the first part.
    ///   - second: tokens of the second part.
    ///   - room: tokens of both.
    /// - Returns: tokens of each part, together at most `room`.
    static func kept(_ first: Int, _ second: Int, of room: Int) -> (first: Int, second: Int) {
        guard first + second > room else { return (first, second) }
        let shorter = min(first, second)
        // An odd room's last token goes to the longer part, to the second of equally long ones.
        let (less, more) = 2 * shorter <= room ? (shorter, room - shorter) : (room / 2, room - room / 2)
        return first > second ? (more, less) : (less, more)
    }
}
