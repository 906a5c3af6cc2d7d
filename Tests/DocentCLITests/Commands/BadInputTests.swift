import Foundation
import TestSupport
import Testing

@Suite(
    "Bad input to the docent command", .serialized,
    .enabled(if: DocentProcess.isBuilt, "build the product 'docent' first"), .timeLimit(.minutes(5)))
struct BadInputTests {
    private static let noise: [UInt8] = {
        var generator = SeededGenerator(seed: 4)
        return (0..<5_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }()

    /// A file that begins like a real one and breaks off.
    private static func head(of path: String, _ count: Int) throws -> Data {
        let handle = try #require(FileHandle(forReadingAtPath: path))
        defer { try? handle.close() }
        return try handle.read(upToCount: count) ?? Data()
    }

    @Test(
        "a file that isn't there is one clear line",
        arguments: [
            ["extract", "missing.txt"], ["eval", "score", "--qrels", "missing.txt", "--run", "missing.txt"],
            ["index", "build", "--vectors", "missing.txt", "--output", "o"], ["tokenize", "--model", "./missing.txt"],
            ["generate", "--model", "./missing.txt", "--prompt", "hi"],
            ["collections", "list", "--config", "missing.txt"],
        ])
    func missingFile(arguments: [String]) async throws {
        let result = try await DocentProcess().run(arguments + DocentProcess.models)
        #expect(result.exitCode == 1)
        #expect(result.isOneClearLine, "\(result.errors)")
        #expect(result.errors.contains("missing.txt"))
    }

    @Test("noise, nothing and other formats are refused by name", arguments: ["noise.html", "empty.txt", "scan.pdf"])
    func unreadableDocument(name: String) async throws {
        let docent = try DocentProcess()
        try docent.folder.write(Self.noise, to: "noise.html")
        try docent.folder.write("", to: "empty.txt")
        try docent.folder.write(Array("%PDF-1.7\n".utf8) + Self.noise, to: "scan.pdf")
        let result = try await docent.run("extract", name)
        #expect(result.exitCode == 1)
        #expect(result.isOneClearLine, "\(result.errors)")
    }

    @Test("broken UTF-8 is read as far as it goes, and never ends the process")
    func brokenUTF8() async throws {
        let docent = try DocentProcess()
        try docent.folder.write(
            Array("Open daily ".utf8) + [0xC3, 0x28, 0xFF] + Array(" from nine.".utf8), to: "a.txt")
        let result = try await docent.run("extract", "a.txt", "--format", "json")
        #expect(result.exitCode == 0)
        let text = try #require((result.json as? [String: Any])?["text"] as? String)
        #expect(text.contains("Open daily") && text.contains("from nine."))
    }

    @Test(
        "a damaged model is named as one, whoever reads it",
        arguments: [
            ["tokenize", "--model", "bad.gguf", "--input", "text.txt"],
            ["generate", "--model", "bad.gguf", "--prompt", "hi"],
            ["perplexity", "--model", "bad.gguf", "--input", "text.txt"],
        ], [0, 3, 24, 5_000])
    func damagedGGUF(arguments: [String], byteCount: Int) async throws {
        let docent = try DocentProcess()
        try docent.folder.write("hello\n", to: "text.txt")
        // Magic, version 3, absurd counts, then noise.
        let start = Array("GGUF".utf8) + [3, 0, 0, 0] + [UInt8](repeating: 0x7F, count: 16)
        try docent.folder.write((start + Self.noise).prefix(byteCount), to: "bad.gguf")
        let result = try await docent.run(arguments + DocentProcess.models)
        #expect(result.exitCode == 1)
        #expect(result.isOneClearLine, "\(result.errors)")
        #expect(result.errors.contains("bad.gguf"))
    }

    @Test("a real GGUF cut off is refused", .enabled(if: TestModels.hasDecoder), arguments: [100, 100_000, 5_000_000])
    func truncatedGGUF(byteCount: Int) async throws {
        let docent = try DocentProcess()
        try docent.folder.write(try Self.head(of: TestModels.decoderFile, byteCount), to: "cut.gguf")
        let result = try await docent.run(["generate", "--model", "cut.gguf", "--prompt", "hi"] + DocentProcess.models)
        #expect(result.exitCode == 1)
        #expect(result.isOneClearLine, "\(result.errors)")
    }

    @Test(
        "a real safetensors cut off is refused", .enabled(if: TestModels.hasEncoder), arguments: [0, 5, 100, 2_000_000])
    func truncatedSafetensors(byteCount: Int) async throws {
        let docent = try DocentProcess()
        for name in ["config.json", "tokenizer.json", "vocab.txt"] {
            guard let data = FileManager.default.contents(atPath: TestModels.encoderFolder + "/" + name) else {
                continue
            }
            try docent.folder.write(data, to: "encoder/\(name)")
        }
        try docent.folder.write(
            try Self.head(of: TestModels.encoderFolder + "/model.safetensors", byteCount),
            to: "encoder/model.safetensors")
        let result = try await docent.run(["embed", "--model", "encoder"] + DocentProcess.models, input: "hello\n")
        #expect(result.exitCode == 1)
        #expect(result.isOneClearLine, "\(result.errors)")
        #expect(result.errors.contains("model.safetensors"))
    }

    @Test(
        "a collection that isn't there is one clear line",
        arguments: [
            ["collections", "stats", "none"], ["collections", "delete", "none"],
            ["documents", "list", "--collection", "none"], ["documents", "show", "d", "--collection", "none"],
            ["documents", "delete", "d", "--collection", "none"],
        ])
    func missingCollection(arguments: [String]) async throws {
        let result = try await DocentProcess().run(arguments)
        #expect(result.exitCode == 1)
        #expect(result.isOneClearLine, "\(result.errors)")
        #expect(result.errors.contains("'none'"))
    }

    @Test(
        "so it is for searches and questions", .enabled(if: TestModels.hasEncoder),
        arguments: [["search", "q"], ["ask", "q"], ["ask", "q", "--json"]])
    func missingCollectionToAsk(arguments: [String]) async throws {
        let result = try await DocentProcess().run(arguments + ["--collection", "none"] + DocentProcess.models)
        #expect(result.exitCode == 1)
        #expect(result.isOneClearLine, "\(result.errors)")
        #expect(result.errors.contains("'none'"))
    }

    @Test("a database that isn't one is left as it is")
    func notADatabase() async throws {
        let docent = try DocentProcess()
        try docent.folder.write(Self.noise, to: "indexes/docent.sqlite")
        let result = try await docent.run("collections", "list")
        #expect(result.exitCode == 1)
        #expect(result.isOneClearLine, "\(result.errors)")
        #expect(FileManager.default.contents(atPath: docent.folder.file("indexes/docent.sqlite")) == Data(Self.noise))
    }

    @Test("a folder without permission is one clear line", .enabled(if: getuid() != 0, "root may read everything"))
    func noPermission() async throws {
        let docent = try DocentProcess()
        try docent.folder.write("secret", to: "closed/a.txt")
        let folder = docent.folder.file("closed")
        try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: folder)
        defer { try? FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder) }
        let result = try await docent.run("extract", "closed/a.txt")
        #expect(result.exitCode == 1)
        #expect(result.isOneClearLine, "\(result.errors)")
        let stored = try await docent.run("collections", "list", "--data", "closed/data")
        #expect(stored.exitCode == 1)
        #expect(stored.isOneClearLine, "\(stored.errors)")
    }

    @Test("judgements and runs that don't parse are named with their line")
    func badRun() async throws {
        let docent = try DocentProcess()
        try docent.folder.write("q1 0 d1 1\n", to: "qrels")
        try docent.folder.write("q1 Q0 d1 1 1.0 r\nq1 Q0 d2\n", to: "run")
        let result = try await docent.run("eval", "score", "--qrels", "qrels", "--run", "run")
        #expect(result.exitCode == 1)
        #expect(result.isOneClearLine, "\(result.errors)")
        #expect(result.errors.contains("line 2"))
    }
}
