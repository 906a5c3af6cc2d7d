import CurlClient

/// The robots.txt of each origin a crawl meets, fetched once.
///
/// Source: RFC 9309 section 2.3: none (4xx) allows everything, one that can't be read now (5xx, network) nothing.
struct SiteRules: Sendable {
    /// The rules of an origin.
    struct Entry: Sendable {
        var rules: RobotsRules
        /// Why nothing may be fetched though no rule says so.
        var problem: String?
    }

    /// The most redirects of a robots.txt.
    private static let maximumRedirects = 5
    /// What is read of a robots.txt; what is used of it is less.
    private static let maximumBytes = 8 << 20

    private var entries: [String: Entry] = [:]

    /// The rules of an origin that has been asked; nil for others.
    func known(_ url: PageURL) -> Entry? { entries[url.origin] }

    /// The rules of the origin of `url`.
    /// - Throws: `CurlError.cancelled`.
    mutating func entry(for url: PageURL, _ fetcher: PageFetcher) throws(CurlError) -> Entry {
        if let known = entries[url.origin] { return known }
        let entry = try Self.fetch(url, fetcher)
        if let delay = entry.rules.crawlDelay { fetcher.slowDown(url.host, to: delay) }
        entries[url.origin] = entry
        return entry
    }

    private static func fetch(_ url: PageURL, _ fetcher: PageFetcher) throws(CurlError) -> Entry {
        guard var address = PageURL("/robots.txt", base: url) else { return Entry(rules: .allowingAll) }
        for _ in 0...maximumRedirects {
            let response: HTTPResponse
            do {
                response = try fetcher.get(address, limit: maximumBytes)
            } catch .cancelled {
                throw .cancelled
            } catch {
                return Entry(rules: .allowingNothing, problem: "its robots.txt can't be read: \(error)")
            }
            switch response.status {
            case 200: return Entry(rules: RobotsRules(response.body, agent: CrawlPolicy.agent))
            case 301, 302, 303, 307, 308:
                guard let next = response.head.headers["location"].flatMap({ PageURL($0, base: address) }) else {
                    return Entry(rules: .allowingAll)
                }
                address = next
            case 429, 500...599:
                return Entry(
                    rules: .allowingNothing,
                    problem: "its robots.txt answered \(response.status): nothing may be fetched until it can be read")
            default: return Entry(rules: .allowingAll)
            }
        }
        return Entry(rules: .allowingAll)
    }
}
