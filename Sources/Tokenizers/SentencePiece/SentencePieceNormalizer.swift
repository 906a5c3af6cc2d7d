import Foundation

/// The first stage of SentencePiece's tokenizers: the steps of tokenizer.json's `normalizer`, in order.
struct SentencePieceNormalizer: Sendable, Equatable {
    /// One step over a whole text.
    enum Step: Sendable, Equatable {
        /// SentencePiece's compiled rules.
        case characterMap(CharacterMap)
        /// A text that isn't empty gets this in front.
        case prepend([UInt8])
        /// Every run of two or more spaces becomes `by`.
        case spaces(by: [UInt8])
        /// Every `from` becomes `to`.
        case replace(from: [UInt8], to: [UInt8])
        /// White space at the ends goes.
        case strip(left: Bool, right: Bool)
        /// Unicode composition, the compatible one if so.
        case compose(isCompatible: Bool)
        /// Lower case.
        case lowercase
    }

    var steps: [Step]

    /// The text after all steps: well-formed UTF-8.
    func normalized(_ text: Span<UInt8>, in range: Range<Int>) -> [UInt8] {
        var current: [UInt8] = []
        current.reserveCapacity(range.count + range.count / 8)
        var rest = steps[...]
        // The first step reads the text where it lies.
        if case .characterMap(let map) = rest.first {
            Self.apply(map, to: text, in: range, output: &current)
            rest = rest.dropFirst()
        } else {
            for position in range { current.append(text[position]) }
        }
        for step in rest { current = Self.apply(step, to: current) }
        return current
    }

    private static func apply(_ step: Step, to text: [UInt8]) -> [UInt8] {
        switch step {
        case .characterMap(let map):
            var output: [UInt8] = []
            apply(map, to: text.span, in: 0..<text.count, output: &output)
            return output
        case .prepend(let prefix): return text.isEmpty ? text : prefix + text
        case .spaces(let replacement): return collapsed(text, replacement)
        case .replace(let from, let to): return replaced(text, from, to)
        case .strip(let left, let right): return stripped(text, left: left, right: right)
        case .compose(let isCompatible):
            let text = String(decoding: text, as: UTF8.self)
            let composed =
                isCompatible
                ? text.precomposedStringWithCompatibilityMapping : text.precomposedStringWithCanonicalMapping
            return Array(composed.utf8)
        case .lowercase:
            let scalars = String(decoding: text, as: UTF8.self).unicodeScalars
            return scalars.flatMap { Array($0.properties.lowercaseMapping.utf8) }
        }
    }

    private static func collapsed(_ text: [UInt8], _ replacement: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        var position = 0
        while position < text.count {
            let start = position
            while position < text.count, text[position] == 0x20 { position += 1 }
            if position - start > 1 { output += replacement } else { output += text[start..<position] }
            if position < text.count { output.append(text[position]) }
            position += 1
        }
        return output
    }

    private static func replaced(_ text: [UInt8], _ from: [UInt8], _ to: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(text.count + text.count / 2)
        var position = 0
        while position < text.count {
            if text[position] == from[0], from.count == 1 || text[position...].starts(with: from) {
                output += to
                position += from.count
            } else {
                output.append(text[position])
                position += 1
            }
        }
        return output
    }

    private static func stripped(_ text: [UInt8], left: Bool, right: Bool) -> [UInt8] {
        var scalars = String(decoding: text, as: UTF8.self).unicodeScalars[...]
        if left { scalars = scalars.drop { $0.properties.isWhitespace } }
        while right, scalars.last?.properties.isWhitespace == true { scalars.removeLast() }
        return Array(String(scalars).utf8)
    }
}

// MARK: - The character map

extension SentencePieceNormalizer {
    /// Grapheme clusters of this many bytes and more are looked up scalar by scalar.
    private static let longCluster = 6

    /// Replaces cluster by cluster.
    ///
    /// The library looks a grapheme cluster of up to five bytes up as one, and the scalars of what it doesn't find, or
    /// of longer ones, one by one. Two ASCII bytes are never one cluster, CR LF aside, so that ordinary text needs no
    /// segmentation; stretches around other characters get Swift's.
    private static func apply(
        _ map: CharacterMap, to text: Span<UInt8>, in range: Range<Int>, output: inout [UInt8]
    ) {
        var position = range.lowerBound
        while position < range.upperBound {
            let end = stretchEnd(text, position, range.upperBound)
            if end == position + 1 {
                appendScalar(map, text, position..<end, to: &output)
            } else {
                appendClusters(map, text, position..<end, to: &output)
            }
            position = end
        }
    }

    /// The first place behind `start` that is between two ASCII characters, or the end.
    @inline(__always)
    private static func stretchEnd(_ text: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
        var position = start
        while position + 1 < end {
            let byte = text[position]
            if byte < 0x80, text[position + 1] < 0x80, byte != 0x0D { return position + 1 }
            position += 1
        }
        return end
    }

    private static func appendClusters(
        _ map: CharacterMap, _ text: Span<UInt8>, _ range: Range<Int>, to output: inout [UInt8]
    ) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(range.count)
        for position in range { bytes.append(text[position]) }
        var position = range.lowerBound
        for cluster in String(decoding: bytes, as: UTF8.self) {
            let end = position + cluster.utf8.count
            if end - position < longCluster, let match = map.match(text, in: position..<end) {
                map.append(match, to: &output)
                position = end
                continue
            }
            while position < end {
                let next = position + text.scalar(at: position).length
                appendScalar(map, text, position..<next, to: &output)
                position = next
            }
        }
    }

    @inline(__always)
    private static func appendScalar(
        _ map: CharacterMap, _ text: Span<UInt8>, _ range: Range<Int>, to output: inout [UInt8]
    ) {
        if let match = map.match(text, in: range) {
            map.append(match, to: &output)
        } else {
            for position in range { output.append(text[position]) }
        }
    }
}
