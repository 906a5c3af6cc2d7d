import Decoders
import Foundation
import Generation
import LexicalIndex
import Retrieval
import Testing

@Suite("Extractive answers")
struct ExtractiveGeneratorTests {
    private func extract(
        _ question: String, _ passages: [Passage], parameters: ExtractiveGenerator.Parameters = .init()
    ) async throws -> String {
        let generator = ExtractiveGenerator(
            embedder: BagOfWords(), analyzer: TextAnalyzer(),
            queue: ComputeQueue(label: "test", workerCount: 1, depth: 8), parameters: parameters)
        var text = ""
        var summaries: [GenerationSummary] = []
        let request = GenerationRequest(question: question, passages: passages, parameters: SamplingParameters())
        for try await event in generator.generate(request) {
            switch event {
            case .text(let piece): text += piece
            case .finished(let summary): summaries.append(summary)
            }
        }
        #expect(summaries == [GenerationSummary(generator: "extractive")])
        return text
    }

    @Test("the sentence that fits the question best is quoted with its mark")
    func bestSentence() async throws {
        let passages = [
            Passage.sample(1, "Kettles have a warranty of 24 months. Toasters are blue."),
            Passage.sample(2, "Express parcels arrive on the next day."),
        ]
        let text = try await extract("How long is the warranty of kettles?", passages)
        #expect(text == "Kettles have a warranty of 24 months. [1]")
    }

    @Test("a row of a table is read out with its column names")
    func tableRow() async throws {
        let table = "Country | Delivery time | Price\nGermany | 2 days | 3.90 EUR\nAustria | 3 days | 4.90 EUR"
        let text = try await extract("What is the delivery time to Austria?", [Passage.sample(3, table)])
        #expect(text == "Country: Austria; Delivery time: 3 days; Price: 4.90 EUR. [3]")
    }

    @Test("a list item loses its bullet and gets a full stop")
    func listItem() async throws {
        let list = "- Pay by bank transfer within seven days\n- Write us a letter instead"
        let text = try await extract("Can I pay by bank transfer?", [Passage.sample(1, list)])
        #expect(text == "Pay by bank transfer within seven days. [1]")
    }

    @Test("list items are quoted behind the words that introduce them, as one sentence")
    func leadIn() async throws {
        let list = "With the link you can choose\n\n- another day,\n- a neighbour nearby, or\n- a neighbour far away."
        let text = try await extract("Can I choose a neighbour with the link?", [Passage.sample(1, list)])
        #expect(text == "With the link you can choose a neighbour nearby; a neighbour far away. [1]")
    }

    @Test("a sentence that points back is quoted with the one it points to, an answer with its question")
    func antecedents() async throws {
        let box = "You can have the box at checkout. It costs a deposit of 3 euros. Returns are free."
        #expect(
            try await extract("What deposit does the box cost?", [Passage.sample(1, box)])
                == "You can have the box at checkout. It costs a deposit of 3 euros. [1]")
        let dialogue = "Is it cheaper elsewhere? We pay the difference."
        #expect(
            try await extract("Do you pay the difference when it is cheaper?", [Passage.sample(1, dialogue)])
                == "Is it cheaper elsewhere? We pay the difference. [1]")
    }

    @Test("what two passages both say is said once")
    func noRepeats() async throws {
        let passages = [
            Passage.sample(1, "Kettles have a warranty of 24 months."),
            Passage.sample(2, "Our kettles have a warranty of 24 months."),
        ]
        var parameters = ExtractiveGenerator.Parameters()
        parameters.relativeScore = 0
        let text = try await extract("How long is the warranty of kettles?", passages, parameters: parameters)
        #expect(text.components(separatedBy: "24 months").count == 2)
    }

    @Test("no more sentences than asked for, in reading order")
    func limit() async throws {
        let passages = [
            Passage.sample(1, "Refunds go to the card. Refunds need a receipt. Refunds take a week."),
            Passage.sample(2, "Refunds never include postage."),
        ]
        var parameters = ExtractiveGenerator.Parameters()
        parameters.relativeScore = 0
        parameters.maximumSentences = 2
        let text = try await extract("refunds week postage", passages, parameters: parameters)
        #expect(text == "Refunds take a week. [1] Refunds never include postage. [2]")
    }

    @Test("passages without a sentence give an empty text", arguments: ["", "Refunds", "..."])
    func nothing(text: String) async throws {
        #expect(try await extract("refunds?", [Passage.sample(1, text)]) == "")
    }
}
