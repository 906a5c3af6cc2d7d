/// Cuts a text into the words that byte pairs are merged in, and never across.
///
/// The published definitions are regular expressions; these are scanners written by hand from them, one pass and no
/// backtracking. Source: GPT-2 `encoder.py`, and the tokenizer.json files of the named model families.
enum PreTokenizer: Sendable, Equatable, CaseIterable {
    /// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
    case gpt2
    /// Every number character on its own, then `gpt2` between them.
    case smollm
    /// `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
    case llama3
    /// `llama3` with single number characters.
    case qwen2
    /// Runs of punctuation, `gpt2` between them, then numbers cut from words and ASCII digits in threes: what GGUF
    /// files without a pre-tokeniser's name mean.
    case fallback

    /// Hands out the words of `text[range]` in order, as byte ranges that cover it without gaps.
    @inline(__always)
    func forEachWord(of text: Span<UInt8>, in range: Range<Int>, _ body: (Range<Int>) -> Void) {
        switch self {
        case .gpt2: GPT2Scanner.scan(text, range, body)
        case .smollm: Self.isolateNumbers(text, range, body)
        case .llama3: Llama3Scanner.scan(text, range, longestNumber: 3, body)
        case .qwen2: Llama3Scanner.scan(text, range, longestNumber: 1, body)
        case .fallback: Self.isolatePunctuation(text, range, body)
        }
    }

    private static func isolateNumbers(_ text: Span<UInt8>, _ range: Range<Int>, _ body: (Range<Int>) -> Void) {
        var start = range.lowerBound
        var position = start
        while position < range.upperBound {
            let (scalar, length) = text.scalar(at: position)
            if ScalarClass.of(scalar) == .number {
                GPT2Scanner.scan(text, start..<position, body)
                body(position..<position + length)
                start = position + length
            }
            position += length
        }
        GPT2Scanner.scan(text, start..<range.upperBound, body)
    }

    private static func isolatePunctuation(_ text: Span<UInt8>, _ range: Range<Int>, _ body: (Range<Int>) -> Void) {
        var start = range.lowerBound
        while start < range.upperBound {
            let isPunctuation = isPunctuation(text.scalar(at: start).value)
            var end = start
            while end < range.upperBound {
                let (scalar, length) = text.scalar(at: end)
                guard Self.isPunctuation(scalar) == isPunctuation else { break }
                end += length
            }
            GPT2Scanner.scan(text, start..<end) { word in isolateNumberRuns(text, word, body) }
            start = end
        }
    }

    private static func isPunctuation(_ scalar: UInt32) -> Bool {
        if scalar < 0x80, "$+<=>^~|".utf8.contains(UInt8(scalar)) { return true }
        return ScalarClass.of(scalar) == .punctuation
    }

    /// `\p{N}+` apart from what is around it, and in it `[0-9][0-9][0-9]` apart from the rest.
    private static func isolateNumberRuns(_ text: Span<UInt8>, _ word: Range<Int>, _ body: (Range<Int>) -> Void) {
        var start = word.lowerBound
        while start < word.upperBound {
            let isNumber = ScalarClass.of(text.scalar(at: start).value) == .number
            var end = start
            while end < word.upperBound {
                let (scalar, length) = text.scalar(at: end)
                guard (ScalarClass.of(scalar) == .number) == isNumber else { break }
                end += length
            }
            if isNumber { cutInThrees(text, start..<end, body) } else { body(start..<end) }
            start = end
        }
    }

    private static func cutInThrees(_ text: Span<UInt8>, _ run: Range<Int>, _ body: (Range<Int>) -> Void) {
        var start = run.lowerBound
        var position = start
        while position < run.upperBound {
            if position + 3 <= run.upperBound, (0..<3).allSatisfy({ (0x30...0x39).contains(text[position + $0]) }) {
                if position > start { body(start..<position) }
                body(position..<position + 3)
                position += 3
                start = position
            } else {
                position += text.scalar(at: position).length
            }
        }
        if run.upperBound > start { body(start..<run.upperBound) }
    }
}
