// From ids back to text: pieces joined, spaces before punctuation and contractions taken out again. Lower-casing and
// accents stay lost.
extension WordPieceTokenizer {
    /// The text that `ids` stand for, as the `tokenizers` library's WordPiece decoder writes it.
    public func decode(_ ids: [TokenID], skipSpecialTokens: Bool) -> String {
        var text: [UInt8] = []
        var isFirst = true
        for id in ids where !(skipSpecialTokens && specialIDs.contains(id)) {
            var piece = Array(vocabulary.bytes(of: id))
            guard !piece.isEmpty else { continue }
            if !isFirst {
                if piece.starts(with: model.options.continuingPrefix) {
                    piece.removeFirst(model.options.continuingPrefix.count)
                } else {
                    piece.insert(0x20, at: 0)
                }
            }
            isFirst = false
            text += cleansUpOnDecode ? Self.cleanedUp(piece) : piece
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// A word's bytes with the space that joins it, a continuing piece's without its prefix.
    public func bytes(of id: TokenID) -> [UInt8] {
        let piece = vocabulary.bytes(of: id)
        if piece.starts(with: model.options.continuingPrefix) {
            return Array(piece.dropFirst(model.options.continuingPrefix.count))
        }
        return piece.isEmpty ? [] : [0x20] + piece
    }

    /// Whether this is [CLS], [SEP] or another token that stands for no text.
    public func isSpecial(_ id: TokenID) -> Bool { specialIDs.contains(id) }

    /// The id of a vocabulary entry (`##ing`).
    public func id(of token: String) -> TokenID? { vocabulary.id(of: token.utf8) }

    /// The vocabulary entry with this id.
    public func token(of id: TokenID) -> String? { vocabulary.token(of: id) }

    private static let replacements: [(from: [UInt8], to: [UInt8])] = [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"),
        (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ].map { (Array($0.utf8), Array($1.utf8)) }

    /// Each replacement in turn, everywhere in one piece.
    private static func cleanedUp(_ piece: [UInt8]) -> [UInt8] {
        guard piece.first == 0x20 else { return piece }
        for (from, to) in replacements where piece.starts(with: from) {
            return to + piece.dropFirst(from.count)
        }
        return piece
    }
}
