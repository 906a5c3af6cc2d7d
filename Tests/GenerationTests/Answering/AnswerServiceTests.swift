import Decoders
import Generation
import Retrieval
import Storage
import Testing

@Suite("Answers over a collection", .timeLimit(.minutes(5)))
struct AnswerServiceTests {
    @Test("the extract answers with a citation whose quote stands at its span")
    func extract() async throws {
        let desk = try await Desk(Desk.articles)
        let (events, answer) = try await desk.service().answer(Desk.request("How long is the warranty of kettles?"))
            .collected()
        let finished = try #require(answer)
        #expect(events.names == ["passages", "token", "citation", "done"])
        #expect(finished.answer == "Kettles have a warranty of 24 months. [1]")
        #expect(events.text == finished.answer)
        #expect(finished.id == "ans_1")
        #expect(finished.generator == "extractive")
        #expect(!finished.refused)
        #expect(finished.refusalReason == nil)
        #expect((0...1).contains(finished.confidence) && finished.confidence > 0)
        #expect(finished.supported.map(\.supported) == [true])
        #expect(finished.supported.first?.marker == 1)
        let citation = try #require(finished.citations.first)
        #expect(citation.documentID == "warranty.md")
        #expect(citation.quote == "Kettles have a warranty of 24 months.")
        #expect(try desk.textCited(by: citation) == citation.quote)
        #expect(finished.timings.stages.map(\.name) == ["search", "evidence", "generation"])
    }

    @Test("what a generator writes is cited by the passage that bears it out, with its usage")
    func written() async throws {
        let desk = try await Desk(Desk.articles)
        let script = ScriptedGenerator("Kettles have a war", "ranty of 24 months [9].")
        let answer = try await desk.service(script).finishedAnswer(Desk.request("How long is the warranty of kettles?"))
        #expect(answer.answer == "Kettles have a warranty of 24 months. [1]")
        #expect(answer.generator == "local")
        #expect(answer.model == "script")
        #expect(answer.usage.promptTokens == 7)
        #expect(answer.usage.completionTokens == 2)
        #expect(script.requests.first?.question == "How long is the warranty of kettles?")
        #expect(script.requests.first?.passages.map(\.number) == Array(1...3))
    }

    @Test("a sentence that no passage bears out is left out, and reported")
    func dropped() async throws {
        let desk = try await Desk(Desk.articles)
        let script = ScriptedGenerator("Kettles have a warranty of 24 months [1]. Kettles are free for teachers [1].")
        let (events, answer) = try await desk.service(script).answer(Desk.request("warranty of kettles")).collected()
        let finished = try #require(answer)
        #expect(finished.answer == "Kettles have a warranty of 24 months. [1]")
        #expect(events.text == finished.answer)
        #expect(finished.supported.map(\.supported) == [true, false])
        #expect(finished.supported.last?.sentence == "Kettles are free for teachers.")
        #expect(finished.supported.last?.reason != nil)
    }

    @Test("with the policy mark the same sentence stays, is marked and lowers the confidence")
    func marked() async throws {
        let desk = try await Desk(Desk.articles)
        let text = "Kettles have a warranty of 24 months [1]. Kettles are free for teachers [1]."
        var request = Desk.request("warranty of kettles")
        let kept = try await desk.service(ScriptedGenerator(text)).finishedAnswer(request)
        request.unsupportedSentences = .mark
        let (events, answer) = try await desk.service(ScriptedGenerator(text)).answer(request).collected()
        let finished = try #require(answer)
        #expect(finished.answer == text)
        #expect(events.text == text)
        #expect(finished.supported.map(\.supported) == [true, false])
        #expect(finished.citations.map(\.marker) == [1])
        #expect(finished.confidence < kept.confidence)
    }

    @Test("two sentences from one passage make one citation whose span holds both")
    func mergedQuotes() async throws {
        let desk = try await Desk(Desk.articles)
        let script = ScriptedGenerator(
            "The refund is paid to the card you used. You can return most items within 30 days.")
        let (events, answer) = try await desk.service(script).answer(Desk.request("refund return items")).collected()
        let finished = try #require(answer)
        #expect(finished.citations.count == 1)
        #expect(events.names.filter { $0 == "citation" }.count == 1)
        let citation = try #require(finished.citations.first)
        #expect(citation.documentID == "returns.md")
        #expect(citation.quote.hasPrefix("You can return most items"))
        #expect(citation.quote.hasSuffix("the card you used."))
        #expect(try desk.textCited(by: citation) == citation.quote)
    }

    @Test("a citation from a later part of a table stands at its row, not at the repeated header")
    func splitTable() async throws {
        let rows = (1...60).map { "| Country \($0) | \($0 + 100) days | \($0 + 500) EUR |" }
        let table = (["# Prices", "", "| Place | Time | Price |", "|---|---|---|"] + rows).joined(separator: "\n")
        let desk = try await Desk(
            ["prices.md": table], chunking: ChunkingSettings(targetTokens: 64, maxTokens: 96, overlapTokens: 0))
        let script = ScriptedGenerator("Place: Country 57; Time: 157 days; Price: 557 EUR.")
        var request = Desk.request("Country 57 157 days 557 EUR")
        request.topK = 20
        let answer = try await desk.service(script).finishedAnswer(request)
        let citation = try #require(answer.citations.first)
        #expect(citation.quote == "Country 57 | 157 days | 557 EUR")
        #expect(try desk.textCited(by: citation) == citation.quote)
    }

    @Test("a model that says the documents don't say is taken at its word", arguments: [UnsupportedPolicy.drop, .mark])
    func declined(policy: UnsupportedPolicy) async throws {
        let desk = try await Desk(Desk.articles)
        var request = Desk.request("Do you sell kettles in Japan?")
        request.unsupportedSentences = policy
        let service = try desk.service(ScriptedGenerator("The documents don\u{2019}t", " say."))
        let answer = try await service.finishedAnswer(request)
        #expect(answer.refused)
        #expect(answer.refusalReason == .modelDeclined)
        #expect(answer.answer == "The documents don't say.")
        #expect(answer.citations.isEmpty)
        #expect(!answer.passages.isEmpty)
    }

    @Test("when nothing a model wrote holds, the extract steps in and says so")
    func extractStepsIn() async throws {
        let desk = try await Desk(Desk.articles)
        let script = ScriptedGenerator("Unicorns guarantee everything for 99 years.")
        let (events, found) = try await desk.service(script)
            .answer(Desk.request("How long is the warranty of kettles?")).collected()
        let answer = try #require(found)
        #expect(answer.answer == "Kettles have a warranty of 24 months. [1]")
        #expect(events.text == answer.answer)
        #expect(answer.generator == "extractive")
        #expect(answer.notes.contains { $0.contains("nothing the local generator wrote") })
        #expect(!answer.refused)
    }

    @Test("an empty text of the model is as good as an unsupported one")
    func emptyText() async throws {
        let desk = try await Desk(Desk.articles)
        let answer = try await desk.service(ScriptedGenerator()).finishedAnswer(Desk.request("warranty of kettles"))
        #expect(answer.generator == "extractive")
        #expect(!answer.refused)
    }

    @Test("an empty collection is refused without asking a model")
    func noPassages() async throws {
        let desk = try await Desk([:])
        let script = ScriptedGenerator("Anything.")
        let (events, found) = try await desk.service(script).answer(Desk.request("warranty?")).collected()
        let answer = try #require(found)
        #expect(events.names == ["passages", "done"])
        #expect(answer.refusalReason == .noPassages)
        #expect(answer.passages.isEmpty)
        #expect(script.requests.isEmpty)
    }

    @Test("weak evidence is refused with the nearest passages, without asking a model")
    func weakEvidence() async throws {
        let desk = try await Desk(Desk.articles)
        let script = ScriptedGenerator("Kettles have a warranty of 24 months.")
        let answer = try await desk.service(script, threshold: 1.1).finishedAnswer(Desk.request("warranty of kettles"))
        #expect(answer.refused)
        #expect(answer.refusalReason == .weakEvidence)
        #expect(answer.passages.first?.documentID == "warranty.md")
        #expect(script.requests.isEmpty)
    }

    @Test("a question with evidence is thought likelier to be answerable than one without")
    func evidenceOrders() async throws {
        let desk = try await Desk(Desk.articles)
        let service = try desk.service(threshold: 1.1)
        let good = try await service.finishedAnswer(Desk.request("How long is the warranty of kettles?"))
        let bad = try await service.finishedAnswer(Desk.request("Which planets have rings?"))
        #expect(good.confidence > bad.confidence)
    }

    @Test("a follow-up is looked up with the topic of the turn before")
    func followUp() async throws {
        let desk = try await Desk(Desk.articles)
        let script = ScriptedGenerator("Kettles have a warranty of 24 months.")
        var request = Desk.request("And how long is it?")
        request.conversation = [
            ChatMessage(role: .user, content: "Is there a warranty on kettles?"),
            ChatMessage(role: .assistant, content: "Yes."),
        ]
        let answer = try await desk.service(script).finishedAnswer(request)
        #expect(answer.citations.first?.documentID == "warranty.md")
        #expect(script.requests.first?.question.contains("kettles") == true)
    }

    @Test("the same question twice gives the same answer")
    func deterministic() async throws {
        let desk = try await Desk(Desk.articles)
        let service = try desk.service()
        let request = Desk.request("How are refunds paid and when does standard delivery arrive?")
        let first = try await service.finishedAnswer(request)
        for _ in 0..<3 {
            let again = try await service.finishedAnswer(request)
            #expect(again.answer == first.answer)
            #expect(again.citations == first.citations)
            #expect(again.supported == first.supported)
            #expect(again.confidence == first.confidence)
        }
    }

    @Test("a text given with the question is answered from, without a collection")
    func ownText() async throws {
        let desk = try await Desk([:])
        let text = "The museum opens at 10:00. Dogs are not admitted to the museum."
        let request = AnswerRequest(question: "When does the museum open?", source: .text(text))
        let answer = try await desk.service().finishedAnswer(request)
        #expect(answer.answer == "The museum opens at 10:00. [1]")
        #expect(answer.citations.first?.documentID == "context")
    }

    @Test("a text without words is refused", arguments: ["", " \n "])
    func emptyOwnText(text: String) async throws {
        let desk = try await Desk([:])
        let answer = try await desk.service().finishedAnswer(AnswerRequest(question: "When?", source: .text(text)))
        #expect(answer.refusalReason == .noPassages)
    }

    @Test("a filter keeps the other documents out")
    func filtered() async throws {
        let desk = try await Desk(Desk.articles)
        var request = Desk.request("How long is the warranty of kettles?")
        request.filter = try MetadataFilter(json: .object(["team": .string("nobody")]))
        #expect(try await desk.service().finishedAnswer(request).refusalReason == .noPassages)
    }

    @Test("near-duplicates are one passage")
    func duplicates() async throws {
        let same = "# Warranty\n\nKettles have a warranty of 24 months."
        let desk = try await Desk(["a.md": same, "b.md": same + " Yes.", "c.md": "# Other\n\nToasters are blue."])
        let answer = try await desk.service().finishedAnswer(Desk.request("warranty of kettles"))
        #expect(Set(answer.passages.map(\.documentID)).count == 2)
    }

    @Test("a citation lists the other documents that say the same, and passages may be kept apart")
    func citedDuplicates() async throws {
        let same = "# Warranty\n\nKettles have a warranty of 24 months."
        let desk = try await Desk(["a.md": same, "b.md": same, "c.md": "# Other\n\nToasters are blue."])
        var request = Desk.request("warranty of kettles")
        let answer = try await desk.service().finishedAnswer(request)
        let citation = try #require(answer.citations.first)
        #expect(citation.documentID == "a.md" && citation.duplicates?.map(\.documentID) == ["b.md"])
        request.collapseDuplicates = false
        let apart = try await desk.service().finishedAnswer(request)
        #expect(Set(apart.passages.map(\.documentID)) == ["a.md", "b.md", "c.md"])
        #expect(apart.citations.allSatisfy { $0.duplicates == nil })
    }

    @Test("an answer may rest on what stands around the chunk that was found, and its spans fit the document")
    func context() async throws {
        let text = """
            # Kettles

            ## Care

            Descale the kettle with vinegar once in a month, and more often where the water is hard.

            ## Warranty

            The warranty of the kettle lasts for 24 months from the day on which it was delivered to you.
            """
        let desk = try await Desk(
            ["a.md": text], chunking: ChunkingSettings(targetTokens: 24, maxTokens: 40, overlapTokens: 0))
        var request = Desk.request("How long does the warranty of the kettle last?")
        request.topK = 1
        let narrow = try await desk.service().finishedAnswer(request)
        #expect(narrow.passages.first.map { !$0.text.contains("vinegar") } == true)
        request.context = ContextRequest(neighbours: 1)
        let wide = try await desk.service().finishedAnswer(request)
        let passage = try #require(wide.passages.first)
        #expect(wide.passages.count == 1 && passage.text.contains("vinegar") && passage.text.contains("24 months"))
        let citation = try #require(wide.citations.first)
        #expect(try desk.textCited(by: citation) == citation.quote && citation.quote.contains("24 months"))
        request.context = ContextRequest(neighbours: 99)
        await #expect(throws: GenerationError.self) { try await desk.service().finishedAnswer(request) }
    }

    @Test("texts that differ in a figure only are two passages")
    func figures() async throws {
        let desk = try await Desk([
            "a.md": "# Kettles\n\nThe warranty of the appliance is 24 months from the day of the purchase.",
            "b.md": "# Toasters\n\nThe warranty of the appliance is 12 months from the day of the purchase.",
        ])
        let answer = try await desk.service().finishedAnswer(Desk.request("warranty of the appliance"))
        #expect(answer.passages.count == 2)
    }

    @Test("a generator's failure is the answer's")
    func failing() async throws {
        let desk = try await Desk(Desk.articles)
        let failure = GenerationError.remoteFailed(reason: "gone")
        let service = try desk.service(ScriptedGenerator("Kettles", ending: .failed(failure)))
        await #expect(throws: failure) { try await service.finishedAnswer(Desk.request("warranty of kettles")) }
    }

    @Test("a collection that isn't there is an error, not a refusal")
    func missingCollection() async throws {
        let desk = try await Desk([:])
        let service = try desk.service()
        let request = AnswerRequest(question: "warranty?", source: .collection("nope"))
        await #expect(throws: RetrievalError.storage(.collectionNotFound(name: "nope"))) {
            try await service.finishedAnswer(request)
        }
    }

    @Test("whoever stops listening stops the generator")
    func cancellation() async throws {
        let desk = try await Desk(Desk.articles)
        let script = ScriptedGenerator("Kettles have a warranty of 24 months. And", ending: .endless)
        let service = try desk.service(script)
        for try await event in service.answer(Desk.request("warranty of kettles")) {
            if case .token = event { break }
        }
        while !script.wasStopped { try await Task.sleep(for: .milliseconds(5)) }
    }

    @Test("cancelling the task that waits for the whole answer ends it")
    func cancelledWaiting() async throws {
        let desk = try await Desk(Desk.articles)
        let script = ScriptedGenerator("Kettles", ending: .endless)
        let service = try desk.service(script)
        let task = Task { try await service.finishedAnswer(Desk.request("warranty of kettles")) }
        while script.requests.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        while !script.wasStopped { try await Task.sleep(for: .milliseconds(5)) }
    }
}
