import Foundation
import Tensors
import TestSupport
import Testing

@Suite("Snapshot container")
struct SnapshotTests {
    private static let kind = SnapshotKind(code: "TEST", version: 3)
    private static let stamp = SnapshotStamp(collectionID: 7, fingerprint: "minilm:ab12 é", watermark: 1234)
    private static let sections: [(String, [UInt8])] = [
        ("empty", []), ("short", [1, 2, 3]), ("words", (0..<400).map { UInt8(truncatingIfNeeded: $0 &* 37) }),
        ("large", (0..<1_500_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }),
    ]

    private let folder = try? TemporaryDirectory()

    private func path(_ name: String = "index.snapshot") throws -> String {
        try #require(folder).file(name)
    }

    private func save(
        to path: String, kind: SnapshotKind = kind, stamp: SnapshotStamp = stamp, small: Bool = false
    ) throws {
        let writer = try SnapshotWriter(path: path, kind: kind, stamp: stamp)
        for (name, bytes) in Self.sections where !(small && name == "large") {
            try writer.beginSection(name)
            try writer.append(bytes)
        }
        try writer.commit()
    }

    /// The error of opening `path`, or nil when it opens.
    private func failure(
        of path: String, kind: SnapshotKind = kind, collectionID: Int64? = nil, fingerprint: String? = nil
    ) -> SnapshotError? {
        do {
            _ = try SnapshotFile(path: path, kind: kind, collectionID: collectionID, fingerprint: fingerprint)
            return nil
        } catch {
            return error
        }
    }

    @Test("what was written is read back, each section on a 64-byte boundary")
    func roundTrip() throws {
        let path = try path()
        try save(to: path)
        let file = try SnapshotFile(path: path, kind: Self.kind, collectionID: 7, fingerprint: "minilm:ab12 é")
        #expect(file.stamp == Self.stamp)
        for (name, bytes) in Self.sections {
            let section = try file.section(name)
            #expect(section.array(of: UInt8.self) == bytes)
            let address = unsafe UInt(bitPattern: section.base.baseAddress)
            #expect(address % 64 == 0)
        }
        #expect(try file.section("words").array(of: UInt32.self)?.count == 100)
        #expect(try file.section("short").array(of: UInt32.self) == nil)
        #expect(throws: SnapshotError.missingSection(path: path, name: "other")) { try file.section("other") }
    }

    @Test("a flipped bit anywhere in the file is found")
    func flippedBits() throws {
        let path = try path()
        try save(to: path, small: true)
        let whole = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
        var bytes = whole
        for index in bytes.indices where index < 160 || index.isMultiple(of: 11) {
            bytes[index] ^= 1 << UInt8(index % 8)
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            switch failure(of: path) {
            case .notASnapshot: #expect(index < 8)
            case .unsupportedContainer: #expect((8..<12).contains(index))
            case .damaged: #expect(index >= 12)
            case let other: Issue.record("byte \(index): \(String(describing: other))")
            }
            bytes[index] = whole[index]
        }
    }

    @Test(
        "a file cut anywhere, or with bytes added, is refused for its length", arguments: [0, 1, 4095, 4096, 4500, -1])
    func truncation(length: Int) throws {
        let path = try path()
        try save(to: path, small: true)
        var bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
        let whole = bytes.count
        if length < 0 { bytes.append(0) } else { bytes.removeLast(whole - length) }
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let expected = bytes.count < 4096 ? 4096 : whole
        #expect(failure(of: path) == .wrongLength(path: path, found: bytes.count, expected: expected))
    }

    @Test("another kind, version, collection or fingerprint is named in the error")
    func mismatches() throws {
        let path = try path()
        try save(to: path)
        #expect(
            failure(of: path, kind: SnapshotKind(code: "BM25", version: 3))
                == .wrongKind(path: path, found: "TEST", expected: "BM25"))
        #expect(
            failure(of: path, kind: SnapshotKind(code: "TEST", version: 4))
                == .unsupportedVersion(path: path, kind: "TEST", found: 3, supported: 4))
        #expect(failure(of: path, collectionID: 8) == .wrongCollection(path: path, found: 7, expected: 8))
        #expect(
            failure(of: path, fingerprint: "bge")
                == .wrongFingerprint(path: path, found: "minilm:ab12 é", expected: "bge"))
        #expect(failure(of: path, collectionID: 7, fingerprint: "minilm:ab12 é") == nil)
    }

    @Test("another container version is refused before anything else is believed")
    func containerVersion() throws {
        let path = try path()
        try save(to: path)
        var bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
        bytes[8] = 2
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        #expect(failure(of: path) == .unsupportedContainer(path: path, found: 2, supported: 1))
    }

    @Test("a missing file, a folder and another kind of file each have their error")
    func otherFiles() throws {
        let folder = try #require(folder)
        #expect(failure(of: folder.file("none")) == .notFound(path: folder.file("none")))
        #expect(failure(of: folder.path) == .unreadable(path: folder.path, reason: "not a regular file"))
        let text = try folder.write([UInt8](repeating: 0x41, count: 5000), to: "letters")
        #expect(failure(of: text) == .notASnapshot(path: text))
    }

    @Test("without commit the old snapshot stays and nothing is left beside it")
    func abandoned() throws {
        let folder = try #require(folder)
        let path = try path()
        try save(to: path)
        do {
            let writer = try SnapshotWriter(path: path, kind: Self.kind, stamp: Self.stamp)
            try writer.beginSection("short")
            #expect(throws: SnapshotError.busy(path: path)) {
                try SnapshotWriter(path: path, kind: Self.kind, stamp: Self.stamp)
            }
        }
        #expect(failure(of: path) == nil)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["index.snapshot"])
    }

    @Test("a partial file left by a crash is written over")
    func leftover() throws {
        let folder = try #require(folder)
        let path = try path()
        try folder.write([UInt8](repeating: 9, count: 9000), to: "index.snapshot.partial")
        try save(to: path, small: true)
        #expect(failure(of: path) == nil)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["index.snapshot"])
    }

    @Test("a folder that is not there is a clear error")
    func unwritable() throws {
        let path = try path("no/such/folder/x")
        do {
            _ = try SnapshotWriter(path: path, kind: Self.kind, stamp: Self.stamp)
            Issue.record("a writer was made")
        } catch {
            guard case .unwritable(path, _) = error else { throw error }
        }
    }

    @Test("names and fingerprints the format cannot hold are refused")
    func invalidRequests() throws {
        let path = try path()
        let long = SnapshotStamp(collectionID: 1, fingerprint: String(repeating: "x", count: 1025), watermark: 0)
        #expect(throws: SnapshotError.self) { try SnapshotWriter(path: path, kind: Self.kind, stamp: long) }
        let writer = try SnapshotWriter(path: path, kind: Self.kind, stamp: Self.stamp)
        #expect(throws: SnapshotError.self) { try writer.append([UInt8](repeating: 0, count: 3)) }
        for name in ["", "seventeen letters", "é"] {
            #expect(throws: SnapshotError.self) { try writer.beginSection(name) }
        }
        try writer.beginSection("a")
        #expect(throws: SnapshotError.self) { try writer.beginSection("a") }
    }
}
