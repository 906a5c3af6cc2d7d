import Generation
import LexicalIndex
import Retrieval
import Testing

@Suite("Support of sentences by passages")
struct SupportCheckerTests {
    private let passages = [
        Passage.sample(1, "Standard delivery takes 3 to 5 working days. It costs 4.90 EUR.", title: "Delivery"),
        Passage.sample(
            2, "You can return most items within 30 days of delivery. Gift cards cannot be refunded.", title: "Returns"),
    ]
    private let checker = SupportChecker(analyzer: TextAnalyzer(), embedder: BagOfWords())

    private func quote(_ support: SentenceSupport) -> String? {
        guard let number = support.passageNumber, let range = support.utf8Range,
            let passage = passages.first(where: { $0.number == number })
        else { return nil }
        return String(decoding: Array(passage.hit.text.utf8)[range], as: UTF8.self)
    }

    @Test("a sentence that stands in a passage is supported there")
    func verbatim() {
        let support = checker.check("It costs 4.90 EUR. [1]", against: passages)
        #expect(support.isSupported)
        #expect(support.score == 1)
        #expect(support.passageNumber == 1)
        #expect(quote(support) == "It costs 4.90 EUR.")
        #expect(support.sentence == "It costs 4.90 EUR.")
        #expect(support.reason == nil)
    }

    @Test("word forms and order don't matter")
    func otherForms() {
        let support = checker.check("Most items can be returned within 30 days.", against: passages)
        #expect(support.isSupported)
        #expect(support.passageNumber == 2)
    }

    @Test("a paraphrase is carried by its embedding, and by nothing when there is no encoder")
    func paraphrase() {
        let synonyms = [
            "shipping": "delivery", "needs": "takes", "regular": "standard", "between": "to", "business": "working",
        ]
        let sentence = "Regular shipping needs 3 to 5 business days."
        let informed = SupportChecker(analyzer: TextAnalyzer(), embedder: BagOfWords(synonyms: synonyms))
        let support = informed.check(sentence, against: passages)
        #expect(support.isSupported)
        #expect(support.passageNumber == 1)
        #expect(!SupportChecker(analyzer: TextAnalyzer(), embedder: nil).check(sentence, against: passages).isSupported)
    }

    @Test(
        "an altered figure is never supported",
        arguments: [
            "Standard delivery takes 2 to 5 working days.", "It costs 4.95 EUR.", "It costs 49.0 EUR.",
            "You can return most items within 300 days of delivery.",
        ])
    func alteredFigure(sentence: String) {
        let support = checker.check(sentence, against: passages)
        #expect(!support.isSupported)
        #expect(support.score <= 0.5)
        #expect(support.reason?.contains("doesn't have") == true)
    }

    @Test("the same figure written otherwise is the same figure")
    func sameFigure() {
        #expect(checker.check("It costs 4,90 EUR.", against: passages).isSupported)
    }

    @Test(
        "a turned negation is never supported, however many words agree",
        arguments: ["Gift cards can be refunded.", "You cannot return most items within 30 days of delivery."])
    func negation(sentence: String) {
        let support = checker.check(sentence, against: passages)
        #expect(!support.isSupported)
        #expect(support.reason?.contains("negation") == true)
    }

    @Test("of two places with the same words the one that agrees on negation counts")
    func negationChoosesPlace() {
        let passages = [Passage.sample(1, "Opened boxes cannot be returned. Opened boxes can be returned unused.")]
        let support = checker.check("Opened boxes can be returned.", against: passages)
        #expect(support.isSupported)
        #expect(support.utf8Range?.lowerBound == 33)
    }

    @Test("a wrong citation is put right")
    func wrongCitation() {
        let support = checker.check("It costs 4.90 EUR. [2]", against: passages)
        #expect(support.isSupported)
        #expect(support.passageNumber == 1)
    }

    @Test("the model's own citation stands when two passages say the same")
    func tie() {
        let passages = [Passage.sample(1, "It costs 4.90 EUR."), Passage.sample(2, "It costs 4.90 EUR.")]
        #expect(checker.check("It costs 4.90 EUR. [2]", against: passages).passageNumber == 2)
        #expect(checker.check("It costs 4.90 EUR.", against: passages).passageNumber == 1)
    }

    @Test("what stands only in a heading is present")
    func headings() {
        let passages = [Passage.sample(1, "They are guaranteed for 24 months.", title: "Kettles")]
        #expect(checker.check("Kettles are guaranteed for 24 months.", against: passages).isSupported)
    }

    @Test("a late row of a table is supported together with the column names", arguments: ["Austria", "Chile"])
    func tableRow(country: String) {
        let table = """
            Country | Delivery time | Price
            Germany | 2 days | 3.90 EUR
            France | 4 days | 5.90 EUR
            Spain | 6 days | 7.90 EUR
            Italy | 5 days | 6.90 EUR
            Austria | 3 days | 4.90 EUR
            Chile | 3 days | 4.90 EUR
            """
        let passages = [Passage.sample(1, table)]
        let support = checker.check(
            "Country: \(country); Delivery time: 3 days; Price: 4.90 EUR.", against: passages)
        #expect(support.isSupported)
        let range = support.utf8Range ?? 0..<0
        #expect(String(decoding: Array(table.utf8)[range], as: UTF8.self) == "\(country) | 3 days | 4.90 EUR")
        #expect(
            !checker.check("Country: Spain; Delivery time: 3 days; Price: 4.90 EUR.", against: passages).isSupported)
    }

    @Test("a sentence about something else is not supported")
    func unrelated() {
        let support = checker.check("Kettles are made of steel.", against: passages)
        #expect(!support.isSupported)
        #expect(support.reason != nil)
    }

    @Test("text without words is not supported", arguments: ["", "...", "[1]", "  \n "])
    func nothing(sentence: String) {
        #expect(!checker.check(sentence, against: passages).isSupported)
    }

    @Test("no passage supports nothing")
    func noPassages() {
        #expect(!checker.check("It costs 4.90 EUR.", against: []).isSupported)
        #expect(!checker.check("It costs 4.90 EUR.", against: [Passage.sample(1, "")]).isSupported)
    }
}
