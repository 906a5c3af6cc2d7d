import LexicalIndex
import Storage
import VectorIndex

/// Compares what indexes hold with the chunks in the database.
struct IndexContentCheck {
    let collection: CollectionRecord
    let store: DocumentStore
    let factory: any IndexFactory

    private static let advice =
        "stop Docent and remove the collection's folder under 'collections': its indexes are built anew"
    /// How far a component of a stored vector may be from the database's, which is of length 1 but for rounding.
    private static let tolerance: Float = 1e-3

    /// Ids, vectors and codes.
    func check(_ index: any PersistentVectorIndex) throws -> [Finding] {
        var findings: [Finding] = []
        var count = 0
        try forEachEntry { entry in
            guard entry.vector.count == collection.dimension else { return }
            count += 1
            guard let held = index.vector(of: entry.id) else {
                return findings.append(finding(.vectorIndex, entry.id, "the index does not hold it"))
            }
            let norm = entry.vector.reduce(Float(0)) { $0 + $1 * $1 }.squareRoot()
            let isSame = zip(held, entry.vector).allSatisfy { abs($0 - $1 / norm) <= Self.tolerance }
            if !isSame { findings.append(finding(.vectorIndex, entry.id, "the index holds another vector")) }
        }
        if index.count != count {
            findings.append(
                Finding(
                    check: .vectorIndex, collection: collection.name, subject: "vectors.index",
                    detail: "it holds \(index.count) vectors, the database has \(count)", advice: Self.advice))
        }
        findings += index.idsWithForeignCodes().map { finding(.vectorIndex, $0, "its code is not that of its vector") }
        return findings
    }

    /// Postings, against a fresh analysis of the chunks.
    func check(_ index: any PersistentLexicalIndex) throws -> [Finding] {
        let fresh = try factory.makeLexicalIndex()
        var batch: [(id: Int64, text: String)] = []
        try forEachEntry { entry in
            batch.append((entry.id, entry.embeddedText))
            if batch.count == CollectionIndexes.buildBatch {
                fresh.insert(batch)
                batch = []
            }
        }
        fresh.insert(batch)
        let (expected, held) = (fresh.postingDigests(), index.postingDigests())
        var findings: [Finding] = []
        for id in expected.keys.sorted() where held[id] != expected[id] {
            let detail = held[id] == nil ? "the index does not hold it" : "its postings are not those of its text"
            findings.append(finding(.lexicalIndex, id, detail))
        }
        for id in held.keys.sorted() where expected[id] == nil {
            findings.append(finding(.lexicalIndex, id, "the index holds it, the database does not"))
        }
        return findings
    }

    private func forEachEntry(_ body: (IndexEntry) -> Void) throws {
        var last: Int64 = 0
        while true {
            let entries = try store.indexEntries(in: collection.id, after: last, limit: CollectionIndexes.buildBatch)
            guard let end = entries.last else { return }
            entries.forEach(body)
            last = end.id
        }
    }

    private func finding(_ check: Finding.Check, _ id: Int64, _ detail: String) -> Finding {
        Finding(
            check: check, collection: collection.name, subject: "chunk \(id)", detail: detail, advice: Self.advice)
    }
}
