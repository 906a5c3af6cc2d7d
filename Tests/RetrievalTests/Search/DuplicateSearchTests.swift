import Encoders
import Retrieval
import Storage
import Testing

/// A reranker that likes long texts.
private struct LengthReranker: Reranking {
    let modelName = "length"
    let maxTokenCount = 512

    func scores(of texts: [String], for query: String) throws(EncoderError) -> [Float] {
        texts.map { Float($0.utf8.count) }
    }
}

/// Chunks that say the same are one hit.
struct DuplicateSearchTests {
    private static let policy = """
        a refund goes to the card that was used for the order and takes about a week once the parcel has come back to the \
        warehouse where somebody opens it and looks whether all that was sent is there
        """

    /// Five copies, the last with a title of its own, and what else a library holds.
    private func filled() throws -> Library {
        let library = try Library()
        try library.fill()
        for number in 0..<4 {
            try library.add("copy\(number)", Self.policy, title: "Refunds", metadata: ["part": .int(Int64(number))])
        }
        try library.add("copy4", Self.policy, title: "Zebra leasing", metadata: ["part": 4])
        return library
    }

    private func hits(
        _ service: SearchService, _ query: String, topK: Int = 10, mode: SearchMode = .hybrid,
        filter: String? = nil, collapse: Bool = true
    ) async throws -> [SearchHit] {
        let filter = try filter.map { try MetadataFilter(text: $0) }
        return try await service.search(
            SearchRequest(query: query, topK: topK, mode: mode, filter: filter, collapseDuplicates: collapse),
            in: Library.name
        ).hits
    }

    @Test("copies are one hit that lists the others", arguments: SearchMode.allCases)
    func collapsed(mode: SearchMode) async throws {
        let library = try filled()
        let service = library.service()
        let found = try await hits(service, Self.policy, mode: mode)
        #expect(found.count == 10)
        #expect(found[0].text == Self.policy && found.dropFirst().allSatisfy { $0.text != Self.policy })
        #expect(found[0].duplicates?.map(\.documentID) == ["copy1", "copy2", "copy3", "copy4"])
        #expect(found[0].duplicateCount == 4 && found[1].duplicates == [] && found[1].duplicateCount == 0)
        let source = try #require(found[0].duplicates?.last)
        #expect(source.title == "Zebra leasing" && source.span == UTF8SpanValue(0..<Self.policy.utf8.count))
        #expect(found.map(\.score) == found.map(\.score).sorted(by: >))
        let apart = try await hits(service, Self.policy, mode: mode, collapse: false)
        #expect(apart.prefix(5).allSatisfy { $0.text == Self.policy && $0.duplicates == nil })
    }

    @Test("the copy that fits the question best stands for the others", arguments: SearchMode.allCases)
    func best(mode: SearchMode) async throws {
        let library = try filled()
        let found = try await hits(library.service(), Self.policy + " zebra leasing", mode: mode)
        #expect(found[0].documentID == "copy4")
        #expect(found[0].duplicates?.map(\.documentID) == ["copy0", "copy1", "copy2", "copy3"])
    }

    @Test("a filter chooses who stands for the others and who is listed", arguments: SearchMode.allCases)
    func filtered(mode: SearchMode) async throws {
        let library = try filled()
        let found = try await hits(library.service(), Self.policy, mode: mode, filter: #"{"part": {"$in": [2, 3]}}"#)
        #expect(found.map(\.documentID) == ["copy2"])
        #expect(found[0].duplicates?.map(\.documentID) == ["copy3"] && found[0].duplicateCount == 1)
    }

    @Test("another stands in at once for one that is deleted or changed")
    func deleted() async throws {
        let library = try filled()
        let service = library.service()
        for gone in 0..<4 {
            let found = try await hits(service, Self.policy)
            #expect(found[0].documentID == "copy\(gone)" && found[0].duplicateCount == 4 - gone)
            if gone % 2 == 0 {
                try library.store.deleteDocument(externalID: "copy\(gone)", in: library.collection.id)
            } else {
                try library.add("copy\(gone)", "parcel delivery rewritten \(gone)")
            }
        }
        let last = try await hits(service, Self.policy)
        #expect(last[0].documentID == "copy4" && last[0].duplicates == [])
    }

    @Test("there are k hits whenever k texts differ, however many copies are better", arguments: SearchMode.allCases)
    func manyCopies(mode: SearchMode) async throws {
        let library = try Library()
        for number in 0..<400 {
            try library.add("copy\(number)", Self.policy, metadata: ["half": .int(Int64(number % 2))])
        }
        for number in 0..<150 {
            try library.add("other\(number)", Self.policy + " shelf \(number % 3)", metadata: ["half": 0])
        }
        for number in 0..<40 { try library.add("card\(number)", "refund card \(number)", metadata: ["half": 1]) }
        let service = library.service()
        let found = try await hits(service, Self.policy, topK: 44, mode: mode)
        #expect(found.count == 44 && Set(found.map(\.text)).count == 44)
        #expect(found[0].duplicateCount == 399 && found[0].duplicates?.count == SearchRequest.mostDuplicates)
        let half = try await hits(service, Self.policy, topK: 44, mode: mode, filter: #"{"half": 1}"#)
        #expect(half.count == 41 && half[0].duplicateCount == 199)
    }

    @Test("a reranker reads one of each")
    func reranked() async throws {
        let library = try filled()
        var request = SearchRequest(query: "refund card", topK: 3, rerank: true)
        request.rerankDepth = 30
        let service = library.service(rerankers: RerankerSource(modelName: "length") { LengthReranker() })
        let found = try await service.search(request, in: Library.name).hits
        #expect(found.count == 3 && Set(found.map(\.text)).count == 3)
        #expect(found[0].text == Self.policy && found[0].duplicateCount == 4)
    }
}
