import TestSupport
import Testing

@Suite(
    "Usage of the docent command", .enabled(if: DocentProcess.isBuilt, "build the product 'docent' first"),
    .timeLimit(.minutes(5)))
struct UsageTests {
    @Test("the help lists every command")
    func help() async throws {
        let result = try await DocentProcess().run("--help")
        #expect(result.exitCode == 0)
        #expect(result.errors.isEmpty)
        for command in [
            "ingest", "search", "ask", "chat", "collections", "documents", "serve", "models", "doctor", "extract",
            "tokenize", "embed", "generate", "perplexity", "index", "bench", "eval",
        ] {
            #expect(result.output.contains("\n  \(command) "), "\(command)")
        }
    }

    @Test(
        "every command's help names the options of the contract",
        arguments: [
            (["ingest"], ["--collection", "--recursive", "--id-prefix", "--metadata", "--json"]),
            (["search"], ["--collection", "--top-k", "--mode", "--filter", "--rerank", "--explain", "--json"]),
            (
                ["ask"],
                [
                    "--collection", "--top-k", "--generator", "--model", "--temperature", "--max-tokens", "--seed",
                    "--no-stream", "--json",
                ]
            ),
            (["chat"], ["--collection"]),
            (["collections"], ["list", "create", "delete", "stats"]),
            (["documents"], ["list", "show", "delete"]),
            (["serve"], ["--host", "--port"]),
            (["models"], ["list", "pull", "verify", "path"]),
            (["extract"], ["--format"]),
            (["tokenize"], ["--model", "--input", "--special"]),
            (["embed"], ["--model", "--input", "--output", "--precision", "--kind"]),
            (
                ["generate"],
                [
                    "--model", "--prompt", "--raw", "--max-tokens", "--temperature", "--top-k", "--top-p", "--min-p",
                    "--repeat-penalty", "--seed", "--stop", "--logprobs", "--json",
                ]
            ),
            (["perplexity"], ["--model", "--input", "--context", "--json"]),
            (["index", "build"], ["--vectors", "--output", "--m", "--ef-construction", "--metric", "--seed"]),
            (["index", "search"], ["--index", "--queries", "--top-k", "--ef", "--output"]),
            (["bench"], ["index", "embed", "decode", "serve"]),
            (["eval", "retrieval"], ["--dataset", "--modes", "--run-dir", "--report", "--gate", "--json"]),
            (["eval", "answers"], ["--dataset", "--collection", "--generator", "--report", "--gate", "--json"]),
            (["eval", "score"], ["--qrels", "--run", "--json"]),
        ])
    func commandHelp(command: [String], words: [String]) async throws {
        let result = try await DocentProcess().run(command + ["--help"])
        #expect(result.exitCode == 0)
        for word in words { #expect(result.output.contains("  \(word)"), "\(word)") }
    }

    @Test("the version is one line")
    func version() async throws {
        let result = try await DocentProcess().run("--version")
        #expect(result.exitCode == 0)
        #expect(result.output.split(separator: "\n").count == 1)
    }

    @Test(
        "wrong usage exits with 64, says why on stderr and leaves stdout alone",
        arguments: [
            ["nonsense"], ["search"], ["search", "q"], ["search", "q", "--collection"],
            ["ingest", "--collection", "c"],
            ["ask", "q", "--collection", "c", "--top-k", "many"], ["serve", "--port", "x"],
            ["serve", "--port", "99999"],
            ["search", "q", "--collection", "c", "--mode", "magic"],
            ["documents", "list", "--collection", "c", "--state", "gone"],
            ["collections", "list", "--threads", "0"], ["collections", "list", "--log-level", "loud"],
            ["embed", "--kind", "neither"], ["embed", "--precision", "f7"], ["eval", "retrieval"],
            ["extract", "f", "--format", "pdf"], ["collections", "list", "--unknown"],
        ])
    func wrongUsage(arguments: [String]) async throws {
        let result = try await DocentProcess().run(arguments)
        // A missing collection comes before a wrong state; both are this caller's to mend.
        #expect(result.exitCode == 64 || (arguments.contains("gone") && result.exitCode == 1))
        #expect(result.output.isEmpty)
        #expect(!result.errors.isEmpty)
    }

    @Test("what the environment says counts less than a flag")
    func precedence() async throws {
        let docent = try DocentProcess()
        try docent.folder.write("{\"threads\": 5000}", to: "settings.json")
        // DOCENT_THREADS is 1 in these tests: it wins over the file, and a flag wins over both.
        #expect(try await docent.run("collections", "list", "--config", "settings.json").exitCode == 0)
        #expect(try await docent.run("collections", "list", "--threads", "5000").exitCode == 64)
    }
}
