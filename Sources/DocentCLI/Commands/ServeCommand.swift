import ArgumentParser
import DocentServer
import Hummingbird
import ServiceLifecycle

/// `docent serve`: the HTTP API and the web page.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serves the HTTP API and the web page.")

    @Option(help: "The address to listen on.")
    var host = "127.0.0.1"
    @Option(help: "The port to listen on; 0 for any free one.")
    var port = 8080
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        guard (0...65_535).contains(port) else {
            throw CommandFailure(message: "port is \(port) and must be from 0 to 65535", exitCode: 64)
        }
        let runtime = try await Runtime(try await Settings(global))
        let services = ServerServices(
            store: runtime.store, search: runtime.search, ingest: runtime.ingest, answers: runtime.answers,
            decoder: runtime.decoder, breaker: runtime.breaker, embedder: runtime.embedder,
            scheduler: runtime.scheduler, cache: runtime.cache,
            queue: runtime.queue,
            build: BuildDescription(
                version: BuildInformation.version, configuration: BuildInformation.configuration,
                architecture: BuildInformation.architecture, kernels: BuildInformation.kernels),
            logger: runtime.logger)
        let host = host
        let isQuiet = runtime.settings.isQuiet
        let server = DocentApplication(services).server(host: host, port: port) { port in
            if !isQuiet { Terminal.note("docent is listening on http://\(host):\(port)/") }
        }
        do {
            try await server.runService()
        } catch  where "\(error)".contains("Address already in use") {
            throw CommandFailure(message: "port \(port) on \(host) is taken: choose another with --port")
        }
    }
}
