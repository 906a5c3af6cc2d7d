import Ingestion

/// Cuts a stream of text into whole sentences as they are completed.
///
/// A sentence is complete when something follows it that isn't a citation mark: "… 14 days." may still get its "[2]".
package struct SentenceAssembler {
    private var buffer = ""

    package init() {}

    private let splitter = SentenceSplitter()

    /// Adds text and takes out the sentences that are now complete, marks included.
    package mutating func append(_ text: String) -> [String] {
        buffer += text
        var complete: [String] = []
        while let end = endOfFirstSentence() {
            complete.append(String(decoding: Array(buffer.utf8)[..<end], as: UTF8.self))
            buffer = String(decoding: Array(buffer.utf8)[end...], as: UTF8.self)
        }
        return complete
    }

    /// What is left at the end of the stream: the last sentences, marks included.
    package mutating func finish() -> [String] {
        var rest: [String] = []
        let utf8 = Array(buffer.utf8)
        var start = 0
        while start < utf8.count {
            let end = Self.end(ofFirstIn: utf8, from: start, splitter: splitter) ?? utf8.count
            rest.append(String(decoding: utf8[start..<end], as: UTF8.self))
            start = end
        }
        buffer = ""
        return rest.filter { !$0.allSatisfy(\.isWhitespace) }
    }

    private func endOfFirstSentence() -> Int? {
        let utf8 = Array(buffer.utf8)
        guard let end = Self.end(ofFirstIn: utf8, from: 0, splitter: splitter) else { return nil }
        // Something has to follow, or a mark may still come.
        let rest = utf8[end...].drop { $0 == 0x20 || $0 == 0x0A }
        return rest.isEmpty ? nil : end
    }

    /// The end of the first sentence at or after `start` with the marks that follow it, or nil when only one is there.
    private static func end(ofFirstIn utf8: [UInt8], from start: Int, splitter: SentenceSplitter) -> Int? {
        let text = String(decoding: utf8[start...], as: UTF8.self)
        let sentences = splitter.sentences(in: text)
        for sentence in sentences.dropFirst() {
            let following = text.utf8.dropFirst(sentence.lowerBound)
            // A sentence that starts with a mark starts where that mark ends.
            var offset = sentence.lowerBound
            var rest = following
            while rest.first == UInt8(ascii: "["), let close = rest.firstIndex(of: UInt8(ascii: "]")),
                CitationMarks(in: String(decoding: rest[...close], as: UTF8.self)).text.isEmpty
            {
                let after = rest[rest.index(after: close)...].drop { $0 == 0x20 || $0 == 0x0A }
                offset += rest.count - after.count
                rest = after
            }
            return rest.isEmpty || isUnfinishedMark(rest) ? nil : start + offset
        }
        return nil
    }

    /// Whether `bytes` may be the beginning of a mark whose end is still to come.
    private static func isUnfinishedMark(_ bytes: Substring.UTF8View) -> Bool {
        bytes.first == UInt8(ascii: "[")
            && bytes.dropFirst().allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2C || $0 == 0x20 }
    }
}
