import ArgumentParser
import Foundation
import Ingestion

/// `docent extract`: what ingestion sees of files.
struct ExtractCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "extract", abstract: "Prints the main content of files, as ingestion sees it.",
        discussion: """
            An archive, a mailbox or a JSON Lines file gives each of its documents. With --format json one document is \
            one JSON document; several are JSON Lines with "id", those that failed with "error". --format tree prints \
            the element tree of HTML files instead, for comparing parsers.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text
        case markdown
        case json
        case tree
    }

    @Argument(help: "The files.")
    var files: [String] = []
    @Option(help: "A file that names more files, one a line.")
    var list: String?
    @Option(help: "text, markdown, json or tree.")
    var format = Format.text
    @Flag(help: "With --format json: what was left out of HTML pages as menus and the like, and why.")
    var dropped = false
    @OptionGroup var global: GlobalOptions

    private struct Line: Encodable {
        var id: String
        var document: ExtractedDocument?
        var error: String?
        /// Milliseconds since the document before, which is what reading this one took.
        var elapsed: Duration

        private enum CodingKeys: String, CodingKey {
            case id
            case error
            case extractMilliseconds = "extract_ms"
        }

        func encode(to encoder: any Encoder) throws {
            try document?.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(id, forKey: .id)
            try container.encodeIfPresent(error, forKey: .error)
            try container.encode(elapsed / .milliseconds(1), forKey: .extractMilliseconds)
        }
    }

    func run() async throws {
        var paths = files
        if let list {
            guard let names = FileManager.default.contents(atPath: list) else {
                throw CommandFailure(message: "can't read '\(list)': check the path and its permissions")
            }
            paths += String(decoding: names, as: UTF8.self).split(separator: "\n").map(String.init)
        }
        guard let first = paths.first else { throw ValidationError("Name a file, or --list.") }
        if format == .tree { return try printTrees(paths) }
        var failed = 0
        if paths.count == 1 {
            var documents: [(id: String, result: Result<ExtractedDocument, IngestionError>, elapsed: Duration)] = []
            Self.timed(first, explaining: dropped) { documents.append(($0, $1, $2)) }
            if documents.count == 1 { return try printOne(documents[0].result, path: first) }
            for (id, result, elapsed) in documents { try printLine(id, result, elapsed, &failed) }
        } else {
            for path in paths {
                let name = (path as NSString).lastPathComponent
                var thrown: (any Error)?
                Self.timed(path, explaining: dropped) { id, result, elapsed in
                    guard thrown == nil else { return }
                    do { try printLine(id == name ? path : id, result, elapsed, &failed) } catch { thrown = error }
                }
                if let thrown { throw thrown }
            }
        }
        if failed > 0 { throw CommandFailure(message: "\(failed) documents could not be read") }
    }

    /// Calls `body` with each document of a file and the time it took; what `body` itself takes isn't counted.
    private static func timed(
        _ path: String, explaining: Bool, _ body: (String, Result<ExtractedDocument, IngestionError>, Duration) -> Void
    ) {
        var start = ContinuousClock.now
        DocumentExtractor().extractAll(path: path, explaining: explaining) { id, result in
            body(id, result, ContinuousClock.now - start)
            start = .now
        }
    }

    private struct Tree: Encodable {
        var id: String
        var encoding: String?
        var tree: String?
        var error: String?
    }

    /// One file's tree as it is, several as JSON Lines.
    private func printTrees(_ paths: [String]) throws {
        for path in paths {
            guard let bytes = FileManager.default.contents(atPath: path) else {
                throw CommandFailure(message: "can't read '\(path)': check the path and its permissions")
            }
            var line = Tree(id: path)
            do {
                let page = try HTMLTreeText([UInt8](bytes))
                (line.encoding, line.tree) = (page.encoding, page.text)
            } catch {
                if paths.count == 1 { throw CommandFailure(message: "\(path): \(error)") }
                line.error = error.description
            }
            Terminal.print(paths.count == 1 ? line.tree ?? "" : try Terminal.json(line))
        }
    }

    private func printOne(_ result: Result<ExtractedDocument, IngestionError>, path: String) throws {
        switch result {
        case .failure(let error): throw CommandFailure(message: "\(path): \(error.description)")
        case .success(let document):
            switch format {
            case .text: Terminal.print(document.text)
            case .markdown: Terminal.print(document.markdown)
            case .json, .tree: try Terminal.printJSON(document)
            }
            for warning in document.warnings { Terminal.note("note: \(warning)") }
        }
    }

    private func printLine(
        _ id: String, _ result: Result<ExtractedDocument, IngestionError>, _ elapsed: Duration, _ failed: inout Int
    ) throws {
        switch result {
        case .failure(let error):
            failed += 1
            if format == .json {
                return Terminal.print(try Terminal.json(Line(id: id, error: error.description, elapsed: elapsed)))
            }
            Terminal.note("\(id): \(error.description)")
        case .success(let document):
            switch format {
            case .json, .tree: Terminal.print(try Terminal.json(Line(id: id, document: document, elapsed: elapsed)))
            case .text: Terminal.print("==> \(id)\n\(document.text)\n")
            case .markdown: Terminal.print("<!-- \(id) -->\n\n\(document.markdown)\n")
            }
        }
    }
}
