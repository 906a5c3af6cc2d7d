import ArgumentParser
import Foundation
import Ingestion
import Storage

/// `docent extract`: what ingestion sees of one file.
struct ExtractCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "extract", abstract: "Prints the main content of a file, as ingestion sees it.")

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text
        case markdown
        case json
    }

    @Argument(help: "The file.")
    var file: String
    @Option(help: "text, markdown or json.")
    var format = Format.text
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw CommandFailure(message: "can't read '\(file)': check the path and its permissions")
        }
        let source = SourceDocument(
            externalID: file, bytes: Array(data), fileName: (file as NSString).lastPathComponent)
        let document = try DocumentExtractor().extract(source)
        switch format {
        case .text: Terminal.print(document.text)
        case .markdown: Terminal.print(document.markdown)
        case .json: try Terminal.printJSON(document)
        }
        for warning in document.warnings { Terminal.note("note: \(warning)") }
    }
}
