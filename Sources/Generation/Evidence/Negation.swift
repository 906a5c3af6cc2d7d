/// Whether a sentence denies rather than states.
package enum Negation {
    /// The words that deny.
    package static let words: Set<String> = [
        "not", "no", "never", "none", "nothing", "nobody", "cannot", "without", "neither", "nor", "isn't", "aren't",
        "wasn't", "weren't", "don't", "doesn't", "didn't", "can't", "couldn't", "won't", "wouldn't", "shouldn't",
        "mustn't", "hasn't", "haven't", "hadn't", "nicht", "kein", "keine", "pas", "jamais", "nunca",
    ]

    /// True when `text` has an odd number of negating words: two of them take each other back.
    package static func isNegated(_ text: String) -> Bool {
        let lowered = text.lowercased().replacing("\u{2019}", with: "'")
        var count = 0
        for word in lowered.split(whereSeparator: { !$0.isLetter && $0 != "'" }) where words.contains(String(word)) {
            count += 1
        }
        return count % 2 == 1
    }
}
