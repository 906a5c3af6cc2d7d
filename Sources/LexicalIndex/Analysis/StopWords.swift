/// English function words: determiners, pronouns, auxiliaries, prepositions, conjunctions and question words.
///
/// They are indexed like all words, so that "to be or not to be" and "The Who" can be found, and left out of a query
/// as long as it has any other word: a question's "how", "do" and "the" say nothing of what it is about, and their
/// postings are the longest. docs/decisions/0002-lexical-index.md has the measurement.
enum StopWords {
    static let english: Set<String> = Set(
        """
        a an the this that these those
        i me my mine we us our ours you your yours he him his she her hers it its they them their theirs
        myself yourself himself herself itself ourselves themselves
        am is are was were be been being have has had having do does did doing done
        can could will would shall should may might must
        and or but nor if because as while than then so
        of at by for with about into through during to from in on off out over under
        what which who whom whose when where why how
        there here all any both each few more most other some such no not only own same too very just also
        isn't aren't wasn't weren't don't doesn't didn't can't couldn't won't wouldn't shouldn't haven't hasn't hadn't
        """.split(whereSeparator: \.isWhitespace).map(String.init))

    /// Whether `word` (folded, with its apostrophe if it has one) is in the list; "what's" counts as "what".
    static func contains(_ word: ArraySlice<UInt8>) -> Bool {
        guard word.count <= 12 else { return false }
        if english.contains(String(decoding: word, as: UTF8.self)) { return true }
        guard let apostrophe = word.firstIndex(of: UInt8(ascii: "'")) else { return false }
        return english.contains(String(decoding: word[..<apostrophe], as: UTF8.self))
    }
}
