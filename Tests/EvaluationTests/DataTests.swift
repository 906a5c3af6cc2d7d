import Evaluation
import Foundation
import TestSupport
import Testing

@Suite("Evaluation data")
struct DataTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    @Test("qrels of TREC and of BEIR say the same")
    func qrelsFormats() throws {
        let trec = try folder.write("# a comment\n1 0 d1 2\r\n1 0 d2 0\n\n2\t0\td1\t-1", to: "q.trec")
        let beir = try folder.write("query-id\tcorpus-id\tscore\n1\td1\t2\n1\td2\t0\n2\td1\t-1\n", to: "q.tsv")
        #expect(try Qrels(path: trec) == Qrels(path: beir))
        #expect(try Qrels(path: beir).judgements == ["1": ["d1": 2, "d2": 0], "2": ["d1": -1]])
    }

    @Test(
        "a bad line of qrels is named",
        arguments: [
            ("1 0 d1 2\n1 d1", 2), ("1 0 d1 x", 1), ("1 0 d1 1\n1 0 d1 2", 2), ("a b c\n1 d1 1\nx y z", 3),
        ])
    func badQrels(text: String, line: Int) throws {
        let path = try folder.write(text, to: "bad.qrels")
        #expect {
            try Qrels(path: path)
        } throws: { error in
            guard case .malformed(path, line, _) = error as? EvaluationError else { return false }
            return "\(error)".contains("line \(line)")
        }
    }

    @Test(
        "a bad line of a run is named",
        arguments: [("1 Q0 d1 1 2.0", 1), ("1 Q0 d1 1 2 t\n1 Q0 d2 1 nan t", 2), ("1 Q0 d1 1 2 t\n1 Q0 d1 2 1 t", 2)])
    func badRuns(text: String, line: Int) throws {
        let path = try folder.write(text, to: "bad.run")
        #expect {
            try Run(path: path)
        } throws: { error in
            guard case .malformed(path, line, _) = error as? EvaluationError else { return false }
            return true
        }
    }

    @Test("empty and missing files are told apart")
    func emptyAndMissing() throws {
        let empty = try folder.write("", to: "empty")
        #expect(throws: EvaluationError.empty(path: empty, what: "judgements")) { try Qrels(path: empty) }
        #expect(throws: EvaluationError.empty(path: empty, what: "results")) { try Run(path: empty) }
        #expect(throws: EvaluationError.notFound(path: "/none/at/all")) { try Run(path: "/none/at/all") }
    }

    @Test("a run reads back as it was written, scores exactly")
    func runRoundTrip() throws {
        var generator = SeededGenerator(seed: 1)
        var results: [String: [RankedDocument]] = [:]
        for query in 0..<20 {
            results["q\(query)"] = (0..<30).map {
                RankedDocument(documentID: "d\($0)", score: Double.random(in: -1...1, using: &generator))
            }
        }
        let run = Run(tag: "hybrid", results: results)
        let path = folder.file("run.trec")
        try run.write(to: path)
        let back = try Run(path: path)
        #expect(back.tag == "hybrid")
        for query in results.keys {
            #expect(back.ranking(of: query) == run.ranking(of: query))
            #expect(Set(back.results[query]?.map(\.score) ?? []) == Set(results[query]?.map(\.score) ?? []))
        }
        #expect(throws: EvaluationError.self) { try run.write(to: folder.file("no/such/folder/run")) }
    }

    @Test("a BEIR folder is read, its corpus streamed, queries without judgements left out")
    func beir() throws {
        try folder.write(
            "{\"_id\": \"d1\", \"title\": \"T\", \"text\": \"one\"}\n\n{\"_id\": \"d2\", \"text\": \"two\", \"metadata\": {}}",
            to: "set/corpus.jsonl")
        try folder.write(
            "{\"_id\": \"1\", \"text\": \"first?\"}\n{\"_id\": \"2\", \"text\": \"second?\"}\n", to: "set/queries.jsonl"
        )
        try folder.write("query-id\tcorpus-id\tscore\n2\td1\t1\n", to: "set/qrels/test.tsv")
        let dataset = try BEIRDataset(folder: folder.file("set"))
        #expect(dataset.name == "set")
        #expect(dataset.queries.map(\.id) == ["2"])
        #expect(try dataset.documents().map(\.id) == ["d1", "d2"])
        #expect(try dataset.documents().map(\.title) == ["T", ""])
    }

    @Test("a corpus line that is no document is named")
    func badCorpus() throws {
        try folder.write("{\"_id\": \"d1\", \"text\": \"one\"}\n{\"_id\": \"d2\"}", to: "corpus.jsonl")
        try folder.write("{\"_id\": \"1\", \"text\": \"?\"}", to: "queries.jsonl")
        try folder.write("query-id\tcorpus-id\tscore\n1\td1\t1\n", to: "qrels/test.tsv")
        let dataset = try BEIRDataset(folder: folder.path)
        #expect(
            throws: EvaluationError.malformed(
                path: folder.file("corpus.jsonl"), line: 2, reason: "the field \"text\" is missing")
        ) { try dataset.documents() }
    }

    @Test("lines longer than a read block come whole")
    func longLines() throws {
        let text = String(repeating: "x", count: 3_000_000)
        let path = try folder.write(
            "{\"_id\":\"1\",\"text\":\"\(text)\"}\n{\"_id\":\"2\",\"text\":\"y\"}", to: "q.jsonl")
        let queries = try BEIRDataset.readQueries(path: path)
        #expect(queries.map(\.text.utf8.count) == [3_000_000, 1])
    }

    @Test("answer cases are read, and a case with neither answers nor \"unanswerable\" is refused")
    func answerCases() throws {
        let path = try folder.write(
            """
            {"question": "a?", "answers": ["x", "y"], "documents": ["d1"]}
            {"id": "z", "question": "b?", "unanswerable": true, "context": "c"}
            """, to: "a.jsonl")
        let cases = try AnswerCase.read(path: path)
        #expect(cases[0] == AnswerCase(id: "1", question: "a?", answers: ["x", "y"], documents: ["d1"]))
        #expect(cases[1] == AnswerCase(id: "z", question: "b?", answers: [], isUnanswerable: true, context: "c"))
        let bad = try folder.write("{\"question\": \"a?\", \"answers\": []}", to: "bad.jsonl")
        #expect(throws: EvaluationError.self) { try AnswerCase.read(path: bad) }
        let wrong = try folder.write("{\"question\": 3}", to: "wrong.jsonl")
        #expect(
            throws: EvaluationError.malformed(path: wrong, line: 1, reason: "the field \"question\" has the wrong type")
        ) { try AnswerCase.read(path: wrong) }
        let noise = try folder.write([0x7B, 0xFF, 0xFE, 0x0A], to: "noise.jsonl")
        #expect(throws: EvaluationError.malformed(path: noise, line: 1, reason: "not valid JSON")) {
            try AnswerCase.read(path: noise)
        }
    }
}
