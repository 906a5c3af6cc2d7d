import Ingestion
import Testing

@Suite("Sentences")
struct SentenceSplitterTests {
    @Test(
        "sentences end where a reader says they do",
        arguments: [
            ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
            ("It costs 3.50 kr. per day. See docs.html now.", ["It costs 3.50 kr. per day.", "See docs.html now."]),
            (
                "Dr. Berg and J. R. Lie met e.g. Mr. Dahl. They left.",
                ["Dr. Berg and J. R. Lie met e.g. Mr. Dahl.", "They left."]
            ),
            (
                "He said \"Stop!\" and left. \"Why?\" She asked.",
                ["He said \"Stop!\" and left.", "\"Why?\"", "She asked."]
            ),
            ("Wait... what? Yes (really). No.", ["Wait... what?", "Yes (really).", "No."]),
            ("退货期限是三十天。请联系客服！好吗？", ["退货期限是三十天。", "请联系客服！", "好吗？"]),
            ("First point\n- second\n- third. Fine", ["First point", "- second", "- third.", "Fine"]),
            ("1. Open the box. 2. Plug it in.", ["1. Open the box.", "2. Plug it in."]),
            ("A title\n\nA sentence without end", ["A title", "A sentence without end"]),
            ("Version 2.0. It is new", ["Version 2.0.", "It is new"]),
            ("", []), ("   \n ", []), ("...", ["..."]),
        ] as [(String, [String])])
    func sentences(text: String, expected: [String]) {
        let bytes = Array(text.utf8)
        let found = SentenceSplitter().sentences(in: text).map { String(decoding: bytes[$0], as: UTF8.self) }
        #expect(found == expected)
    }
}
