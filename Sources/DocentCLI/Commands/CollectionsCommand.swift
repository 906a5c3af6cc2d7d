import ArgumentParser
import Kernels
import Retrieval
import Storage

/// `docent collections`: what there is, making, deleting.
struct CollectionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "collections", abstract: "Lists, makes, deletes and describes collections.",
        subcommands: [List.self, Create.self, Delete.self, Stats.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the collections.")

        @Flag(help: "Prints one JSON document.")
        var json = false
        @OptionGroup var global: GlobalOptions

        func run() async throws {
            let store = try Runtime.store(try await Settings(global))
            let rows = try store.collections().map {
                CollectionRow(record: $0, statistics: try store.statistics(of: $0.id))
            }
            if json { return try Terminal.printJSON(rows) }
            for row in rows {
                Terminal.print(
                    Table.row(
                        [
                            row.record.name, "\(row.statistics.documentCount) documents",
                            "\(row.statistics.chunkCount) chunks", row.record.encoder,
                        ], [24, 18, 16, 0]))
            }
            if rows.isEmpty { Terminal.note("no collections yet: 'docent ingest PATH --collection NAME' makes one") }
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Makes an empty collection.")

        @Argument(help: "Letters, digits, '.', '_' and '-'.")
        var name: String
        @Option(help: "The encoder the collection is bound to.")
        var encoder: String?
        @Option(help: "What the collection is for.")
        var description = ""
        @Option(name: .customLong("target-tokens"), help: "What a chunk is filled up to, in the encoder's tokens.")
        var targetTokens: Int?
        @Option(name: .customLong("max-tokens"), help: "What no chunk exceeds; the encoder's limit lowers it.")
        var maxTokens: Int?
        @Option(name: .customLong("overlap-tokens"), help: "How much of a chunk's end the next one begins with.")
        var overlapTokens: Int?
        @OptionGroup var global: GlobalOptions

        func run() async throws {
            var settings = try await Settings(global)
            if let encoder { settings.encoder = encoder }
            let runtime = try await Runtime(settings)
            _ = try runtime.createCollection(
                name, description: description,
                chunking: ChunkingSettings(
                    givenTarget: targetTokens, givenMax: maxTokens, givenOverlap: overlapTokens))
        }
    }

    struct Delete: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Deletes a collection with everything in it.")

        @Argument(help: "The collection.")
        var name: String
        @OptionGroup var global: GlobalOptions

        func run() async throws {
            let settings = try await Settings(global)
            let record = try Runtime.store(settings).deleteCollection(named: name)
            SearchService.removeSnapshots(of: record.id, in: settings.dataFolder)
        }
    }

    struct Stats: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Describes a collection.")

        @Argument(help: "The collection.")
        var name: String
        @OptionGroup var global: GlobalOptions

        func run() async throws {
            let settings = try await Settings(global)
            let store = try Runtime.store(settings)
            let record = try store.collection(named: name)
            let index = try IndexStatistics.saved(
                record, store: store, dataDirectory: settings.dataFolder,
                pool: ThreadPool(threadCount: settings.threads))
            try Terminal.printJSON(
                CollectionRow(record: record, statistics: try store.statistics(of: record.id), index: index))
        }
    }
}

/// A collection with its counts.
private struct CollectionRow: Encodable {
    var record: CollectionRecord
    var statistics: CollectionStatistics
    /// What the snapshots hold; only where one collection is described, because they are read for it.
    var index: IndexStatistics?

    private enum CodingKeys: String, CodingKey { case index }

    func encode(to encoder: any Encoder) throws {
        try record.encode(to: encoder)
        try statistics.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(index, forKey: .index)
    }
}
