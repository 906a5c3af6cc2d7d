// From ids back to text: pieces joined, `▁` read as a space, the one before the first word left out.
extension UnigramTokenizer {
    /// The text that `ids` stand for; bytes that are no UTF-8 become U+FFFD.
    public func decode(_ ids: [TokenID], skipSpecialTokens: Bool) -> String {
        var text: [UInt8] = []
        var isFirst = true
        for id in ids where !(skipSpecialTokens && specialIDs.contains(id)) {
            let entry = model.vocabulary.bytes(of: id)
            guard !entry.isEmpty else { continue }
            text += spaced(id, dropsMarks: isFirst && metaspace.prefix != .never)
            isFirst = false
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// A piece's bytes with `▁` as a space, or the one byte that `<0x0A>` stands for.
    public func bytes(of id: TokenID) -> [UInt8] { spaced(id, dropsMarks: false) }

    /// Whether this is `<s>`, `</s>` or another token that stands for no text.
    public func isSpecial(_ id: TokenID) -> Bool { specialIDs.contains(id) }

    /// The id of a vocabulary entry (`▁the`).
    public func id(of token: String) -> TokenID? { model.vocabulary.id(of: token.utf8) }

    /// The vocabulary entry with this id.
    public func token(of id: TokenID) -> String? { model.vocabulary.token(of: id) }

    private func spaced(_ id: TokenID, dropsMarks: Bool) -> [UInt8] {
        if let byte = model.byte(of: id) { return [byte] }
        var result: [UInt8] = []
        var rest = model.vocabulary.bytes(of: id)
        while let first = rest.first {
            if rest.starts(with: Metaspace.mark) {
                if !dropsMarks { result.append(0x20) }
                rest = rest.dropFirst(Metaspace.mark.count)
            } else {
                result.append(first)
                rest = rest.dropFirst()
            }
        }
        return result
    }
}
