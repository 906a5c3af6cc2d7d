/// Turns text into the terms it is found by; the same for chunks and for queries.
///
/// Characters are folded (case, accents, compatibility forms), words are cut at Unicode's boundaries, English words are
/// stemmed, text of scripts without spaces becomes bigrams, and codes, versions, identifiers and addresses are kept
/// whole beside their parts. `WordScanner` has the rules, `CharacterTable` the folding.
///
///     TextAnalyzer().terms(of: "Refunds for ERR-4021?")   // refund, for, err, 4021, err-4021
///
/// Safe to use from any thread; copies share their stemmers.
///
/// Source: Unicode Standard Annex 29; Porter, "Snowball: a language for stemming algorithms" (English stemmer).
public struct TextAnalyzer: Sendable {
    /// The language whose words are stemmed.
    public enum Language: String, Sendable, Codable, CaseIterable {
        /// English: Snowball's stemmer (Porter 2) and English stop words.
        case english
        /// No stemming and no stop words.
        case none
    }

    /// What the text is for.
    package enum Purpose: Sendable {
        /// To be found: every way a word can be looked for.
        case indexing
        /// To look for: stop words are marked.
        case query
    }

    /// The language.
    public let language: Language
    private let stemmers: StemmerPool

    /// Creates an analyser.
    public init(language: Language = .english) {
        self.language = language
        stemmers = StemmerPool(algorithm: language == .english ? "english" : nil)
    }

    /// Identifies the terms this analyser makes: an index made under another fingerprint has to be rebuilt.
    public var fingerprint: String { "docent-terms-1:\(language.rawValue)" }

    /// The terms of `text` in the order they stand, repetitions included, each compound's whole after its parts.
    public func terms(of text: String) -> [String] {
        let buffer = analyze(text, for: .indexing)
        return (0..<buffer.count).map(buffer.string(of:))
    }

    /// The terms of `text` that say what it is about: without stop words, unless there is nothing else.
    public func contentTerms(of text: String) -> [String] {
        let buffer = analyze(text, for: .query)
        let content = (0..<buffer.count).filter { !buffer.flags(of: $0).contains(.stopWord) }
        return (content.isEmpty ? Array(0..<buffer.count) : content).map(buffer.string(of:))
    }

    /// The terms of `text` as bytes.
    package func analyze(_ text: String, for purpose: Purpose) -> TermBuffer {
        var buffer = TermBuffer()
        analyze(text, for: purpose, into: &buffer)
        return buffer
    }

    /// Replaces what is in `buffer` by the terms of `text`.
    package func analyze(_ text: String, for purpose: Purpose, into buffer: inout TermBuffer) {
        buffer.removeAll()
        var scanner = WordScanner(marksStopWords: purpose == .query && language == .english)
        let utf8 = text.utf8Span
        stemmers.withStemmer { stemmer in
            scanner.scan(utf8.span, stemmer: &stemmer, into: &buffer)
        }
    }
}
