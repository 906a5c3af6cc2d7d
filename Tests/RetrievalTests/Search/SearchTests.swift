import Foundation
import LexicalIndex
import Retrieval
import Storage
import Testing

struct SearchTests {
    @Test("every mode finds the subject that was asked for", arguments: SearchMode.allCases)
    func modes(mode: SearchMode) async throws {
        let library = try Library()
        try library.fill()
        let response = try await library.service().search(
            SearchRequest(query: "parcel courier", topK: 10, mode: mode), in: Library.name)
        #expect(response.hits.count == 10)
        #expect(response.hits.allSatisfy { $0.text.contains("parcel") })
        #expect(response.hits.map(\.score) == response.hits.map(\.score).sorted(by: >))
        let scores = response.hits[0].scores
        #expect((scores.dense != nil) == (mode != .lexical) && (scores.lexical != nil) == (mode != .dense))
        #expect((scores.fused != nil) == (mode == .hybrid) && scores.rerank == nil)
    }

    @Test("a hit carries its document and where it stands in its text")
    func hitContents() async throws {
        let library = try Library()
        try library.add("doc", "über die Rückgabe", "zweiter Abschnitt", title: "Hilfe", metadata: ["k": 1])
        let hit = try #require(
            try await library.service().search(
                SearchRequest(query: "zweiter Abschnitt", topK: 1), in: Library.name
            ).hits.first)
        #expect(hit.documentID == "doc" && hit.title == "Hilfe" && hit.metadata == ["k": 1])
        let record = try library.store.document(externalID: "doc", in: library.collection.id)
        let text = Array(try library.store.documentText(record.id).utf8)
        #expect(String(decoding: text[hit.utf8Span], as: UTF8.self) == hit.text)
    }

    @Test("hybrid gives every hit both raw scores and orders by their combination")
    func hybridScores() async throws {
        let library = try Library()
        try library.fill()
        let response = try await library.service().search(
            SearchRequest(query: "refund first", topK: 40, candidateDepth: 3), in: Library.name)
        #expect(response.hits.count >= 3)
        for hit in response.hits {
            #expect(hit.scores.dense != nil && hit.scores.lexical != nil && hit.scores.fused == hit.score)
        }
        #expect(response.hits[0].text.hasPrefix("refund money card first"))
    }

    @Test("equal scores come in the order of the chunks, and the same search gives the same hits")
    func deterministic() async throws {
        let library = try Library()
        for number in 0..<6 { try library.add("d\(number)", "same words here") }
        let service = library.service()
        let request = SearchRequest(query: "same words", topK: 6, collapseDuplicates: false)
        let hits = try await service.search(request, in: Library.name).hits
        #expect(hits.map(\.chunkID) == hits.map(\.chunkID).sorted())
        for _ in 0..<5 { #expect(try await service.search(request, in: Library.name).hits == hits) }
    }

    @Test("a search by vector alone needs no encoder")
    func vectorOnly() async throws {
        let library = try Library()
        try library.fill()
        let service = library.service(embedder: WordEmbedder(fingerprint: "another:2"))
        let vector = library.embedder.vector(of: "invoice tax address").map { $0 * 3 }
        let hits = try await service.search(SearchRequest(vector: vector, topK: 5), in: Library.name).hits
        #expect(hits.count == 5 && hits.allSatisfy { $0.text.contains("invoice") })
        #expect(hits[0].scores.fused == nil && (hits[0].scores.dense ?? 9) <= 1.001)
    }

    @Test("filters hold in every mode and leave nothing out that passes", arguments: SearchMode.allCases)
    func filters(mode: SearchMode) async throws {
        let library = try Library()
        try library.fill()
        let filter = try MetadataFilter(text: #"{"year": {"$gte": 2023}, "tags": {"$in": ["t0", "t1"]}}"#)
        let response = try await library.service().search(
            SearchRequest(query: "refund money card parcel password invoice", topK: 40, mode: mode, filter: filter),
            in: Library.name)
        let passing = try library.store.documents(in: library.collection.id).documents
            .filter { filter.matches($0.metadata) }.map(\.externalID)
        #expect(!passing.isEmpty && Set(response.hits.map(\.documentID)) == Set(passing))
        #expect(response.hits.count == passing.count * 2)
    }

    @Test("a filter that nothing passes finds nothing, and a change of metadata counts at once")
    func filterFollowsMetadata() async throws {
        let library = try Library()
        try library.add("d", "refund", metadata: ["state": "draft"])
        let service = library.service()
        var request = SearchRequest(query: "refund", topK: 5)
        request.filter = try MetadataFilter(text: #"{"state": "public"}"#)
        #expect(try await service.search(request, in: Library.name).hits.isEmpty)
        try library.add("d", "refund", metadata: ["state": "public"])
        #expect(try await service.search(request, in: Library.name).hits.map(\.documentID) == ["d"])
    }

    @Test("an explanation says ranks, words, filter counts and fusion")
    func explanation() async throws {
        let library = try Library()
        try library.fill()
        let service = library.service()
        var request = SearchRequest(query: "refund money", topK: 3, explain: true)
        request.filter = try MetadataFilter(text: #"{"team": "a"}"#)
        let response = try await service.search(request, in: Library.name)
        let explanation = try #require(response.explanation)
        #expect(
            explanation.filter
                == SearchExplanation.Filter(chunkCount: 20, documentCount: 10, totalDocumentCount: 20))
        #expect(explanation.fusion == "convex(0.5)" && explanation.isQueryEmbeddingCached == false)
        let hit = try #require(response.hits.first?.explanation)
        #expect(hit.denseRank != nil && hit.lexicalRank != nil && (hit.normalisedDense ?? 2) <= 1)
        #expect(hit.terms.map(\.term) == ["money", "refund"])
        let sum = hit.terms.reduce(0) { $0 + $1.score }
        #expect(abs(sum - Double(response.hits[0].scores.lexical ?? 0)) < 1e-5)
        #expect(try await service.search(request, in: Library.name).explanation?.isQueryEmbeddingCached == true)
        #expect(library.embedder.callCount == 1, "the second search knows the query's vector")
    }

    @Test("a response is written as the API shows it")
    func wireForm() async throws {
        let library = try Library()
        try library.fill()
        let response = try await library.service().search(
            SearchRequest(query: "refund", topK: 1), in: Library.name)
        let json = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(response))
        guard case .object(let members) = json, case .array(let hits) = members["hits"],
            case .object(let hit) = hits.first, case .object(let scores) = hit["scores"],
            case .object(let timings) = members["timings_ms"]
        else { return #expect(Bool(false), "an object with hits") }
        #expect(
            Set(hit.keys) == [
                "chunk_id", "document_id", "title", "url", "heading_path", "text", "span", "score", "scores",
                "metadata", "duplicates", "duplicate_count",
            ])
        #expect(Set(scores.keys) == ["dense", "lexical", "fused", "rerank"] && scores["rerank"] == .null)
        #expect(Set(timings.keys) == ["embed", "dense", "lexical", "duplicates", "fusion", "fetch", "total"])
    }

    @Test("requests out of range are refused with the field's name")
    func refusals() async throws {
        let library = try Library()
        let service = library.service()
        let wrong: [(SearchRequest, String)] = [
            (SearchRequest(query: "x", topK: 0), "top_k"), (SearchRequest(query: "x", topK: 1001), "top_k"),
            (SearchRequest(), "query"), (SearchRequest(query: " \n\t"), "query"),
            (SearchRequest(query: String(repeating: "é", count: 4097)), "query"),
            (SearchRequest(vector: [1], mode: .lexical), "query"), (SearchRequest(vector: [.nan]), "vector"),
            (SearchRequest(vector: [Float](repeating: 0, count: 32)), "vector"),
            (SearchRequest(query: "x", efSearch: 0), "ef_search"),
            (SearchRequest(query: "x", candidateDepth: 10_001), "candidate_depth"),
            (SearchRequest(query: "x", fusion: .convex(denseWeight: 1.5)), "fusion"),
        ]
        for (request, field) in wrong {
            await #expect {
                _ = try await service.search(request, in: Library.name)
            } throws: {
                if case .invalidRequest(field, _) = $0 as? RetrievalError { true } else { false }
            }
        }
        await #expect(throws: RetrievalError.wrongDimension(expected: 32, actual: 3)) {
            _ = try await service.search(SearchRequest(vector: [1, 2, 3]), in: Library.name)
        }
        await #expect(throws: RetrievalError.storage(.collectionNotFound(name: "no"))) {
            _ = try await service.search(SearchRequest(query: "x"), in: "no")
        }
        let other = library.service(embedder: WordEmbedder(fingerprint: "another:2"))
        await #expect(
            throws: RetrievalError.encoderMismatch(collection: Library.name, bound: "words", loaded: "words")
        ) { _ = try await other.search(SearchRequest(query: "x"), in: Library.name) }
        #expect(try await other.search(SearchRequest(query: "x", mode: .lexical), in: Library.name).hits.isEmpty)
    }

    @Test("an empty collection answers with no hits", arguments: SearchMode.allCases)
    func empty(mode: SearchMode) async throws {
        let library = try Library()
        let response = try await library.service().search(SearchRequest(query: "x", mode: mode), in: Library.name)
        #expect(response.hits.isEmpty)
    }
}
