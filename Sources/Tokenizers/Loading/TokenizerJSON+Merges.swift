// What both kinds of BPE read from the `model` of a tokenizer.json.
extension TokenizerJSON {
    /// The merges by rank; they come as "left right", in newer files as ["left", "right"].
    /// - Throws: `malformed` for a merge that is not two parts.
    func merges() throws(TokenizerError) -> [(left: ArraySlice<UInt8>, right: ArraySlice<UInt8>)] {
        guard let list = model["merges"]?.elements else {
            throw .malformed(path: path, reason: "its model has no \"merges\"")
        }
        var pairs: [(left: ArraySlice<UInt8>, right: ArraySlice<UInt8>)] = []
        pairs.reserveCapacity(list.count)
        for entry in list {
            if case .string(let bytes) = entry, let space = bytes.dropFirst().firstIndex(of: 0x20) {
                pairs.append((bytes[..<space], bytes[(space + 1)...]))
            } else if case .array(let parts) = entry, parts.count == 2, case .string(let left) = parts[0],
                case .string(let right) = parts[1]
            {
                pairs.append((left[...], right[...]))
            } else {
                throw .malformed(path: path, reason: "merge \(pairs.count) is not two parts")
            }
        }
        return pairs
    }

    /// Refuses marks on entries that continue or end a word, which no model here has.
    /// - Throws: `unsupported`.
    func refuseAffixes() throws(TokenizerError) {
        for name in ["continuing_subword_prefix", "end_of_word_suffix"] as [StaticString] {
            guard model[name]?.text ?? "" == "" else {
                throw .unsupported(path: path, feature: "\(name)", known: ["byte-level BPE", "SentencePiece BPE"])
            }
        }
    }
}
