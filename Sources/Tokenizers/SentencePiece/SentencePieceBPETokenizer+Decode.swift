// From ids back to text: tokens joined, `▁` read as a space, byte tokens as bytes, the space that encoding put in front
// left out.
extension SentencePieceBPETokenizer {
    /// The text that `ids` stand for; bytes that are no UTF-8 become U+FFFD.
    ///
    /// A space at the very beginning is left out where encoding puts one there.
    public func decode(_ ids: [TokenID], skipSpecialTokens: Bool) -> String {
        var text: [UInt8] = []
        var isFirst = true
        for id in ids where !(skipSpecialTokens && specialIDs.contains(id)) {
            var bytes = self.bytes(of: id)
            guard !bytes.isEmpty else { continue }
            if isFirst, decoding.dropsMarksOfFirst { bytes.removeAll { $0 == 0x20 } }
            text += bytes
            isFirst = false
        }
        let dropped = text.prefix(decoding.leadingSpaces).prefix { $0 == 0x20 }.count
        return String(decoding: text.dropFirst(dropped), as: UTF8.self)
    }

    /// A token's bytes with `▁` as a space, or the one byte that `<0x0A>` stands for; a special token of a GGUF file
    /// stands for its name.
    public func bytes(of id: TokenID) -> [UInt8] {
        let entry = decoding.normalized[id].map { $0[...] } ?? vocabulary.bytes(of: id)
        if decoding.silentIDs.contains(id) { return [] }
        if decoding.literalIDs.contains(id) { return Array(entry) }
        if decoding.byteIDs?.contains(id) ?? true, let byte = ByteFallback.byte(of: entry) { return [byte] }
        var result: [UInt8] = []
        result.reserveCapacity(entry.count)
        var position = entry.startIndex
        while position < entry.endIndex {
            if entry[position] == Metaspace.mark[0], entry[position...].starts(with: Metaspace.mark) {
                result.append(0x20)
                position += Metaspace.mark.count
            } else {
                result.append(entry[position])
                position += 1
            }
        }
        return result
    }

    /// Whether this token steers the model rather than standing for text.
    public func isSpecial(_ id: TokenID) -> Bool { specialIDs.contains(id) }

    /// The id of a vocabulary entry as the model's files write it (`▁the`, `<0x0A>`).
    public func id(of token: String) -> TokenID? { vocabulary.id(of: token.utf8) }

    /// The vocabulary entry with this id.
    public func token(of id: TokenID) -> String? { vocabulary.token(of: id) }
}
