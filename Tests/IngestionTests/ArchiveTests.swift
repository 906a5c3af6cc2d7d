import Foundation
import Ingestion
import Testing

@Suite("Archives")
struct ArchiveTests {
    /// What became of each document of a fixture: its title, or why it failed.
    private func contents(_ name: String) throws -> [String: String] {
        let folder = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
        var found: [String: String] = [:]
        DocumentExtractor().extractAll(path: folder.appendingPathComponent("formats/" + name).path) { id, result in
            switch result {
            case .success(let document): found[id] = document.title
            case .failure(let error): found[id] = error.description
            }
        }
        return found
    }

    @Test("each file of a zip is a document; what is none fails by itself")
    func zip() throws {
        let found = try contents("mixed.zip")
        #expect(
            found == [
                "mixed.zip/help/returns.html": "Returns",
                "mixed.zip/help/broken.docx": "the Word document can't be read: Truncated ZIP file header",
                "mixed.zip/inner.zip/deep.md": "Deep",
                "mixed.zip/../outside.txt": "its name leads out of the archive",
                "mixed.zip/link.txt": "it is a link: links in archives are not followed",
            ])
    }

    @Test("a tar file's links are refused, its files read")
    func tar() throws {
        #expect(
            try contents("folder.tar.gz") == [
                "folder.tar.gz/notes/a.txt": "a",
                "folder.tar.gz/notes/hosts": "it is a link: links in archives are not followed",
            ])
    }

    @Test("each message of a mailbox is a document")
    func mailbox() throws {
        #expect(try contents("box.mbox") == ["box.mbox#1": "Rückgabe of order 17", "box.mbox#2": "Second"])
    }

    @Test("archives in archives in archives are not opened")
    func nested() throws {
        let found = try contents("nested.zip")
        #expect(found.count == 1)
        #expect(found.first?.value.hasPrefix("archives are nested more than 2 deep") == true)
    }

    @Test("a zip bomb stops within seconds")
    func bomb() throws {
        let start = ContinuousClock.now
        let found = try contents("bomb.zip")
        #expect(ContinuousClock.now - start < .seconds(5))
        #expect(found["bomb.zip"]?.contains("unpacks to more than 100 times its size") == true)
    }

    @Test("a zip whose directory names too many entries is refused before the first is read")
    func tooManyEntries() throws {
        let little = { (value: UInt64, count: Int) in (0..<count).map { UInt8(value >> UInt64($0 * 8) & 0xFF) } }
        var bytes = StoredZip(["a.txt": "The first of many."]).bytes.dropLast(22)
        let end = UInt64(bytes.count)
        // The end of a zip64 directory with 200,000 entries, where that is, and the end record of old that says "see there".
        bytes += [0x50, 0x4B, 6, 6] + little(44, 8) + little(45, 2) + little(45, 2) + little(0, 8)
        bytes += little(200_000, 8) + little(200_000, 8) + little(0, 8) + little(0, 8)
        bytes += [0x50, 0x4B, 6, 7] + little(0, 4) + little(end, 8) + little(1, 4)
        bytes += [0x50, 0x4B, 5, 6] + little(0, 4) + little(0xFFFF_FFFF, 4) + little(0, 8) + little(0, 2)
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).zip")
        defer { try? FileManager.default.removeItem(at: path) }
        try Data(bytes).write(to: path)
        var failures: [String] = []
        DocumentExtractor().extractAll(path: path.path) { _, result in
            if case .failure(let error) = result { failures.append(error.description) } else { failures.append("read") }
        }
        #expect(failures == ["the archive has more than 100000 entries: split it"])
    }
}
