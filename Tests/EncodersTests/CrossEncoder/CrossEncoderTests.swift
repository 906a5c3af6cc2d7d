import Encoders
import Foundation
import Kernels
import TestSupport
import Testing

@Suite struct CrossEncoderTests {
    private struct Expected: Decodable {
        var query: String
        var text: String
        var score: Float
    }

    private static let fixtures = Bundle.module.resourcePath.map { $0 + "/Fixtures" } ?? ""

    private static func encoder(_ folder: String, threads: Int = 2) throws -> CrossEncoder {
        try CrossEncoder(folder: fixtures + "/" + folder, name: folder, pool: ThreadPool(threadCount: threads))
    }

    @Test("scores are those of transformers", arguments: ["tiny-cross", "tiny-cross-xlmr"])
    func transformers(folder: String) throws {
        let encoder = try Self.encoder(folder)
        #expect(encoder.maxTokenCount == 62 && encoder.modelName == folder)
        let data = try Data(contentsOf: URL(fileURLWithPath: "\(Self.fixtures)/\(folder)/expected.json"))
        for item in try JSONDecoder().decode([Expected].self, from: data) {
            let scores = try encoder.scores(of: [item.text], for: item.query)
            #expect(scores.count == 1 && abs(scores[0] - item.score) <= 2e-5, "\(item.query.prefix(20))")
        }
    }

    @Test("a score of many equals the single", arguments: [1, 3])
    func batchEqualsSingle(threads: Int) throws {
        let encoder = try Self.encoder("tiny-cross", threads: threads)
        let texts = (0..<100).map { "order \($0) " + String(repeating: "late ", count: $0 % 60) } + [""]
        let together = try encoder.scores(of: texts, for: "where is my order")
        for index in stride(from: 0, to: texts.count, by: 9) {
            let alone = try encoder.scores(of: [texts[index]], for: "where is my order")[0]
            #expect(abs(alone - together[index]) <= 1e-5)
        }
        #expect(try encoder.scores(of: [], for: "order").isEmpty)
    }

    @Test("a sentence encoder is no cross-encoder, and the other way round")
    func otherModels() throws {
        let error = #expect(throws: EncoderError.self) { try Self.encoder("tiny-mean") }
        #expect(error?.description.contains("pooler.dense.weight") == true)
        #expect(throws: EncoderError.self) {
            try SentenceEncoder(
                folder: Self.fixtures + "/tiny-cross", name: "x", pool: ThreadPool(threadCount: 1))
        }
    }

    @Test(
        "heads and limits that aren't built are refused",
        arguments: [
            ("config.json", #""0": "LABEL_0""#, #""0": "no", "1": "yes""#),
            ("config.json", "linear.Identity", "activation.ReLU"),
            ("tokenizer_config.json", "62", "4"), ("tokenizer_config.json", "62", "-1e300"),
        ])
    func unsupported(file: String, old: String, new: String) throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("model")
        try FileManager.default.copyItem(atPath: Self.fixtures + "/tiny-cross", toPath: path)
        let url = URL(fileURLWithPath: path + "/" + file)
        let text = try String(contentsOf: url, encoding: .utf8)
        #expect(text.contains(old))
        try text.replacingOccurrences(of: old, with: new).write(to: url, atomically: true, encoding: .utf8)
        #expect(throws: EncoderError.self) {
            try CrossEncoder(folder: path, name: "x", pool: ThreadPool(threadCount: 1))
        }
    }
}
