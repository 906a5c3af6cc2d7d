import Foundation
import Ingestion
import TestSupport
import Testing

@Suite("Finding files")
struct FileCollectorTests {
    @Test("folders give relative ids in a fixed order, hidden and foreign files are passed over")
    func folders() throws {
        let folder = try TemporaryDirectory()
        for name in ["b.html", "a.md", "sub/c.txt", ".hidden.md", "logo.png", "paper.pdf", ".git/d.txt", "README"] {
            try folder.write("text", to: name)
        }
        try FileManager.default.createSymbolicLink(atPath: folder.file("sub/loop"), withDestinationPath: folder.path)
        let all = FileCollector(isRecursive: true, idPrefix: "p/").collect([folder.path])
        #expect(all.files.map(\.externalID) == ["p/README", "p/a.md", "p/b.html", "p/paper.pdf", "p/sub/c.txt"])
        #expect(all.skipped.map(\.reason) == ["no text document (.png)", "a link to a folder that is already listed"])
        let flat = FileCollector(isRecursive: false).collect([folder.path])
        #expect(flat.files.map(\.externalID) == ["README", "a.md", "b.html", "paper.pdf"])
    }

    @Test("links inside a folder are followed, those that lead out of it are not")
    func links() throws {
        let folder = try TemporaryDirectory()
        try folder.write("secret", to: "outside/secret.txt")
        try folder.write("text", to: "given/sub/page.md")
        let links = [
            "same.md": "sub/page.md", "secret.txt": "../outside/secret.txt", "everything": "/", "other": "../outside",
            "passwd.txt": "/etc/passwd", "given2": "../given/sub",
        ]
        for (name, target) in links {
            try FileManager.default.createSymbolicLink(
                atPath: folder.file("given/" + name), withDestinationPath: target)
        }
        let all = FileCollector(isRecursive: true).collect([folder.file("given")])
        #expect(all.files.map(\.externalID) == ["given2/page.md", "same.md"])
        #expect(all.skipped.filter { $0.reason == "a link that leads out of the folder" }.count == 4)
        try FileManager.default.createSymbolicLink(
            atPath: folder.file("door"), withDestinationPath: folder.file("given"))
        let given = FileCollector(isRecursive: true).collect([folder.file("door")])
        #expect(given.files.count == 2, "a link that is named itself is meant")
    }

    @Test("files of the same name in two given folders keep apart")
    func clashes() throws {
        let folder = try TemporaryDirectory()
        for name in ["x/index.html", "y/index.html", "z/other.html"] { try folder.write("text", to: name) }
        let paths = ["x", "y", "z", "x"].map { folder.file($0) }
        let ids = FileCollector(isRecursive: true).collect(paths).files.map(\.externalID)
        #expect(Set(ids).count == 3)
        #expect(ids.contains("other.html"))
        #expect(ids.filter { $0.hasSuffix("/x/index.html") }.count == 1)
    }

    @Test("a path that isn't there is a file that will fail")
    func missing() {
        #expect(FileCollector(isRecursive: false).collect(["/no/such/file.md"]).files.map(\.externalID) == ["file.md"])
    }
}
