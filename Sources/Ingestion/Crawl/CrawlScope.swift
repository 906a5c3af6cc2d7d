/// Which addresses belong to a crawl.
///
/// One site: the start's host, with or without `www.`, over http or https, at the start's port; and of it the folder the
/// start is in, unless the whole host was asked for. Patterns narrow it further; the start itself is always in.
struct CrawlScope: Sendable {
    private let start: PageURL
    private let host: String
    private let prefix: String
    private let include: [PathPattern]
    private let exclude: [PathPattern]

    /// The scope of a crawl that starts at `start`.
    init(start: PageURL, settings: CrawlSettings) {
        self.start = start
        host = Self.bare(start.host)
        prefix = settings.scope == .host ? "/" : start.folder
        include = settings.include.map { PathPattern($0) }
        exclude = settings.exclude.map { PathPattern($0) }
    }

    /// Whether an address is of the site, whatever its path.
    func isSameSite(_ url: PageURL) -> Bool {
        Self.bare(url.host) == host && url.port == start.port
    }

    /// Whether an address belongs to the crawl.
    func contains(_ url: PageURL) -> Bool {
        if url == start { return true }
        guard isSameSite(url), url.path.hasPrefix(prefix) else { return false }
        if exclude.contains(where: { $0.matches(url.target) }) { return false }
        return include.isEmpty || include.contains { $0.matches(url.target) }
    }

    private static func bare(_ host: String) -> String { host.hasPrefix("www.") ? String(host.dropFirst(4)) : host }
}
