// Measures the lexical index. Built by lexical_build.sh; run by lexical_bm25.py and lexical_fts5.py, or by hand:
//
//     lexical_bench run FOLDER OUT               ranks a BEIR-layout folder into a TREC run file, 100 hits a query
//     lexical_bench speed CHUNKS QUERIES FILE    JSON Lines in: insert, query and snapshot figures, one JSON object out
//     lexical_bench terms TEXT…                  the terms of each text

import Foundation
import LexicalIndex
import Tensors

struct Record: Decodable {
    var _id: String?
    var id: Int?
    var title: String?
    var text: String
}

func records(_ path: String) throws -> [Record] {
    let decoder = JSONDecoder()
    return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
        .map { try decoder.decode(Record.self, from: Data($0.utf8)) }
}

func rank(folder: String, to output: String) throws {
    let corpus = try records(folder + "/corpus.jsonl")
    let index = try BM25Index()
    index.insert(corpus.enumerated().map { (Int64($0 + 1), ($1.title ?? "") + " " + $1.text) })
    var run = ""
    for query in try records(folder + "/queries.jsonl") {
        for (rank, hit) in index.search(query.text, topK: 100).enumerated() {
            run += "\(query._id ?? "") Q0 \(corpus[Int(hit.id) - 1]._id ?? "") \(rank + 1) \(hit.score) docent\n"
        }
    }
    try run.write(toFile: output, atomically: true, encoding: .utf8)
}

func seconds(_ body: () throws -> Void) rethrows -> Double {
    let duration = try ContinuousClock().measure(body)
    return Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
}

func queryFigures(_ index: BM25Index, _ queries: [String], topK: Int) -> [String: Double] {
    for query in queries { _ = index.search(query, topK: topK) }
    let times = queries.map { query in seconds { _ = index.search(query, topK: topK) } * 1000 }.sorted()
    return [
        "queries": Double(times.count), "p50_ms": times[times.count / 2], "p95_ms": times[times.count * 95 / 100],
        "p99_ms": times[times.count * 99 / 100], "max_ms": times[times.count - 1],
    ]
}

func measure(chunks: String, queries: String, snapshot: String) throws {
    let entries = try records(chunks).map { (id: Int64(($0.id ?? 0) + 1), text: $0.text) }
    let texts = try records(queries).map(\.text)
    let realistic = texts.filter { (8...10).contains($0.split(separator: " ").count) }
    let index = try BM25Index()
    let insert = seconds { index.insert(entries) }
    let stepwise = try BM25Index()
    var slowest = 0.0
    let steps = seconds {
        for start in stride(from: 0, to: entries.count, by: 10) {
            let step = Array(entries[start..<min(start + 10, entries.count)])
            slowest = max(slowest, seconds { stepwise.insert(step) })
        }
    }
    let stamp = SnapshotStamp(collectionID: 1, fingerprint: index.analyzer.fingerprint, watermark: 1)
    let save = try seconds { try index.save(to: snapshot, stamp: stamp) }
    let load = try seconds { _ = try BM25Index.load(path: snapshot) }
    let figures: [String: Any] = [
        "chunks": entries.count, "insert_s": insert, "insert_by_10_s": steps, "insert_by_10_slowest_ms": slowest * 1000,
        "index_bytes": index.statistics.byteCount, "postings": index.statistics.postingCount,
        "segments": index.statistics.segmentCount, "segments_by_10": stepwise.statistics.segmentCount,
        "all_top10": queryFigures(index, texts, topK: 10), "all_top100": queryFigures(index, texts, topK: 100),
        "words_8_to_10_top10": queryFigures(index, realistic, topK: 10),
        "words_8_to_10_top100": queryFigures(index, realistic, topK: 100),
        "by_10_all_top10": queryFigures(stepwise, texts, topK: 10), "save_s": save, "load_s": load,
    ]
    let json = try JSONSerialization.data(withJSONObject: figures, options: [.prettyPrinted, .sortedKeys])
    print(String(decoding: json, as: UTF8.self))
}

let arguments = CommandLine.arguments.dropFirst()
switch (arguments.first, arguments.count) {
case ("run", 3): try rank(folder: arguments[2], to: arguments[3])
case ("speed", 4): try measure(chunks: arguments[2], queries: arguments[3], snapshot: arguments[4])
case ("terms", 2...): for text in arguments.dropFirst() { print(TextAnalyzer().terms(of: text)) }
default: print("see the first lines of Benchmarks/lexical_bench.swift")
}
