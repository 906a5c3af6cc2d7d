import Foundation
import Kernels
import LexicalIndex
import Logging
import Retrieval
import Storage
import Tensors
import TestSupport
import Testing
import VectorIndex

/// Snapshots that contradict the database, and what else does not belong.
struct DataCheckTests {
    private func filled() async throws -> Library {
        let library = try Library()
        try library.fill()
        let service = library.service(factory: StandardIndexFactory(pool: library.pool))
        _ = try await service.search(SearchRequest(query: "refund"), in: Library.name)
        await service.saveSnapshots()
        try library.add("late", "parcel late")
        try library.store.deleteDocument(externalID: "d4", in: library.collection.id)
        return library
    }

    private func report(_ library: Library) throws -> DataCheck.Report {
        try DataCheck(
            store: library.store, dataDirectory: library.folder.path, pool: library.pool,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ).run()
    }

    @Test("snapshots with the changes after them agree with the database")
    func clean() async throws {
        let library = try await filled()
        let report = try report(library)
        #expect(report.findings == [])
        #expect(report.collections.map(\.chunks) == [39])
        #expect(report.collections.map(\.vectors) == [39] && report.collections.map(\.postings) == [39])
    }

    @Test("without snapshots there is nothing to compare, and nothing wrong")
    func noSnapshots() async throws {
        let library = try await filled()
        try FileManager.default.removeItem(atPath: library.snapshotFolder)
        let report = try report(library)
        #expect(report.findings == [] && report.collections.map(\.vectors) == [nil])
        #expect(!FileManager.default.fileExists(atPath: library.snapshotFolder), "a check writes nothing")
    }

    @Test("a damaged snapshot is a finding, and stays as it is", arguments: ["vectors.index", "lexical.index"])
    func damaged(file: String) async throws {
        let library = try await filled()
        let path = library.snapshotFolder + "/" + file
        var bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
        bytes[bytes.count / 2] ^= 4
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let findings = try report(library).findings
        #expect(findings.map(\.check) == [.snapshot] && findings.map(\.subject) == [file])
        #expect(try [UInt8](Data(contentsOf: URL(fileURLWithPath: path))) == bytes)
    }

    @Test("a snapshot with a good checksum and another vector than the database's is a finding")
    func otherVector() async throws {
        let library = try await filled()
        let path = library.snapshotFolder + "/vectors.index"
        let (index, stamp) = try HNSWIndex.load(path: path, pool: library.pool)
        let entry = try #require(try library.store.indexEntries(in: library.collection.id, after: 4, limit: 1).first)
        try index.insert([entry.id], vectors: library.embedder.vector(of: "something else"))
        try index.save(to: path, stamp: stamp)
        let findings = try report(library).findings
        #expect(findings.map(\.subject) == ["chunk \(entry.id)"] && findings.map(\.check) == [.vectorIndex])
    }

    @Test("codes that are not those of their vectors are found in the file")
    func otherCodes() async throws {
        let library = try await filled()
        let path = library.snapshotFolder + "/vectors.index"
        let source = try SnapshotFile(path: path, kind: HNSWIndex.snapshotKind)
        let writer = try SnapshotWriter(path: path + ".new", kind: HNSWIndex.snapshotKind, stamp: source.stamp)
        for name in ["meta", "base", "upper", "ids", "nodes", "codes", "scales", "vectors"] {
            try writer.beginSection(name)
            var bytes = try #require(try source.section(name).array(of: UInt8.self))
            if name == "codes" { bytes[20] ^= 0x40 }
            try writer.append(bytes)
        }
        try writer.commit()
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.moveItem(atPath: path + ".new", toPath: path)
        let findings = try report(library).findings
        #expect(findings.map(\.detail) == ["its code is not that of its vector"])
    }

    @Test("postings that a fresh analysis does not give are found")
    func otherPostings() async throws {
        let library = try await filled()
        let path = library.snapshotFolder + "/lexical.index"
        let (index, stamp) = try BM25Index.load(path: path, analyzer: TextAnalyzer())
        index.insert([(id: 3, text: "a wholly different text")])
        try index.save(to: path, stamp: stamp)
        let findings = try report(library).findings
        #expect(findings.map(\.subject) == ["chunk 3"] && findings.map(\.check) == [.lexicalIndex])
    }

    @Test("a snapshot that lacks a chunk or has one too many is a finding")
    func otherIDs() async throws {
        for isLacking in [true, false] {
            let library = try await filled()
            let path = library.snapshotFolder + "/vectors.index"
            let (index, stamp) = try HNSWIndex.load(path: path, pool: library.pool)
            if isLacking {
                index.remove([5])
            } else {
                try index.insert([9_999], vectors: library.embedder.vector(of: "a stranger"))
            }
            try index.save(to: path, stamp: stamp)
            #expect(try report(library).findings.map(\.check) == [.snapshot])
        }
    }

    @Test("files that nothing belongs to are findings, a README and what a crash left are not")
    func strayFiles() async throws {
        let library = try await filled()
        for name in ["README.md", ".hidden", "stray.txt", "collections/77/vectors.index"] {
            try library.folder.write("x", to: name)
        }
        try library.folder.write("x", to: "collections/\(library.collection.id)/vectors.index.partial")
        try library.folder.write("x", to: "collections/\(library.collection.id)/vectors.old")
        let findings = try report(library).findings
        #expect(findings.allSatisfy { $0.check == .file })
        #expect(
            Set(findings.map(\.subject)) == [
                "stray.txt", "collections/\(library.collection.id)/vectors.old", "collections/77",
            ]
        )
    }
}
