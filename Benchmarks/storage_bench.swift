// Measures storage and search at the size of a real collection. Built by storage_build.sh; then
//
//     .build/storage/.build/release/StorageBench insert FOLDER VECTORS TEXTS   one document per ten chunks; FULL sync
//     .build/storage/.build/release/StorageBench open FOLDER                   run twice: without and with snapshots
//
// VECTORS holds rows of 384 little-endian f32, TEXTS one chunk a line. Prints one line per figure.

import Encoders
import Foundation
import Kernels
import Logging
import Retrieval
import Storage

/// Gives every query the same vector: what is measured is everything but the encoder.
struct NoEncoder: TextEmbedding {
    let modelName = "none"
    let fingerprint = "none:1"
    let dimension = 384
    let maxTokenCount = 256

    func tokenCount(of text: String) -> Int { 1 }

    func embed(_ texts: [String], kind: TextKind) throws(EncoderError) -> Embeddings {
        Embeddings(
            vectors: [Float](repeating: 0.05, count: 384 * texts.count), dimension: 384,
            tokenCounts: texts.map { _ in 1 }, truncated: texts.map { _ in false })
    }
}

func report(_ name: String, _ duration: Duration, _ detail: String = "") {
    print("\(name): \((duration / .milliseconds(1)).formatted(.number.precision(.fractionLength(2)))) ms \(detail)")
}

func insert(_ store: DocumentStore, _ vectors: Data, _ texts: [Substring]) throws {
    let collection = try store.createCollection(
        NewCollection(name: "bench", encoder: "none", encoderFingerprint: "none:1", dimension: 384))
    let bytes = [UInt8](vectors)
    let count = min(bytes.count / 1536, texts.count)
    var time = Duration.zero
    for start in stride(from: 0, to: count, by: 10) {
        var (text, chunks): (String, [NewChunk]) = ("", [])
        for row in start..<min(start + 10, count) {
            let vector = (0..<384).map { column in
                let at = row * 1536 + column * 4
                return Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[at + $1]) << UInt32(8 * $1) })
            }
            let begin = text.utf8.count
            text += texts[row]
            chunks.append(
                NewChunk(
                    headingPath: ["Section \(row % 7)"], text: String(texts[row]), utf8Span: begin..<text.utf8.count,
                    tokenCount: 100, contentHash: String(format: "%064x", row), vector: vector))
            text += "\n"
        }
        let document = NewDocument(
            externalID: "doc-\(start)", title: "Document \(start)", contentType: "text/plain",
            contentHash: String(format: "%064x", start), text: text, metadata: ["tenth": .int(Int64(start / 10 % 10))],
            byteCount: text.utf8.count, chunks: chunks)
        let begin = ContinuousClock.now
        try store.replaceDocument(document, in: collection.id)
        time += ContinuousClock.now - begin
    }
    report("insert", time, "\(count) chunks, \(Double(count) / (time / .seconds(1))) chunks/s")
}

func open(_ store: DocumentStore, _ folder: String) async throws {
    var start = ContinuousClock.now
    var last: Int64 = 0
    let collection = try store.collection(named: "bench")
    while let end = try store.indexEntries(in: collection.id, after: last, limit: 2_000).last { last = end.id }
    report("bulk read", ContinuousClock.now - start)

    let service = SearchService(
        store: store, embedder: NoEncoder(), dataDirectory: folder, pool: ThreadPool(threadCount: 2),
        logger: Logger(label: "bench"))
    start = ContinuousClock.now
    try await service.openAll()
    report("open", ContinuousClock.now - start, "\(service.statistics(collection.id).vectorCount) chunks")
    for mode in SearchMode.allCases {
        start = ContinuousClock.now
        for round in 0..<200 {
            let request = SearchRequest(query: "how to configure replication slots \(round % 17)", mode: mode)
            _ = try await service.search(request, in: "bench")
        }
        report("search \(mode.rawValue)", (ContinuousClock.now - start) / 200)
    }
    let filter = try MetadataFilter(text: #"{"tenth": {"$gte": 5}}"#)
    for name in ["first filtered search", "second filtered search"] {
        start = ContinuousClock.now
        _ = try await service.search(SearchRequest(query: "replication slots", filter: filter), in: "bench")
        report(name, ContinuousClock.now - start)
    }
    await service.saveSnapshots()
}

let arguments = CommandLine.arguments
guard arguments.count >= 3 else {
    print("StorageBench insert FOLDER VECTORS TEXTS, or open FOLDER")
    exit(64)
}
let store = try DocumentStore(path: arguments[2] + "/docent.sqlite")
if arguments[1] == "insert", arguments.count == 5 {
    let texts = try String(contentsOfFile: arguments[4], encoding: .utf8)
    try insert(
        store, Data(contentsOf: URL(fileURLWithPath: arguments[3])),
        texts.split(separator: "\n", omittingEmptySubsequences: false))
} else {
    try await open(store, arguments[2])
}
