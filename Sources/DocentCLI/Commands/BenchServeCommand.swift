import ArgumentParser
import CurlClient
import Evaluation
import Foundation

/// `docent bench serve`: searches per second of a running server.
struct BenchServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Measures searches against a running server; ends by itself.")

    @Option(help: "The server's address, such as http://127.0.0.1:8080.")
    var url: String
    @Option(help: "The collection to search.")
    var collection: String
    @Option(help: "Queries: JSON Lines {\"_id\", \"text\"}.")
    var queries: String
    @Option(help: "Requests at a time, 1 to 256.")
    var connections = 8
    @Option(help: "Seconds, 1 to 600.")
    var duration = 10
    @Flag(help: "Prints one JSON document.")
    var json = false
    @OptionGroup var global: GlobalOptions

    private struct Body: Encodable {
        var query: String
    }

    private struct Output: Encodable {
        var requests: Int
        var failed: Int
        var qps: Double
        var p50: Double
        var p99: Double

        enum CodingKeys: String, CodingKey {
            case requests
            case failed
            case qps
            case p50 = "p50_ms"
            case p99 = "p99_ms"
        }
    }

    func run() async throws {
        guard (1...256).contains(connections), (1...600).contains(duration) else {
            throw CommandFailure(message: "--connections goes from 1 to 256, --duration from 1 to 600", exitCode: 64)
        }
        let bodies = try BEIRDataset.readQueries(path: queries).map {
            Array(try Terminal.json(Body(query: $0.text)).utf8)
        }
        guard !bodies.isEmpty else { throw CommandFailure(message: "'\(queries)' holds no query") }
        let address = "\(url)/v1/collections/\(collection)/search"
        let workers = connections
        let client = CurlClient()
        let deadline = ContinuousClock.now + .seconds(duration)
        let results = try await withThrowingTaskGroup(of: [(Double, Bool)].self) { group in
            for worker in 0..<workers {
                group.addTask {
                    var times: [(Double, Bool)] = []
                    var index = worker
                    while ContinuousClock.now < deadline {
                        defer { index += workers }
                        let start = ContinuousClock.now
                        let response = try await client.send(
                            HTTPRequest(
                                "POST", address, headers: [(name: "Content-Type", value: "application/json")],
                                body: bodies[index % bodies.count]))
                        times.append(((ContinuousClock.now - start) / .milliseconds(1), response.status == 200))
                    }
                    return times
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        let sorted = results.map(\.0).sorted()
        guard !sorted.isEmpty else { throw CommandFailure(message: "no request was answered in time") }
        let output = Output(
            requests: sorted.count, failed: results.count { !$0.1 }, qps: Double(sorted.count) / Double(duration),
            p50: sorted[sorted.count / 2], p99: sorted[sorted.count * 99 / 100])
        if json { return try Terminal.printJSON(output) }
        Terminal.print(
            "\(Int(output.qps)) searches/s, p50 \(Reports.figure(output.p50)) ms, p99 \(Reports.figure(output.p99)) ms, "
                + "\(output.failed) failed")
    }
}
