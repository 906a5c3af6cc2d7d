import Foundation
import TestSupport
import Testing

@Suite(
    "docent ingest --sync and docent jobs", .serialized,
    .enabled(if: DocentProcess.isBuilt && TestModels.hasEncoder, "build the product 'docent', fetch the encoder"),
    .timeLimit(.minutes(5)))
struct SyncCommandTests {
    private let docent: DocentProcess

    init() throws {
        docent = try DocentProcess()
        for name in ["a", "b"] { try docent.folder.write("# \(name)\n\nText of \(name).\n", to: "docs/\(name).md") }
    }

    private func ingest(_ flags: String...) async throws -> DocentProcess.Result {
        try await docent.run(["ingest", "docs", "--collection", "c", "--quiet"] + flags + DocentProcess.models)
    }

    @Test("a dry run says what would be done, a sync does it, and the job tells")
    func sync() async throws {
        #expect(try await ingest("--dry-run").output.contains("2 to add, 0 to change, 0 to remove"))
        #expect(try await docent.run(["collections", "list", "--json"]).output == "[]\n", "a dry run makes nothing")
        _ = try await ingest()
        try FileManager.default.removeItem(atPath: docent.folder.file("docs/a.md"))
        try docent.folder.write("# b\n\nOther text.\n", to: "docs/b.md")
        let plan = try #require(try await ingest("--sync", "--dry-run", "--json").json as? [String: Any])
        #expect(plan["changed"] as? [String] == ["b.md"] && plan["removed"] as? [String] == ["a.md"])
        let done = try await ingest("--sync")
        #expect(done.output.hasPrefix("1 documents taken in, 0 unchanged, 0 failed, 1 removed: 1 chunks in "))
        let shown = try await docent.run(["jobs", "show", "2"])
        #expect(shown.output.contains("succeeded") && shown.output.contains("removed a.md"))
        let listed = try await docent.run(["jobs", "list", "--state", "succeeded"])
        #expect(listed.output.split(separator: "\n").count == 2)
        #expect(try await docent.run(["fsck"] + DocentProcess.models).exitCode == 0)
    }

    @Test("a failed file is tried again when it is mended, and a job that isn't there is a clear line")
    func retry() async throws {
        try docent.folder.write("", to: "docs/empty.txt")
        _ = try await ingest()
        try docent.folder.write("Some text now.", to: "docs/empty.txt")
        let retried = try await docent.run(["jobs", "retry", "1", "--quiet"] + DocentProcess.models)
        #expect(retried.exitCode == 0 && retried.errors.contains("1 items are tried again"))
        #expect(retried.output.contains("succeeded") && retried.output.contains("3/3\n"))
        let missing = try await docent.run(["jobs", "pause", "9"])
        #expect(missing.exitCode == 1 && missing.isOneClearLine)
    }

    @Test(
        "flags that don't go together are wrong usage",
        arguments: [["docs", "--watch", "--dry-run"], ["-", "--sync"], ["-", "--watch"], ["-", "--dry-run"]])
    func wrongUsage(arguments: [String]) async throws {
        let result = try await docent.run(["ingest", "--collection", "c"] + arguments + DocentProcess.models)
        #expect(result.exitCode == 64 && result.output.isEmpty)
    }
}
