import Foundation
import TestSupport
import Testing

@Suite(
    "Results of the docent command", .serialized,
    .enabled(if: DocentProcess.isBuilt, "build the product 'docent' first"), .timeLimit(.minutes(5)))
struct ResultTests {
    @Test(
        "--json prints exactly one JSON document",
        arguments: [["collections", "list"], ["models", "list"], ["doctor"]])
    func oneDocument(arguments: [String]) async throws {
        let result = try await DocentProcess().run(arguments + ["--json"] + DocentProcess.models)
        #expect(result.json is [Any])
        #expect(result.output.split(separator: "\n").count == 1)
    }

    @Test("the measures of a run are one document with trec_eval's figures")
    func score() async throws {
        let docent = try DocentProcess()
        try docent.folder.write("q1 0 d1 1\nq1 0 d2 1\n", to: "qrels")
        try docent.folder.write("q1 Q0 d1 1 2.0 r\nq1 Q0 d9 2 1.0 r\n", to: "run")
        let result = try await docent.run("eval", "score", "--qrels", "qrels", "--run", "run", "--json")
        #expect(result.exitCode == 0)
        let measures = try #require(result.json as? [String: Any])
        #expect(measures["map"] as? Double == 0.5)
        #expect(measures["p@10"] as? Double == 0.1)
    }

    @Test("headings, tables and navigation of a page come out as ingestion sees them")
    func extract() async throws {
        let docent = try DocentProcess()
        try docent.folder.write(
            """
            <html><head><title>Returns</title></head><body><nav><a href="/">Home</a> <a href="/cart">Cart</a></nav>
            <main><h1>Returns</h1><p>You can return most items within 30 days of delivery, unused and in their box.</p>
            <table><tr><th>Item</th><th>Days</th></tr><tr><td>Kettles</td><td>30</td></tr></table></main></body></html>
            """, to: "returns.html")
        let result = try await docent.run("extract", "returns.html")
        #expect(result.exitCode == 0)
        #expect(result.output.contains("30 days of delivery"))
        #expect(result.output.contains("Kettles | 30"))
        #expect(!result.output.contains("Cart"))
    }

    @Test(
        "a document goes in, is found, answers with its quote, and goes out again", .enabled(if: TestModels.hasEncoder))
    func wholePath() async throws {
        let docent = try DocentProcess()
        try docent.folder.write("# Warranty\n\nKettles have a warranty of 24 months.\n", to: "docs/warranty.md")
        try docent.folder.write("# Returns\n\nYou can return most items within 30 days.\n", to: "docs/returns.md")
        let collection = ["--collection", "help"]
        let models = DocentProcess.models
        let ingested = try await docent.run(["ingest", "docs", "--json"] + collection + models)
        #expect(ingested.exitCode == 0)
        let job = try #require((ingested.json as? [String: Any])?["job"] as? [String: Any])
        #expect(job["state"] as? String == "succeeded")
        #expect((job["progress"] as? [String: Int])?["done"] == 2)

        let again = try await docent.run(["ingest", "docs", "--json"] + collection + models)
        let progress = ((again.json as? [String: Any])?["job"] as? [String: Any])?["progress"] as? [String: Int]
        #expect(progress?["unchanged"] == 2)

        let question = "How long is the warranty of kettles?"
        let found = try await docent.run(["search", question, "--json"] + collection + models)
        let hits = try #require((found.json as? [String: Any])?["hits"] as? [[String: Any]])
        #expect(hits.first?["document_id"] as? String == "warranty.md")

        let asked = try await docent.run(
            ["ask", question, "--json", "--generator", "extractive"] + collection + models)
        #expect(asked.exitCode == 0)
        let answer = try #require(asked.json as? [String: Any])
        #expect((answer["answer"] as? String)?.contains("24 months") == true)
        let citations = try #require(answer["citations"] as? [[String: Any]])
        #expect(citations.first?["quote"] as? String == "Kettles have a warranty of 24 months.")

        let told = try await docent.run(["ask", question, "--generator", "extractive"] + collection + models)
        #expect(told.output.hasPrefix("Kettles have a warranty of 24 months. [1]\n"))
        #expect(told.output.contains("Sources:"))

        #expect(try await docent.run(["documents", "delete", "warranty.md"] + collection).exitCode == 0)
        let listed = try await docent.run(["documents", "list", "--json"] + collection)
        #expect(listed.output.split(separator: "\n").count == 1)
        #expect(try await docent.run("collections", "delete", "help").exitCode == 0)
        #expect(try await docent.run("collections", "list", "--json").output == "[]\n")
    }

    @Test("JSON Lines come in through standard input, bad lines are reported", .enabled(if: TestModels.hasEncoder))
    func standardInput() async throws {
        let docent = try DocentProcess()
        let lines =
            #"{"id": "a", "text": "We wrap gifts."}"# + "\nnonsense\n" + #"{"id": "b", "text": "We open at nine."}"#
            + "\n"
        let result = try await docent.run(
            ["ingest", "-", "--collection", "c", "--json"] + DocentProcess.models, input: lines)
        let job = try #require((result.json as? [String: Any])?["job"] as? [String: Any])
        #expect((job["progress"] as? [String: Int])?["done"] == 3)
        #expect((job["progress"] as? [String: Int])?["failed"] == 1)
    }

    @Test(
        "files that can't be taken in fail with their reasons; the others are in", .enabled(if: TestModels.hasEncoder))
    func mixedIngest() async throws {
        let docent = try DocentProcess()
        try docent.folder.write("We wrap gifts.", to: "docs/good.txt")
        try docent.folder.write((0..<3_000).map { UInt8(truncatingIfNeeded: $0 &* 37) }, to: "docs/noise.html")
        try docent.folder.write("", to: "docs/empty.txt")
        let result = try await docent.run(
            ["ingest", "docs", "missing.txt", "--collection", "c", "--json"] + DocentProcess.models)
        #expect(result.exitCode == 0)
        let job = try #require((result.json as? [String: Any])?["job"] as? [String: Any])
        #expect((job["progress"] as? [String: Int])?["failed"] == 3)
        let items = try #require(job["items"] as? [[String: Any]])
        for item in items where item["state"] as? String == "failed" {
            #expect((item["error"] as? String)?.isEmpty == false)
        }
        let nothing = try await docent.run(
            ["ingest", "missing.txt", "--collection", "c", "--quiet"] + DocentProcess.models)
        #expect(nothing.exitCode == 1)
        #expect(nothing.errors.contains("missing.txt"))
    }

    @Test(
        "a gate that isn't met exits with 2 after the result, one that is with 0", .enabled(if: TestModels.hasEncoder))
    func gates() async throws {
        let docent = try DocentProcess()
        try docent.folder.write(
            #"{"_id": "d1", "title": "", "text": "Kettles have a warranty."}"# + "\n"
                + #"{"_id": "d2", "title": "", "text": "We wrap gifts."}"# + "\n", to: "set/corpus.jsonl")
        try docent.folder.write(#"{"_id": "q1", "text": "kettle warranty"}"# + "\n", to: "set/queries.jsonl")
        try docent.folder.write("query-id\tcorpus-id\tscore\nq1\td1\t1\n", to: "set/qrels/test.tsv")
        let command = ["eval", "retrieval", "--dataset", "set", "--json", "--quiet"] + DocentProcess.models
        let met = try await docent.run(command + ["--gate", "lexical:ndcg@10>=0.9"])
        #expect(met.exitCode == 0)
        #expect(met.json is [String: Any])
        let missed = try await docent.run(command + ["--gate", "lexical:p@10>=0.9"])
        #expect(missed.exitCode == 2)
        #expect(missed.json is [String: Any])
        #expect(missed.errorLines.count == 1)
        #expect(missed.errors.contains("gate not met"))
    }

    @Test("tokens are one array a line, vectors one object a line", .enabled(if: TestModels.hasEncoder))
    func lines() async throws {
        let docent = try DocentProcess()
        let model = ["--model", "all-minilm-l6-v2"] + DocentProcess.models
        let tokens = try await docent.run(["tokenize", "--special"] + model, input: "hello world\n\nhi\n")
        #expect(tokens.output == "[101,7592,2088,102]\n[101,102]\n[101,7632,102]\n")
        let vectors = try await docent.run(["embed"] + model, input: "hello world\n")
        let row = try #require(vectors.json as? [String: [Double]])
        let norm = row["embedding"]?.reduce(0) { $0 + $1 * $1 } ?? 0
        #expect(row["embedding"]?.count == 384)
        #expect(abs(norm - 1) < 1e-4)
    }

    @Test("a generation is one document with text, tokens and timings", .enabled(if: TestModels.hasDecoder))
    func generation() async throws {
        let result = try await DocentProcess().run(
            [
                "generate", "--model", "smollm2-135m-instruct", "--prompt", "The capital of France is", "--raw",
                "--max-tokens", "4", "--logprobs", "--json",
            ] + DocentProcess.models)
        #expect(result.exitCode == 0)
        let output = try #require(result.json as? [String: Any])
        #expect((output["text"] as? String)?.contains("Paris") == true)
        #expect((output["tokens"] as? [Int])?.count == 4)
        #expect((output["logprobs"] as? [Double])?.count == 4)
        #expect((output["prompt_logprobs"] as? [Double])?.count == (output["prompt_tokens"] as? Int).map { $0 - 1 })
        #expect((output["prompt_logprobs"] as? [Double])?.allSatisfy { $0 < 0 } == true)
        #expect(output["finish_reason"] as? String == "length")
        #expect((output["timings"] as? [String: Double])?.keys.sorted() == ["decode_ms", "load_ms", "prefill_ms"])
    }

    @Test("a conversation from a pipe: commands, a follow-up, and no prompt", .enabled(if: TestModels.hasEncoder))
    func chat() async throws {
        let docent = try DocentProcess()
        try docent.folder.write("# Warranty\n\nKettles have a warranty of 24 months.\n", to: "docs/warranty.md")
        let collection = ["--collection", "help"]
        _ = try await docent.run(["ingest", "docs", "--quiet"] + collection + DocentProcess.models)
        let result = try await docent.run(
            ["chat", "--generator", "extractive"] + collection + DocentProcess.models,
            input:
                "/sources\n\nHow long is the warranty of kettles?\n/sources\n/nonsense\n/reset\n/help\n/quit\nignored?\n"
        )
        #expect(result.exitCode == 0)
        let output = result.output
        #expect(output.hasPrefix("There is no answer yet.\nKettles have a warranty of 24 months. [1]\n"))
        #expect(output.contains("Sources:") && output.contains("[1] warranty.md"))
        #expect(output.contains("The conversation is forgotten.") && output.contains("/quit"))
        #expect(!output.contains("> "))
        #expect(result.errorLines.contains { $0.contains("'/nonsense' is no command") })
        let wrong = try await docent.run(
            ["chat", "--generator", "oracle"] + collection + DocentProcess.models, input: "x\n")
        #expect(wrong.exitCode == 64 && wrong.isOneClearLine)
    }

    @Test("a text keeps to its schema, and a schema that can't be kept is refused", .enabled(if: TestModels.hasDecoder))
    func jsonSchema() async throws {
        let docent = try DocentProcess()
        try docent.folder.write(
            #"{"type": "object", "properties": {"n": {"type": "integer", "maximum": 9, "minimum": 0}, "ok": {"type": "boolean"}}, "#
                + #""required": ["n", "ok"]}"#, to: "schema.json")
        let command = ["generate", "--prompt", "Give me JSON.", "--max-tokens", "40"] + DocentProcess.models
        let result = try await docent.run(command + ["--json-schema", "schema.json"])
        let object = try #require(result.json as? [String: Any])
        #expect(object.keys.sorted() == ["n", "ok"] && object["n"] is Int)
        try docent.folder.write(#"{"type": "object", "propertyNames": {}}"#, to: "bad.json")
        let bad = try await docent.run(command + ["--json-schema", "bad.json"])
        #expect(bad.exitCode == 64 && bad.isOneClearLine && bad.errors.contains("propertyNames"))
        #expect(try await docent.run(command + ["--json-schema", "none.json"]).exitCode == 1)
    }
}
