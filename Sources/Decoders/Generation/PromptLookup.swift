import Tokenizers

/// Guesses what comes next from what was written before: the tokens that followed the last ones when they stood in the
/// text already.
///
/// Answers quote the passages in their prompt, so after two tokens of a quotation the rest of it is a good guess. A
/// guess costs little: it is read together with the token before it, and dropped where sampling chooses otherwise.
///
/// Source: Saxena, "Prompt Lookup Decoding" (2023); Leviathan et al., "Fast Inference from Transformers via Speculative
/// Decoding" (2023) for the verification in one pass.
struct PromptLookup {
    /// The most tokens of a guess.
    static let maxLength = 15
    /// Tokens that must agree before a guess is made.
    static let minMatch = 2
    /// Agreement beyond this many tokens isn't told apart.
    static let maxMatch = 8

    private var tokens: [TokenID]
    /// Tokens of the next guess: more when guesses come true, fewer when they don't.
    private var length = 6

    /// Guesses come from `tokens` and what is appended later.
    init(_ tokens: [TokenID]) {
        self.tokens = tokens
    }

    /// Takes the next token of the text.
    mutating func append(_ id: TokenID) { tokens.append(id) }

    /// Takes how many of the last guess's tokens came true.
    mutating func learn(guessed: Int, accepted: Int) {
        guard guessed > 0 else { return }
        length = accepted == guessed ? min(2 * length, Self.maxLength) : max(2, min(accepted + 2, Self.maxLength))
    }

    /// Up to `limit` tokens that may come next; empty without a match.
    ///
    /// Of several places with the longest agreement the last one is taken. Costs one comparison per token of the text.
    func guess(limit: Int) -> ArraySlice<TokenID> {
        let most = min(limit, length)
        guard most > 0, tokens.count > Self.minMatch else { return [] }
        let last = tokens[tokens.count - 1]
        var (best, place) = (Self.minMatch - 1, tokens.count)
        for end in stride(from: tokens.count - 2, through: 0, by: -1) where tokens[end] == last {
            var match = 1
            while match < Self.maxMatch, match <= end, tokens[end - match] == tokens[tokens.count - 1 - match] {
                match += 1
            }
            if match > best {
                (best, place) = (match, end + 1)
                if match == Self.maxMatch { break }
            }
        }
        return tokens[place..<min(place + most, tokens.count)]
    }
}
