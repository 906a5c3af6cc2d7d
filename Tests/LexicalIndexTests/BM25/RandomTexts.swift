import TestSupport

/// Texts of made-up words whose frequencies fall off as those of language do.
struct RandomTexts {
    private var generator: SeededGenerator
    private let vocabulary: Int

    init(seed: UInt64, vocabulary: Int = 400) {
        generator = SeededGenerator(seed: seed)
        self.vocabulary = vocabulary
    }

    mutating func word() -> String {
        // The square of a uniform number favours small ranks.
        let uniform = Double.random(in: 0..<1, using: &generator)
        return "w\(Int(uniform * uniform * uniform * Double(vocabulary)))x"
    }

    mutating func text(words: ClosedRange<Int>) -> String {
        (0..<Int.random(in: words, using: &generator)).map { _ in word() }.joined(separator: " ")
    }

    mutating func entries(_ ids: some Sequence<Int64>, words: ClosedRange<Int> = 0...60) -> [(id: Int64, text: String)]
    {
        ids.map { ($0, text(words: words)) }
    }

    mutating func choose(_ count: Int, of ids: [Int64]) -> [Int64] {
        Array(ids.shuffled(using: &generator).prefix(count))
    }
}
