import Generation
import Testing

@Suite("Marks, figures and negation in sentences")
struct TextTokenTests {
    @Test(
        "citation marks are taken out and their numbers kept in order",
        arguments: [
            ("It takes 14 days [1].", [1], "It takes 14 days."),
            ("Both apply [2][1].", [2, 1], "Both apply."),
            ("A list [1, 3] here", [1, 3], "A list here"),
            ("An array a[i] and [x] stay", [], "An array a[i] and [x] stay"),
            ("Empty [] stays", [], "Empty [] stays"),
            ("Too big [1234] stays", [], "Too big [1234] stays"),
            ("Open [12", [], "Open [12"),
            ("", [], ""),
        ] as [(String, [Int], String)])
    func marks(sentence: String, numbers: [Int], text: String) {
        let marks = CitationMarks(in: sentence)
        #expect(marks.numbers == numbers)
        #expect(marks.text == text)
    }

    @Test(
        "equal figures are equal strings",
        arguments: [
            ("within 14 days", ["14"]),
            ("1,000 items", ["1000"]),
            ("12.50 EUR", ["12.5"]),
            ("12,50 EUR", ["12.5"]),
            ("1,234,567.80", ["1234567.8"]),
            ("at 10:30.", ["10:30"]),
            ("two weeks", ["2"]),
            ("one more thing", []),
            ("E-204 and v2", ["204", "v2"]),
            ("90%", ["90"]),
            ("no figures", []),
        ] as [(String, [String])])
    func numbers(text: String, expected: [String]) {
        #expect(NumberTokens.all(in: text) == expected)
    }

    @Test(
        "two negations take each other back",
        arguments: [
            ("You can return it.", false), ("You cannot return it.", true), ("You can\u{2019}t return it.", true),
            ("It is not without cost.", false), ("Nothing is refunded.", true), ("Nottingham is served.", false),
        ])
    func negation(text: String, expected: Bool) {
        #expect(Negation.isNegated(text) == expected)
    }
}
