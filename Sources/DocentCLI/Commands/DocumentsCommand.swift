import ArgumentParser
import Storage

/// `docent documents`: listing, showing, deleting the documents of a collection.
struct DocumentsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "documents", abstract: "Lists, shows and deletes documents.",
        subcommands: [List.self, Show.self, Delete.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the documents of a collection.")

        @Option(help: "The collection.")
        var collection: String
        @Option(help: "Only documents in this state: indexed or failed.")
        var state: String?
        @Flag(help: "Prints JSON Lines.")
        var json = false
        @OptionGroup var global: GlobalOptions

        func run() async throws {
            let store = try Runtime.store(try await Settings(global))
            let record = try store.collection(named: collection)
            var wanted: DocumentState?
            if let state {
                guard let known = DocumentState(rawValue: state) else {
                    throw CommandFailure(message: "state is '\(state)': use indexed or failed", exitCode: 64)
                }
                wanted = known
            }
            var cursor: String?
            repeat {
                let page = try store.documents(in: record.id, after: cursor, limit: 500, state: wanted)
                for document in page.documents {
                    if json {
                        Terminal.print(try Terminal.json(document))
                    } else {
                        let state = document.error.map { "failed: \($0)" } ?? document.state.rawValue
                        Terminal.print(
                            Table.row([document.externalID, "\(document.chunkCount) chunks", state], [48, 12, 0]))
                    }
                }
                cursor = page.nextCursor
            } while cursor != nil
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows a document, its text and its chunks.")

        @Argument(help: "The document's id.")
        var id: String
        @Option(help: "The collection.")
        var collection: String
        @Flag(help: "Prints one JSON document with the chunks.")
        var json = false
        @OptionGroup var global: GlobalOptions

        private struct Output: Encodable {
            var document: DocumentRecord
            var text: String
            var chunks: [ChunkRecord]
        }

        func run() async throws {
            let store = try Runtime.store(try await Settings(global))
            let document = try store.document(externalID: id, in: try store.collection(named: collection).id)
            let text = try store.documentText(document.id)
            guard json else { return Terminal.print(text) }
            try Terminal.printJSON(
                Output(document: document, text: text, chunks: try store.chunks(ofDocument: document.id)))
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Deletes a document.")

        @Argument(help: "The document's id.")
        var id: String
        @Option(help: "The collection.")
        var collection: String
        @OptionGroup var global: GlobalOptions

        func run() async throws {
            let store = try Runtime.store(try await Settings(global))
            _ = try store.deleteDocument(externalID: id, in: try store.collection(named: collection).id)
        }
    }
}
