import Decoders
import Foundation
import TestSupport
import Testing
import Tokenizers

@Suite("Packed weights in a file")
struct PackedWeightFileTests {
    private let folder: TemporaryDirectory
    private let model: String
    private var packed: String { model + ".packed" }

    init() throws {
        folder = try TemporaryDirectory()
        model = try folder.write(try LoadingTests.bytes("tiny-q4_0.gguf"), to: "model.gguf")
    }

    private func logits(keepsPacked: Bool = true) throws -> [Float] {
        let model = try DecoderModel(path: model, pool: TinyModel.pool, keepsPackedWeights: keepsPacked)
        let session = DecoderSession(model: model, contextLength: 16)
        return try session.prefill([5, 17, 200, 33])
    }

    private var stored: Data? { try? Data(contentsOf: URL(fileURLWithPath: packed)) }

    @Test("a first load writes it, a second one reads it, and the results are the same bit for bit")
    func roundTrip() throws {
        let plain = try logits(keepsPacked: false)
        #expect(stored == nil)
        #expect(try logits() == plain)
        let written = try #require(stored)
        #expect(try logits() == plain)
        #expect(stored == written)
    }

    @Test("damaged, cut short, empty or strange, it is written anew", arguments: 0..<6)
    func damage(kind: Int) throws {
        let plain = try logits()
        let good = try #require(stored)
        var bytes = good
        switch kind {
        case 0: bytes[bytes.count - 100] ^= 1
        case 1: bytes[40] ^= 0xFF
        case 2: bytes = bytes.prefix(bytes.count / 2)
        case 3: bytes = Data()
        case 4: bytes = Data("no packed weights".utf8)
        default: bytes[4096 + 3] ^= 1
        }
        try bytes.write(to: URL(fileURLWithPath: packed))
        #expect(try logits() == plain)
        #expect(stored == good)
    }

    @Test("that of the model that was at the path before isn't used")
    func otherModel() throws {
        _ = try logits()
        let before = stored
        try folder.write(try LoadingTests.bytes("tiny-q4_1.gguf"), to: "model.gguf")
        let plain = try logits(keepsPacked: false)
        #expect(try logits() == plain)
        #expect(stored != before)
        // The same header and size with other weights.
        var bytes = try LoadingTests.bytes("tiny-q4_1.gguf")
        for index in (bytes.count - 2048)..<bytes.count where index % 20 > 3 { bytes[index] ^= 0x11 }
        try folder.write(bytes, to: "model.gguf")
        let other = try logits(keepsPacked: false)
        #expect(other != plain)
        #expect(try logits() == other)
    }

    @Test("where it can't be written the model loads all the same")
    func unwritable() throws {
        try FileManager.default.createDirectory(atPath: packed, withIntermediateDirectories: true)
        #expect(try logits() == logits(keepsPacked: false))
    }
}
