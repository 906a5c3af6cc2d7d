import Foundation
import ModelCatalog
import Testing

@Suite("Model catalogue")
struct ModelCatalogTests {
    /// A catalogue of one model, with parts of it replaced.
    static func json(
        name: String = "tiny", path: String = "model.bin", sha256: String? = nil,
        source: String = #"{"wheel": {"package": "tiny", "version": "1", "prefix": "tiny/"}}"#, version: Int = 1
    ) -> Data {
        let sum = sha256.map { #", "sha256": "\#($0)""# } ?? ""
        return Data(
            """
            {"version": \(version), "models": [{"name": "\(name)", "kind": "encoder", "architecture": "bert",
             "licence": "MIT", "files": [{"path": "\(path)"\(sum)}], "sources": [\(source)]}]}
            """.utf8)
    }

    @Test("the catalogue of this repository is valid, and pins weights and vocabularies of the default models")
    func ownCatalog() throws {
        let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let catalog = try ModelCatalog(path: root.appendingPathComponent("models/catalog.json").path)
        #expect(catalog.entries.prefix(2).map(\.name) == ["all-minilm-l6-v2", "smollm2-135m-instruct"])
        #expect(catalog.entries.filter { $0.kind == .encoder }.allSatisfy { $0.dimension != nil })
        #expect(catalog.entries.contains { $0.kind == .reranker && $0.name == "ms-marco-minilm-l6-v2" })
        for entry in catalog.entries.prefix(2) {
            #expect(entry.sources.count == 2)
            for file in entry.files where !file.path.hasSuffix("json") || file.path == "tokenizer.json" {
                #expect(file.sha256 != nil && file.bytes != nil, "\(file.path)")
            }
        }
        #expect(catalog.entry(named: "smollm2-135m-instruct")?.byteCount == 98_362_432)
        #expect(catalog.entry(named: "nothing") == nil)
    }

    @Test(
        "paths that lead out of the model's folder are refused",
        arguments: [
            "../model.bin", "a/../../b", "/etc/passwd", "", "a//b", "~/x", ".hidden", "a/.git/config", #"a\\b"#, "a/",
            "-rf", "a b",
        ])
    func traversal(path: String) {
        #expect(throws: ModelError.self) { try ModelCatalog(json: Self.json(path: path)) }
    }

    @Test("names that are no names are refused", arguments: ["..", "a/b", "", "-x", ".x", "a b", "ü"])
    func names(name: String) {
        #expect(throws: ModelError.self) { try ModelCatalog(json: Self.json(name: name)) }
    }

    @Test(
        "sources that would be options, other paths or other servers are refused",
        arguments: [
            #"{"wheel": {"package": "--index-url=x", "version": "1", "prefix": ""}}"#,
            #"{"wheel": {"package": "a", "version": "1 --pre", "prefix": ""}}"#,
            #"{"wheel": {"package": "a", "version": "1", "prefix": "../"}}"#,
            #"{"huggingface": {"repo": "only-name", "revision": "main"}}"#,
            #"{"huggingface": {"repo": "a/../b", "revision": "main"}}"#,
            #"{"huggingface": {"repo": "a/b", "revision": "../x"}}"#,
            #"{"huggingface": {"repo": "a/b", "revision": "main", "files": {"model.bin": "../x"}}}"#,
            #"{"ftp": {"url": "x"}}"#, #"{}"#, #""wheel""#,
        ])
    func sources(source: String) {
        #expect(throws: ModelError.self) { try ModelCatalog(json: Self.json(source: source)) }
    }

    @Test("checksums have to look like checksums", arguments: ["", "abc", String(repeating: "g", count: 64)])
    func checksums(sum: String) {
        #expect(throws: ModelError.self) { try ModelCatalog(json: Self.json(sha256: sum)) }
    }

    @Test("what is no catalogue says so")
    func notACatalog() throws {
        for text in ["", "[]", "{", #"{"version": 1}"#, #"{"version": 1, "models": [{}]}"#] {
            let error = #expect(throws: ModelError.self) { try ModelCatalog(json: Data(text.utf8)) }
            #expect(try #require(error).description.contains("catalogue"))
        }
        #expect(throws: ModelError.self) { try ModelCatalog(json: Self.json(version: 2)) }
        #expect(throws: ModelError.self) { try ModelCatalog(path: "/nowhere/catalog.json") }
        #expect(throws: ModelError.self) {
            try ModelCatalog(json: Data(repeating: 0x20, count: ModelCatalog.maximumBytes + 1))
        }
        #expect(throws: Never.self) { try ModelCatalog(json: Self.json()) }
    }
}
