import Generation
import Retrieval

/// Shows an answer to a person: the text as it comes, then its sources; a refusal with what comes nearest.
struct AnswerPrinter {
    let isStreaming: Bool

    /// Prints the events and returns the finished answer.
    /// - Throws: what the stream throws.
    func print(_ events: AsyncThrowingStream<AnswerEvent, any Error>) async throws -> Answer {
        var hasStreamed = false
        for try await event in events {
            switch event {
            case .token(let text) where isStreaming:
                Terminal.stream(text)
                hasStreamed = true
            case .done(let answer):
                if hasStreamed { Terminal.stream("\n") } else { Terminal.print(answer.answer) }
                printSources(of: answer)
                return answer
            default:
                break
            }
        }
        throw CancellationError()
    }

    private func printSources(of answer: Answer) {
        if answer.refused {
            if !answer.passages.isEmpty { Terminal.print("\nNearest passages:") }
            for hit in answer.passages.prefix(3) {
                Terminal.print("  \(place(hit.documentID, hit.headingPath))")
            }
        } else {
            Terminal.print("\nSources:")
            for citation in answer.citations {
                Terminal.print("  [\(citation.marker)] \(place(citation.documentID, citation.headingPath))")
                let quote = citation.quote.split(whereSeparator: \.isWhitespace).joined(separator: " ")
                Terminal.print("      \u{201C}\(quote.count > 200 ? quote.prefix(199) + "…" : quote)\u{201D}")
            }
        }
        for note in answer.notes { Terminal.note("note: \(note)") }
    }

    private func place(_ document: String, _ headingPath: [String]) -> String {
        ([document] + headingPath).joined(separator: " › ")
    }
}
