import Foundation
import Kernels
import Retrieval
import Storage
import TestSupport
import Testing

/// The same life cycle with the real HNSW and BM25.
struct StandardIndexTests {
    static let words = [
        "refund", "parcel", "courier", "password", "login", "invoice", "tax", "warranty", "repair", "voucher", "stock",
        "size", "colour", "address", "customs", "bank", "transfer", "card", "limit", "complaint",
    ]

    private func library(documentCount: Int = 150) throws -> Library {
        let library = try Library()
        var generator = SeededGenerator(seed: 11)
        for number in 0..<documentCount {
            let texts = (0..<3).map { _ in
                (0..<8).map { _ in Self.words.randomElement(using: &generator) ?? "" }.joined(separator: " ")
            }
            try library.add(
                "d\(number)", texts[0], texts[1], texts[2], metadata: ["third": .int(Int64(number % 3))])
        }
        return library
    }

    private func service(_ library: Library) -> SearchService {
        library.service(factory: StandardIndexFactory(pool: library.pool))
    }

    private func ids(_ service: SearchService, mode: SearchMode = .hybrid) async throws -> [[Int64]] {
        var all: [[Int64]] = []
        for (index, word) in Self.words.enumerated() {
            var request = SearchRequest(query: "\(word) \(Self.words[(index * 7 + 3) % 20])", topK: 8, mode: mode)
            request.efSearch = 400
            if index % 2 == 0 { request.filter = try MetadataFilter(json: ["third": .int(Int64(index % 3))]) }
            all.append(try await service.search(request, in: Library.name).hits.map(\.chunkID))
        }
        return all
    }

    @Test("snapshots, changes after them and a rebuild all come to the same answers", arguments: SearchMode.allCases)
    func lifeCycle(mode: SearchMode) async throws {
        let library = try library()
        let first = service(library)
        _ = try await ids(first, mode: mode)
        await first.saveSnapshots()
        for number in 0..<20 { try library.add("d\(number)", "refund parcel rewritten \(number)") }
        for number in 20..<30 {
            try library.store.deleteDocument(externalID: "d\(number)", in: library.collection.id)
        }
        try await first.refresh(library.collection.id)
        let expected = try await ids(first, mode: mode)
        #expect(try await ids(service(library), mode: mode) == expected, "from the snapshot and the log")
        try FileManager.default.removeItem(atPath: library.snapshotFolder)
        #expect(try await ids(service(library), mode: mode) == expected, "from the database")
    }

    @Test("a snapshot cut short or with a flipped bit is built anew", arguments: ["vectors.index", "lexical.index"])
    func damage(file: String) async throws {
        let library = try library(documentCount: 60)
        let first = service(library)
        let expected = try await ids(first)
        await first.saveSnapshots()
        let path = library.snapshotFolder + "/" + file
        let good = try Data(contentsOf: URL(fileURLWithPath: path))
        for fraction in [0.0, 0.3, 0.7, 0.999] {
            try good.prefix(Int(Double(good.count) * fraction)).write(to: URL(fileURLWithPath: path))
            #expect(try await ids(service(library)) == expected)
            var flipped = good
            flipped[Int(Double(good.count - 1) * fraction)] ^= 0x10
            try flipped.write(to: URL(fileURLWithPath: path))
            #expect(try await ids(service(library)) == expected)
        }
    }
}
