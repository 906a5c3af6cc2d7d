// The two scanners that every family is made of.

/// GPT-2's expression: contractions, letters, numbers and the rest with a space before them, runs of white space.
enum GPT2Scanner {
    @inline(__always)
    static func scan(_ text: Span<UInt8>, _ range: Range<Int>, _ body: (Range<Int>) -> Void) {
        var position = range.lowerBound
        let end = range.upperBound
        while position < end {
            let start = position
            let first = text[position]
            if first == 0x27, let length = Contraction.length(text, position, end, ignoringCase: false) {
                position += length
                body(start..<position)
                continue
            }
            // A space belongs to the run after it, if there is one.
            let runStart = first == 0x20 && position + 1 < end ? position + 1 : position
            let runClass = ScalarRun.class(of: text.scalar(at: runStart).value)
            if runClass != .space {
                position = ScalarRun.end(text, runStart, end, runClass)
            } else {
                position = ScalarRun.endOfSpace(text, start, end)
            }
            body(start..<position)
        }
    }
}

/// Llama 3's expression, and Qwen 2's with numbers one by one.
enum Llama3Scanner {
    @inline(__always)
    static func scan(
        _ text: Span<UInt8>, _ range: Range<Int>, longestNumber: Int, _ body: (Range<Int>) -> Void
    ) {
        var position = range.lowerBound
        let end = range.upperBound
        while position < end {
            let start = position
            position = self.end(of: start, text, end, longestNumber)
            body(start..<position)
        }
    }

    private static func end(of start: Int, _ text: Span<UInt8>, _ end: Int, _ longestNumber: Int) -> Int {
        let (first, length) = text.scalar(at: start)
        if first == 0x27, let length = Contraction.length(text, start, end, ignoringCase: true) {
            return start + length
        }
        let firstClass = ScalarRun.class(of: first)
        if firstClass == .letter { return ScalarRun.end(text, start, end, .letter) }
        if firstClass == .number {
            var position = start
            for _ in 0..<longestNumber where position < end {
                let (scalar, length) = text.scalar(at: position)
                guard ScalarClass.of(scalar) == .number else { break }
                position += length
            }
            return position
        }
        // One character that is no line break belongs to the letters after it.
        let next = start + length
        let nextClass = next < end ? ScalarRun.class(of: text.scalar(at: next).value) : nil
        if first != 0x0A, first != 0x0D, nextClass == .letter {
            return ScalarRun.end(text, next, end, .letter)
        }
        if firstClass == .other || (first == 0x20 && nextClass == .other) {
            var position = ScalarRun.end(text, firstClass == .other ? start : next, end, .other)
            while position < end, text[position] == 0x0A || text[position] == 0x0D { position += 1 }
            return position
        }
        return ScalarRun.endOfLines(text, start, end) ?? ScalarRun.endOfSpace(text, start, end)
    }
}

private enum Contraction {
    /// The bytes of `'s 't 'm 'd 're 've 'll` at an apostrophe, or nil.
    static func length(_ text: Span<UInt8>, _ position: Int, _ end: Int, ignoringCase: Bool) -> Int? {
        let mask: UInt8 = ignoringCase ? 0x20 : 0
        guard position + 1 < end else { return nil }
        let first = text[position + 1] | mask
        switch first {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return 2
        default: break
        }
        guard position + 2 < end else { return nil }
        switch (first, text[position + 2] | mask) {
        case (UInt8(ascii: "r"), UInt8(ascii: "e")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
            (UInt8(ascii: "l"), UInt8(ascii: "l")):
            return 3
        default: return nil
        }
    }
}

/// Runs of one class; punctuation counts as `other` here, as in `[^\s\p{L}\p{N}]`.
private enum ScalarRun {
    @inline(__always)
    static func `class`(of scalar: UInt32) -> ScalarClass {
        let own = ScalarClass.of(scalar)
        return own == .punctuation ? .other : own
    }

    /// Where the run of `wanted` that starts at `start` ends.
    @inline(__always)
    static func end(_ text: Span<UInt8>, _ start: Int, _ end: Int, _ wanted: ScalarClass) -> Int {
        var position = start
        while position < end {
            let (scalar, length) = text.scalar(at: position)
            guard self.class(of: scalar) == wanted else { break }
            position += length
        }
        return position
    }

    /// `\s+(?!\S)|\s+`: a run of white space leaves its last character to what follows, unless it is all there is.
    static func endOfSpace(_ text: Span<UInt8>, _ start: Int, _ end: Int) -> Int {
        var position = start
        var last = start
        while position < end {
            let (scalar, length) = text.scalar(at: position)
            guard ScalarClass.of(scalar) == .space else { break }
            last = position
            position += length
        }
        return position < end && last > start ? last : position
    }

    /// `\s*[\r\n]+`: up to the last line break in a run of white space; nil when it has none.
    static func endOfLines(_ text: Span<UInt8>, _ start: Int, _ end: Int) -> Int? {
        var position = start
        var result: Int?
        while position < end {
            let (scalar, length) = text.scalar(at: position)
            guard ScalarClass.of(scalar) == .space else { break }
            position += length
            if scalar == 0x0A || scalar == 0x0D { result = position }
        }
        return result
    }
}
