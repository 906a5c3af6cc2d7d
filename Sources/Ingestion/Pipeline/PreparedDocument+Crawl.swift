import Storage

/// A crawl's first stage: a page is fetched, and becomes a document like any other.
extension DocumentPreparer {
    /// Fetches and prepares the page of an item.
    /// - Throws: what the store reports; a page's own failure is an outcome.
    func next(_ claimed: ClaimedItem, of crawler: Crawler) throws(StorageError) -> Preparation {
        let id = claimed.item.externalID
        let visit = try crawler.visit(claimed.item, recipe: contentHash.recipe(of: claimed.item))
        let preparation: Preparation
        switch visit.outcome {
        // The item is let go of with its job.
        case .stopped: return .page(.nothingLeft, addedCount: visit.addedCount)
        case .unchanged:
            try store.finishItem(claimed.id, state: .unchanged)
            preparation = .unchanged(id: id, byteCount: 0)
        case .skipped(let reason):
            try store.skipItem(claimed.id, reason: reason)
            preparation = .skipped(id: id, reason: reason)
        case .removed:
            try store.finishItem(claimed.id, state: .succeeded, chunkCount: 0)
            preparation = .removed(id: id)
        case .failed(let reason):
            // Whatever an earlier crawl made of the page stays: a network's failure is no news about the page.
            try store.failItem(claimed.id, error: reason)
            preparation = .failed(id: id, reason: reason)
        case .document(let source, let page): preparation = try prepare(source, page, itemID: claimed.id)
        }
        return .page(preparation, addedCount: visit.addedCount)
    }

    private func prepare(
        _ source: SourceDocument, _ page: CrawledPage, itemID: Int64
    ) throws(StorageError) -> Preparation {
        let hash = contentHash.hash(of: source)
        var page = page
        // Remembered before the document is stored: the hash tells the next crawl whether it was.
        page.contentHash = hash
        try store.saveCrawledPage(page, in: collection.id)
        if try store.contentHash(externalID: source.externalID, in: collection.id) == hash {
            try store.finishItem(itemID, state: .unchanged)
            return .unchanged(id: source.externalID, byteCount: source.bytes.count)
        }
        do throws(IngestionError) {
            return .ready(try document(source, hash: hash, itemID: itemID))
        } catch {
            if case .storage = error { return .stopped(error) }
            try store.recordFailure(
                externalID: source.externalID, in: collection.id, byteCount: source.bytes.count,
                error: error.description, finishing: itemID)
            return .failed(id: source.externalID, reason: error.description)
        }
    }
}
