import CurlClient
import Logging
import Storage

/// Why a visit ends without an outcome.
enum CrawlInterruption: Error {
    /// The crawl is being stopped.
    case stopped
    /// The store failed.
    case storage(StorageError)
}

/// Which pages a crawl goes on to.
extension Crawler {
    /// Sitemaps of a site that are read.
    private static let maximumSitemaps = 50

    /// The scope; at the first visit of a run it is worked out, and the site's sitemaps are read unless they were.
    func begin(_ state: inout State) throws(CrawlInterruption) -> CrawlScope {
        if let scope = state.scope { return scope }
        let progress = try stored { () throws(StorageError) in
            try store.crawlProgress(job: jobID, start: settings.url)
        }
        guard let start = PageURL(progress.start) else {
            throw .storage(.invalidInput(field: "url", reason: "'\(progress.start)' is no http or https address"))
        }
        let scope = CrawlScope(start: start, settings: settings)
        state.scope = scope
        state.byteCount = progress.byteCount
        guard !progress.hasReadSitemaps else { return scope }
        // The start is the first page, whatever else is found.
        _ = try stored { () throws(StorageError) in try store.crawlTarget(job: jobID, url: progress.start) }
        if settings.maxDepth > 0 { try readSitemaps(of: start, scope, &state) }
        if settings.isSync {
            // What earlier crawls found is asked for again: only so can it be known to be gone.
            let known = try stored { () throws(StorageError) in try store.crawledTargets(in: collectionID) }
            try enqueue(known.filter { PageURL($0.url).map(scope.contains) ?? false }, &state)
        }
        try stored { () throws(StorageError) in try store.finishCrawlSitemaps(of: jobID) }
        return scope
    }

    private func readSitemaps(
        of start: PageURL, _ scope: CrawlScope, _ state: inout State
    ) throws(CrawlInterruption) {
        let robots = try rules(for: start, &state)
        guard robots.problem == nil else { return }
        let conventional = PageURL("/sitemap.xml", base: start)
        let named = robots.rules.sitemaps.compactMap { PageURL($0, base: start) }
        // The conventional place is looked at only where robots.txt names none.
        var waiting = named.isEmpty ? [conventional].compactMap { $0 } : named
        var seen = Set(waiting)
        var count = 0
        while !waiting.isEmpty, count < Self.maximumSitemaps {
            let address = waiting.removeFirst()
            count += 1
            guard scope.isSameSite(address), let sitemap = try sitemap(address) else { continue }
            let pages = sitemap.pages.compactMap { PageURL($0, base: address) }.filter(isWanted(scope))
            try enqueue(targets(pages, depth: 1, state), &state)
            for next in sitemap.sitemaps.compactMap({ PageURL($0, base: address) }) where seen.insert(next).inserted {
                waiting.append(next)
            }
        }
    }

    private func sitemap(_ address: PageURL) throws(CrawlInterruption) -> SitemapReader? {
        var address = address
        for _ in 0...Self.maximumRedirects {
            let response: HTTPResponse
            do throws(CurlError) {
                response = try fetcher.get(address, limit: SitemapReader.maximumBytes)
            } catch {
                if case .cancelled = error { throw .stopped }
                logger.notice("sitemap not read", metadata: ["url": "\(address)", "reason": "\(error)"])
                return nil
            }
            if (300...308).contains(response.status),
                let next = response.head.headers["location"].flatMap({ PageURL($0, base: address) })
            {
                address = next
                continue
            }
            guard response.status == 200 else { return nil }
            do throws(IngestionError) {
                return try SitemapReader(response.body)
            } catch {
                logger.notice("sitemap not read", metadata: ["url": "\(address)", "reason": "\(error)"])
                return nil
            }
        }
        return nil
    }

    /// The rules of an origin.
    func rules(for url: PageURL, _ state: inout State) throws(CrawlInterruption) -> SiteRules.Entry {
        do throws(CurlError) {
            return try state.rules.entry(for: url, fetcher)
        } catch {
            throw .stopped
        }
    }

    /// Adds the pages that a page links to.
    func add(_ links: [PageURL], from page: Page, _ state: inout State) throws(CrawlInterruption) {
        guard page.target.depth < settings.maxDepth else { return }
        let wanted = links.filter(isWanted(page.scope))
        try enqueue(targets(wanted, depth: page.target.depth + 1, state), &state)
    }

    /// Adds pages to the job unless it knows them.
    func enqueue(_ targets: [CrawlTarget], _ state: inout State) throws(CrawlInterruption) {
        guard !targets.isEmpty else { return }
        state.addedCount += try stored { () throws(StorageError) in
            try store.addCrawlTargets(
                targets, to: jobID, metadata: settings.metadata, mostPages: settings.maxPages)
        }
    }

    private func targets(_ links: [PageURL], depth: Int, _ state: State) -> [CrawlTarget] {
        links.map { link in
            let isAllowed = state.rules.known(link)?.rules.allows(link.target) ?? true
            return CrawlTarget(
                url: link.description, depth: depth, refusal: isAllowed ? nil : "robots.txt disallows it")
        }
    }

    private func isWanted(_ scope: CrawlScope) -> (PageURL) -> Bool {
        { link in
            scope.contains(link) && !link.repeatsItself && !Self.isOtherFile(link)
        }
    }

    private static let packages: Set<String> = [
        "deb", "rpm", "msi", "dmg", "iso", "jar", "apk", "zst", "gz", "xz", "bz2",
    ]

    /// Whether an address ends as pictures, programs and archives do: it isn't asked for.
    private static func isOtherFile(_ link: PageURL) -> Bool {
        guard let name = link.fileName else { return false }
        let ending = SourceFormat.fileExtension(of: name)
        return FileCollector.otherExtensions.contains(ending) || packages.contains(ending)
            || SourceContainer.format(contentType: nil, fileName: name) != nil
    }

    /// Runs a call to the store.
    func stored<Result>(_ body: () throws(StorageError) -> Result) throws(CrawlInterruption) -> Result {
        do {
            return try body()
        } catch {
            throw .storage(error)
        }
    }
}
