import Retrieval
import Storage
import Testing

/// What stands around a hit comes with it, from the text as it is stored.
struct ContextTests {
    /// A manual of three sections; the second has subsections, one of a single chunk.
    private static let chunks: [(path: [String], text: String)] = [
        (["Start"], "unpack the kettle"), (["Start"], "fill it with water — cold"),
        (["Use"], "press the switch"), (["Use", "Tea"], "wait for the sound"), (["Use", "Tea"], "pour it over leaves"),
        (["Use", "Coffee"], "grind the beans"), (["Care"], "descale with vinegar"), (["Care"], "rinse twice"),
    ]

    private func manual() throws -> (library: Library, text: [UInt8]) {
        let library = try Library()
        var (text, chunks): (String, [NewChunk]) = ("", [])
        for (path, piece) in Self.chunks {
            text += "\n\n"
            let start = text.utf8.count
            text += piece
            let embedded = EmbeddedText.compose(title: "Kettle", headingPath: path, text: piece)
            chunks.append(
                NewChunk(
                    headingPath: path, text: piece, utf8Span: start..<text.utf8.count, tokenCount: 10,
                    contentHash: embedded, vector: library.embedder.vector(of: embedded)))
        }
        try library.store.replaceDocument(
            NewDocument(
                externalID: "kettle", title: "Kettle", contentType: "text/plain", contentHash: text, text: text,
                byteCount: text.utf8.count, chunks: chunks),
            in: library.collection.id)
        return (library, Array(text.utf8))
    }

    /// The numbers of the chunks that come with the chunk `number`.
    private func around(_ number: Int, _ context: ContextRequest) async throws -> [Int] {
        let (library, text) = try manual()
        let request = SearchRequest(query: Self.chunks[number].text, topK: 1, context: context)
        let hit = try #require(try await library.service().search(request, in: Library.name).hits.first)
        #expect(hit.text == Self.chunks[number].text)
        let found = try #require(hit.context)
        #expect(String(decoding: text[found.span.start..<found.span.end], as: UTF8.self) == found.text)
        #expect(found.chunkIDs.contains(hit.chunkID) && found.text.contains(hit.text))
        let numbers = found.chunkIDs.map { Int($0) - 1 }
        #expect(found.text == numbers.map { Self.chunks[$0].text }.joined(separator: "\n\n"))
        return numbers
    }

    @Test(
        "neighbours come from both sides, as far as the document goes",
        arguments: [(3, 1, [2, 3, 4]), (3, 2, [1, 2, 3, 4, 5]), (0, 1, [0, 1]), (7, 3, [4, 5, 6, 7])])
    func neighbours(number: Int, count: Int, expected: [Int]) async throws {
        #expect(try await around(number, ContextRequest(neighbours: count)) == expected)
    }

    @Test(
        "a section comes whole with its subsections; where the hit is all of it, the one above",
        arguments: [(0, [0, 1]), (2, [2, 3, 4, 5]), (3, [3, 4]), (5, [2, 3, 4, 5]), (7, [6, 7])])
    func parent(number: Int, expected: [Int]) async throws {
        #expect(try await around(number, ContextRequest(parent: true)) == expected)
    }

    @Test("section and neighbours may come together")
    func both() async throws {
        #expect(try await around(4, ContextRequest(neighbours: 2, parent: true)) == [2, 3, 4, 5, 6])
    }

    @Test(
        "what comes grows from the hit while the tokens last; the hit always comes",
        arguments: [(1, [3]), (10, [3]), (20, [3, 4]), (30, [2, 3, 4]), (45, [2, 3, 4, 5]), (80, Array(0...7))])
    func limited(tokens: Int, expected: [Int]) async throws {
        #expect(try await around(3, ContextRequest(neighbours: 50, maximumTokens: tokens)) == expected)
    }

    @Test("without a wish nothing comes")
    func none() async throws {
        let (library, _) = try manual()
        let hits = try await library.service().search(SearchRequest(query: "vinegar"), in: Library.name).hits
        #expect(hits.allSatisfy { $0.context == nil })
    }

    @Test(
        "what is out of range is refused by name",
        arguments: [
            (ContextRequest(), "context"), (ContextRequest(neighbours: -1), "context.neighbours"),
            (ContextRequest(neighbours: 51), "context.neighbours"),
            (ContextRequest(parent: true, maximumTokens: 0), "context.max_tokens"),
        ])
    func bad(context: ContextRequest, field: String) async throws {
        #expect {
            try SearchRequest(query: "a", context: context).validate()
        } throws: { error in
            if case .invalidRequest(field, _) = error as? RetrievalError { true } else { false }
        }
    }
}
