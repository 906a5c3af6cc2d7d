import LexicalIndex
import Testing

@Suite("Text analysis")
struct TextAnalyzerTests {
    private let analyzer = TextAnalyzer()

    @Test(
        "codes, versions, identifiers and addresses keep their whole beside their parts",
        arguments: [
            ("ERR-4021", ["err", "4021", "err-4021"]),
            ("libcurl4-openssl-dev", ["libcurl4", "openssl", "dev", "libcurl4-openssl-dev"]),
            ("3.11", ["3", "11", "3.11"]),
            ("jane.doe@example.com", ["jane", "doe", "exampl", "com", "jane.doe@example.com"]),
            ("foo_bar", ["foo", "bar", "foo_bar"]),
            ("libstdc++6", ["libstdc", "6", "libstdc++6"]),
            ("1.2~rc1", ["1", "2", "rc1", "1.2~rc1"]),
            ("AT&T", ["at", "t", "at&t"]),
            ("C++", ["c", "c++"]),
            ("F#, and", ["f", "f#", "and"]),
            ("getUserName()", ["getusernam", "get", "user", "name"]),
            ("JavaScript iPhone", ["javascript", "iphon"]),
        ])
    func codes(text: String, terms: [String]) {
        #expect(analyzer.terms(of: text) == terms)
    }

    @Test(
        "words are folded, cut and stemmed",
        arguments: [
            ("Running RUNS run", ["run", "run", "run"]),
            ("The customer's orders aren't here.", ["the", "custom", "order", "aren't", "here"]),
            ("customer’s", ["custom"]),
            ("Éclair e\u{301}clair ECLAIR", ["eclair", "eclair", "eclair"]),
            ("Straße Ørsted Łódź œuvre", ["strass", "orst", "lodz", "oeuvr"]),
            ("Ｆｕｌｌ ﬁne ＡＢＣ１", ["full", "fine", "abc1"]),
            ("Σίσυφος ΣΊΣΥΦΟΣ", ["σισυφοσ", "σισυφοσ"]),
            ("٣٤ ３４", ["34", "34"]),
            ("co\u{AD}operate", ["cooper"]),
            ("1,250,000 and 1,2", ["1250000", "and", "1", "2"]),
            ("U.S.A. e.g. yes", ["usa", "eg", "yes"]),
            ("end.of-line -- 'quoted' _x_", ["end", "of", "line", "end.of-line", "quot", "x"]),
            ("a\u{0}b\u{7}c\u{200B}d", ["a", "b", "c", "d"]),
        ])
    func words(text: String, terms: [String]) {
        #expect(analyzer.terms(of: text) == terms)
    }

    @Test(
        "scripts without spaces become bigrams, a lone character stays",
        arguments: [
            ("東京都", ["東京", "京都"]),
            ("水", ["水"]),
            ("東京 タワー", ["東京", "タワ", "ワー"]),
            ("한국어", ["한국", "국어"]),
            ("\u{1112}\u{1161}\u{11AB}\u{1100}\u{116E}\u{11A8}", ["한국"]),
            ("ｶﾞｲﾄﾞ", ["ガイ", "イド"]),
            ("か\u{3099}い", ["がい"]),
            ("Docent東京v2", ["docent", "東京", "v2"]),
            ("𠮷野", ["𠮷野"]),
            ("ราคา", ["รา", "าค", "คา"]),
        ])
    func unsegmented(text: String, terms: [String]) {
        #expect(analyzer.terms(of: text) == terms)
    }

    @Test("vowel signs of scripts that write them as marks stay", arguments: ["हिन्दी", "தமிழ்"])
    func marksStay(word: String) {
        #expect(analyzer.terms(of: word) == [word])
    }

    @Test("text without words has no terms", arguments: ["", " \n\t", "😀 👨‍👩‍👧 ❤️", "--- ... !!!", "\u{0}\u{1}", "™ © →"])
    func nothing(text: String) {
        #expect(analyzer.terms(of: text).isEmpty)
    }

    @Test("a long run of CJK has one bigram per neighbouring pair, however it is cut inside")
    func longRun() {
        let characters = (0..<1000).map { Character(Unicode.Scalar(0x4E00 + UInt32($0)) ?? "一") }
        let expected = zip(characters, characters.dropFirst()).map { String([$0, $1]) }
        #expect(analyzer.terms(of: String(characters)) == expected)
    }

    @Test("a word of 10,000 characters becomes one short term, a chain of pieces its pieces")
    func longWords() {
        let long = analyzer.terms(of: String(repeating: "x", count: 10_000) + " next")
        #expect(long == [String(repeating: "x", count: 64), "next"])
        let chain = analyzer.terms(of: Array(repeating: "ab", count: 5000).joined(separator: "."))
        #expect(chain == Array(repeating: "ab", count: 5000))
        #expect(analyzer.terms(of: String(repeating: "é", count: 10_000)).count == 1)
    }

    @Test("content terms leave stop words out unless there is nothing else")
    func stopWords() {
        #expect(analyzer.contentTerms(of: "What's the price of an order?") == ["price", "order"])
        #expect(analyzer.contentTerms(of: "to be or not to be") == ["to", "be", "or", "not", "to", "be"])
        #expect(analyzer.terms(of: "the price") == ["the", "price"])
    }

    @Test("without a language nothing is stemmed and no word is a stop word")
    func noLanguage() {
        let plain = TextAnalyzer(language: .none)
        #expect(plain.terms(of: "The Running Orders") == ["the", "running", "orders"])
        #expect(plain.contentTerms(of: "the orders") == ["the", "orders"])
        #expect(plain.fingerprint != analyzer.fingerprint)
    }

    @Test("many threads get the terms one thread gets")
    func threads() async {
        let texts = (0..<64).map { "Returning order number \($0): refunds, warranties and universities of ERR-\($0)" }
        let expected = texts.map(analyzer.terms(of:))
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<32 {
                group.addTask { [analyzer] in texts.map(analyzer.terms(of:)) == expected }
            }
            for await isEqual in group { #expect(isEqual) }
        }
    }
}
