import CurlClient
import Foundation
import Logging
import Storage
import Synchronization

/// Fetches the pages of one crawl's job, one after the other, and finds more of them.
///
/// The job's items are the frontier: a page that is visited adds the pages it links to as items, so a crawl that was cut
/// off goes on where it was, and is cancelled like any job. What a page becomes is ingestion's work.
final class Crawler: Sendable {
    /// What became of a page.
    enum Outcome: Sendable {
        /// A document, and what is to be remembered of its page.
        case document(SourceDocument, CrawledPage)
        /// The page is as it was.
        case unchanged
        /// No document, for a reason that is no failure.
        case skipped(String)
        /// The page is gone, and its document was removed.
        case removed
        /// The page can't be had.
        case failed(String)
        /// The crawl is being stopped: the page waits for the next run.
        case stopped
    }

    /// A page's outcome, and how many items were added to the job meanwhile.
    struct Visit: Sendable {
        var outcome: Outcome
        var addedCount: Int
    }

    /// Redirects in a row that are followed.
    static let maximumRedirects = 10
    /// Pages in a row that ask to be left alone before the rest is given up.
    private static let patience = 3

    struct State: Sendable {
        var scope: CrawlScope?
        var rules = SiteRules()
        var byteCount = 0
        /// Pages in a row that answered 429 or 503.
        var refusalCount = 0
        /// Items added during the visit under way.
        var addedCount = 0
    }

    let store: DocumentStore
    let jobID: Int64
    let collectionID: Int64
    let settings: CrawlSettings
    let fetcher: PageFetcher
    let logger: Logger
    private let state = Mutex(State())

    /// Makes the crawler of a job.
    init(
        store: DocumentStore, job: JobRecord, settings: CrawlSettings, policy: CrawlPolicy, logger: Logger
    ) {
        self.store = store
        self.settings = settings
        self.logger = logger
        (jobID, collectionID) = (job.id, job.collectionID)
        fetcher = PageFetcher(policy: policy, settings: settings)
    }

    /// Ends the request under way; pages that are visited from now on wait for the next run.
    func stop() { fetcher.stop() }

    /// Fetches the page of a job item; pages are visited one at a time.
    /// - Parameters:
    ///   - item: the item.
    ///   - recipe: versions and settings that documents are made with now.
    /// - Returns: what became of it.
    /// - Throws: what the store reports.
    func visit(_ item: NewJobItem, recipe: String) throws(StorageError) -> Visit {
        try state.withLock { (state) throws(StorageError) -> Visit in
            state.addedCount = 0
            var outcome = Outcome.stopped
            do throws(CrawlInterruption) {
                if !fetcher.isStopped { outcome = try visit(item, recipe: recipe, &state) }
            } catch {
                switch error {
                case .stopped: outcome = .stopped
                case .storage(let error): throw error
                }
            }
            // A start that gives nothing is a failure, whatever it is for another page.
            if case .skipped(let reason) = outcome, item.externalID == settings.url, !reason.hasPrefix("redirects") {
                outcome = .failed(reason)
            }
            return Visit(outcome: outcome, addedCount: state.addedCount)
        }
    }

    private func visit(
        _ item: NewJobItem, recipe: String, _ state: inout State
    ) throws(CrawlInterruption) -> Outcome {
        guard let url = PageURL(item.externalID) else { return .failed("it is no http or https address") }
        let scope = try begin(&state)
        let target = try stored { () throws(StorageError) in
            try store.crawlTarget(job: jobID, url: url.description)
        }
        guard state.byteCount < settings.maxBytes else {
            return .skipped("the crawl's limit of \(settings.maxBytes) bytes is reached")
        }
        guard state.refusalCount < Self.patience else {
            return .failed("the site asks to be left alone (429 or 503): crawl it again later")
        }
        let entry = try rules(for: url, &state)
        if let problem = entry.problem { return .failed(problem) }
        guard entry.rules.allows(url.target) else { return .skipped("robots.txt disallows it") }
        let known = try stored { () throws(StorageError) in
            try store.crawledPage(url.description, in: collectionID)
        }
        let response: HTTPResponse
        do throws(CurlError) {
            response = try fetcher.get(
                url, headers: try conditions(known, recipe: recipe), limit: settings.maxPageBytes
            ) { head in head.status == 200 && PageContent.problem(head) == nil }
        } catch {
            switch error {
            case .cancelled: throw .stopped
            case .responseTooLarge(let limit): return .skipped("the page has more than \(limit) bytes")
            default: return .failed("\(error)")
            }
        }
        state.byteCount += response.body.count
        try stored { () throws(StorageError) in try store.addCrawlBytes(response.body.count, to: jobID) }
        let page = Page(url: url, target: target, item: item, scope: scope, recipe: recipe, known: known)
        return try read(response, page, &state)
    }

    /// A page under way.
    struct Page {
        var url: PageURL
        var target: CrawlTarget
        var item: NewJobItem
        var scope: CrawlScope
        var recipe: String
        var known: CrawledPage?
    }

    private func read(
        _ response: HTTPResponse, _ page: Page, _ state: inout State
    ) throws(CrawlInterruption) -> Outcome {
        state.refusalCount = response.status == 429 || response.status == 503 ? state.refusalCount + 1 : 0
        switch response.status {
        case 200: return try readContent(response, page, &state)
        case 304:
            let links = page.known?.links.compactMap { PageURL($0) } ?? []
            try add(links, from: page, &state)
            return .unchanged
        case 301, 302, 303, 307, 308:
            guard let next = response.head.headers["location"].flatMap({ PageURL($0, base: page.url) }) else {
                return .failed("it redirects to no http or https address")
            }
            return try redirect(to: next, isForGood: [301, 308].contains(response.status), page, &state)
        case 404, 410:
            if let removed = try remove(page.url) { return removed }
            return .failed("the page is gone (\(response.status))")
        case 429, 503: return .failed("the site asked to be left alone (\(response.status))")
        default: return .failed("the server answered \(response.status)")
        }
    }

    private func redirect(
        to next: PageURL, isForGood: Bool, _ page: Page, _ state: inout State
    ) throws(CrawlInterruption) -> Outcome {
        let redirects = page.target.redirects + 1
        guard redirects <= Self.maximumRedirects else {
            return .failed("more than \(Self.maximumRedirects) redirects in a row")
        }
        if next == page.url { return .failed("it redirects to itself") }
        if !page.scope.contains(next) {
            // What the crawl was given may only say where the site really is.
            guard page.target.depth == 0 else { return .skipped("redirects out of the crawl, to \(next)") }
            try stored { () throws(StorageError) in try store.moveCrawl(jobID, to: next.description) }
            state.scope = nil
        }
        try enqueue(
            [CrawlTarget(url: next.description, depth: page.target.depth, redirects: redirects)], &state)
        if isForGood, let removed = try remove(page.url) { return removed }
        return .skipped("redirects to \(next)")
    }

    private func readContent(
        _ response: HTTPResponse, _ page: Page, _ state: inout State
    ) throws(CrawlInterruption) -> Outcome {
        if let problem = PageContent.problem(response.head) { return .skipped(problem) }
        let content = PageContent(response, at: page.url)
        if let problem = content.problem { return .skipped(problem) }
        if let next = content.links.refresh, next != page.url {
            return try redirect(to: next, isForGood: false, page, &state)
        }
        if let canonical = content.links.canonical, canonical != page.url, page.scope.contains(canonical),
            try stored({ () throws(StorageError) in
                try store.giveWay(page.url.description, to: canonical.description, job: jobID)
            })
        {
            try enqueue([CrawlTarget(url: canonical.description, depth: page.target.depth)], &state)
            try add(content.links.links, from: page, &state)
            if let removed = try remove(page.url) { return removed }
            return .skipped("its canonical address is \(canonical)")
        }
        try add(content.links.links, from: page, &state)
        guard content.links.isIndexed else {
            if let removed = try remove(page.url) { return removed }
            return .skipped("the page asks not to be indexed (noindex)")
        }
        let source = SourceDocument(
            externalID: page.url.description, bytes: response.body, contentType: response.head.headers["content-type"],
            fileName: content.fileName, url: page.url.description, metadata: page.item.metadata)
        return .document(
            source,
            CrawledPage(
                url: page.url.description, depth: page.target.depth, etag: response.head.headers["etag"],
                lastModified: response.head.headers["last-modified"], recipe: page.recipe,
                links: content.links.links.filter(page.scope.contains).map(\.description)))
    }

    /// Headers that make an unchanged page cost nothing; none unless its document is stored as it was made of it.
    private func conditions(
        _ known: CrawledPage?, recipe: String
    ) throws(CurlError) -> [(name: String, value: String)] {
        guard let known, let hash = known.contentHash, known.recipe == recipe,
            (try? store.contentHash(externalID: known.url, in: collectionID)) == hash
        else { return [] }
        var headers: [(name: String, value: String)] = []
        if let etag = known.etag { headers.append(("If-None-Match", etag)) }
        if let date = known.lastModified { headers.append(("If-Modified-Since", date)) }
        return headers
    }

    /// Removes the document of a page that the site says is no more; nil where there is nothing to remove.
    private func remove(_ url: PageURL) throws(CrawlInterruption) -> Outcome? {
        guard settings.isSync else { return nil }
        let isRemoved = try stored { () throws(StorageError) in
            try store.removeCrawledPage(url.description, in: collectionID, job: jobID)
        }
        return isRemoved ? .removed : nil
    }
}
