import Encoders
import Storage

/// The middle stage's waiting room: documents whose chunks wait for vectors, handed out in batches across documents.
struct EmbeddingQueue {
    /// Chunks of several documents that are embedded together.
    struct Batch: Sendable {
        /// Job item and chunk of each text.
        var places: [(item: Int64, chunk: Int)]
        var texts: [String]
        var tokenCount: Int

        /// The batch in parts, one for each document.
        func byDocument() -> [Batch] {
            Dictionary(grouping: places.indices) { places[$0].item }.sorted { $0.key < $1.key }.map { _, rows in
                Batch(places: rows.map { places[$0] }, texts: rows.map { texts[$0] }, tokenCount: 0)
            }
        }
    }

    private var documents: [Int64: PreparedDocument] = [:]
    private var missing: [Int64: Int] = [:]
    private var waiting: [(item: Int64, chunk: Int, tokens: Int)] = []
    private var head = 0

    /// Tokens that wait.
    private(set) var waitingTokens = 0
    /// Texts that wait.
    var waitingCount: Int { waiting.count - head }
    /// Whether no document is in here, waiting or in a batch.
    var isEmpty: Bool { documents.isEmpty }

    /// Takes a document with chunks to embed.
    mutating func add(_ prepared: PreparedDocument) {
        documents[prepared.itemID] = prepared
        missing[prepared.itemID] = prepared.missing.count
        for chunk in prepared.missing {
            let tokens = prepared.document.chunks[chunk].tokenCount
            waiting.append((prepared.itemID, chunk, tokens))
            waitingTokens += tokens
        }
    }

    /// The next texts, up to a number of tokens and texts; nil when none waits.
    mutating func nextBatch(mostTokens: Int, mostTexts: Int) -> Batch? {
        var batch = Batch(places: [], texts: [], tokenCount: 0)
        while head < waiting.count, batch.texts.count < mostTexts {
            let (item, chunk, tokens) = waiting[head]
            if !batch.texts.isEmpty, batch.tokenCount + tokens > mostTokens { break }
            head += 1
            waitingTokens -= tokens
            // A document that has failed meanwhile is gone.
            guard let document = documents[item] else { continue }
            batch.places.append((item, chunk))
            batch.texts.append(document.embeddedText(of: chunk))
            batch.tokenCount += tokens
        }
        if head > 4096, head * 2 > waiting.count {
            waiting.removeFirst(head)
            head = 0
        }
        return batch.texts.isEmpty ? nil : batch
    }

    /// Puts the vectors of a batch in place; returns the documents that are complete now.
    mutating func complete(_ batch: Batch, _ embeddings: Embeddings) -> [PreparedDocument] {
        var ready: [PreparedDocument] = []
        for (row, place) in batch.places.enumerated() {
            guard documents[place.item] != nil, let left = missing[place.item] else { continue }
            documents[place.item]?.document.chunks[place.chunk].vector = embeddings.row(row)
            missing[place.item] = left - 1
            if left == 1, let document = documents.removeValue(forKey: place.item) {
                missing[place.item] = nil
                ready.append(document)
            }
        }
        return ready
    }

    /// Takes out a document that can't be embedded.
    mutating func remove(_ item: Int64) -> PreparedDocument? {
        missing[item] = nil
        return documents.removeValue(forKey: item)
    }
}
