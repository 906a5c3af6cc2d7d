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
