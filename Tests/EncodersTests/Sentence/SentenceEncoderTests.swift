import Dispatch
import Encoders
import Foundation
import Kernels
import Synchronization
import TestSupport
import Testing

@Suite struct SentenceEncoderTests {
    private struct Expected: Decodable {
        var text: String
        var kind: TextKind?
        var token_count: Int?
        var vector: [Float]
    }

    private static let folders = [
        "tiny-mean", "tiny-cls", "tiny-bf16", "tiny-last", "tiny-bge-small-zh", "tiny-multilingual-e5",
    ]
    /// The least cosine to f32's vectors of each precision.
    private static let precisions: [(EncoderPrecision, Float)] = [
        (.auto, 0.9995), (.bf16, 0.9995), (.int16, 0.9999), (.int8, 0.995),
    ]
    private static let fixtures = Bundle.module.resourcePath.map { $0 + "/Fixtures" } ?? ""

    private static func encoder(_ folder: String, threads: Int = 2) throws -> SentenceEncoder {
        try SentenceEncoder(
            folder: fixtures + "/" + folder, name: folder, pool: ThreadPool(threadCount: threads))
    }

    private static func expected(_ name: String) throws -> [Expected] {
        let data = try Data(contentsOf: URL(fileURLWithPath: fixtures + "/" + name))
        return try JSONDecoder().decode([Expected].self, from: data)
    }

    private static func difference(_ one: [Float], _ other: [Float]) -> Float {
        guard one.count == other.count else { return .infinity }
        return zip(one, other).reduce(0) { max($0, abs($1.0 - $1.1)) }
    }

    @Test("vectors are those of transformers", arguments: folders)
    func transformers(folder: String) throws {
        let encoder = try Self.encoder(folder)
        let expected = try Self.expected(folder + "/expected.json")
        for kind in [TextKind.query, .passage] {
            let expected = expected.filter { $0.kind ?? kind == kind }
            if expected.isEmpty { continue }
            let embeddings = try encoder.embed(expected.map(\.text), kind: kind)
            #expect(embeddings.count == expected.count)
            for (index, item) in expected.enumerated() {
                #expect(Self.difference(embeddings.row(index), item.vector) <= 1e-5, "\(kind) \(item.text.prefix(30))")
                #expect(embeddings.tokenCounts[index] == item.token_count)
                #expect(embeddings.truncated[index] == (embeddings.tokenCounts[index] > 48))
            }
            #expect(embeddings.truncated.contains(true) && embeddings.truncated.contains(false))
        }
    }

    @Test("a row of a batch equals the single", arguments: [1, 2, 3])
    func batchEqualsSingle(threads: Int) throws {
        let encoder = try Self.encoder("tiny-mean", threads: threads)
        let texts = (0..<300).map { "order \($0) is late " + String(repeating: "pay ", count: $0 % 37) }
        let together = try encoder.embed(texts, kind: .passage)
        for index in stride(from: 0, to: texts.count, by: 7) {
            let alone = try encoder.embed([texts[index]], kind: .query)
            #expect(Self.difference(alone.vectors, together.row(index)) <= 1e-5)
        }
    }

    @Test("vectors have length 1, and no texts have none")
    func lengths() throws {
        let encoder = try Self.encoder("tiny-cls")
        let embeddings = try encoder.embed(["", " \n ", "card", String(repeating: "é", count: 500)], kind: .passage)
        for index in 0..<embeddings.count {
            #expect(abs(embeddings.row(index).reduce(0) { $0 + $1 * $1 } - 1) <= 1e-5)
        }
        #expect(embeddings.row(0) == embeddings.row(1))
        #expect(try encoder.embed([], kind: .query).count == 0)
    }

    @Test("threads that embed at once get what one alone gets")
    func concurrency() throws {
        let encoder = try Self.encoder("tiny-mean")
        let texts = ["how do I pay", "where is my order", "return the card for a refund and get two invoices"]
        let expected = try encoder.embed(texts, kind: .query)
        let failures = Atomic<Int>(0)
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            for _ in 0..<50 where (try? encoder.embed(texts, kind: .query)) != expected {
                failures.add(1, ordering: .relaxed)
            }
        }
        #expect(failures.load(ordering: .relaxed) == 0)
    }

    @Test("a text of megabytes is read up to the limit and counted to its end")
    func longText() throws {
        let encoder = try Self.encoder("tiny-mean")
        let text = String(repeating: "late refund, ", count: 200_000)
        let embeddings = try encoder.embed([text, "late refund"], kind: .passage)
        #expect(embeddings.tokenCounts == [600_002, 4])
        #expect(encoder.tokenCount(of: text) == 600_000)
        let start = String(repeating: "late refund, ", count: 20)
        #expect(try Self.difference(encoder.embed([start], kind: .passage).vectors, embeddings.row(0)) <= 1e-5)
    }

    @Test("the fingerprint tells models apart and stays the same for one")
    func fingerprints() throws {
        let fingerprints = try Self.folders.map { try Self.encoder($0).fingerprint }
        #expect(Set(fingerprints).count == fingerprints.count)
        #expect(try Self.encoder(Self.folders[0]).fingerprint == fingerprints[0])
        #expect(fingerprints.allSatisfy { $0.count == 16 })
    }

    @Test("every precision keeps close to f32, and a row of a batch equals the single", arguments: folders)
    func precisions(folder: String) throws {
        let texts = (0..<40).map { "order \($0) is late " + String(repeating: "pay card ", count: $0 % 17) }
        let exact = try Self.encoder(folder).embed(texts, kind: .passage)
        for (precision, least) in Self.precisions {
            let encoder = try SentenceEncoder(
                folder: Self.fixtures + "/" + folder, name: folder, pool: ThreadPool(threadCount: 2),
                precision: precision)
            #expect(encoder.precision == precision.resolved && encoder.precision != .auto)
            let embeddings = try encoder.embed(texts, kind: .passage)
            for index in texts.indices {
                let cosine = zip(exact.row(index), embeddings.row(index)).reduce(Float(0)) { $0 + $1.0 * $1.1 }
                #expect(cosine >= least, "\(precision), text \(index)")
            }
            for index in stride(from: 0, to: texts.count, by: 7) {
                #expect(try encoder.embed([texts[index]], kind: .passage).vectors == embeddings.row(index))
            }
        }
    }

    @Test("precisions of the default model keep their bars", .enabled(if: TestModels.hasEncoder))
    func defaultPrecisions() throws {
        let expected = try Self.expected("minilm.json")
        for (precision, least) in Self.precisions {
            let encoder = try SentenceEncoder(
                folder: TestModels.encoderFolder, name: "all-minilm-l6-v2", pool: ThreadPool(threadCount: 2),
                precision: precision)
            let embeddings = try encoder.embed(expected.map(\.text), kind: .passage)
            for (index, item) in expected.enumerated() {
                let cosine = zip(embeddings.row(index), item.vector).reduce(Float(0)) { $0 + $1.0 * $1.1 }
                #expect(cosine >= least, "\(precision): \(item.text.prefix(30))")
            }
        }
    }

    @Test("the default model's vectors are those of sentence-transformers", .enabled(if: TestModels.hasEncoder))
    func defaultModel() throws {
        let encoder = try SentenceEncoder(
            folder: TestModels.encoderFolder, name: "all-minilm-l6-v2", pool: ThreadPool(threadCount: 2))
        #expect(encoder.dimension == 384 && encoder.maxTokenCount == 256)
        let expected = try Self.expected("minilm.json")
        let embeddings = try encoder.embed(expected.map(\.text), kind: .passage)
        for (index, item) in expected.enumerated() {
            let cosine = zip(embeddings.row(index), item.vector).reduce(Float(0)) { $0 + $1.0 * $1.1 }
            #expect(cosine >= 0.99999, "\(item.text.prefix(30))")
            let alone = try encoder.embed([item.text], kind: .query)
            #expect(Self.difference(alone.vectors, embeddings.row(index)) <= 1e-5)
        }
        #expect(embeddings.truncated == [false, false, false, true, false])
    }
}
