public import ArgumentParser
public import Ingestion
import Storage

/// The options of `docent ingest https://…`.
struct CrawlOptions: ParsableArguments {
    @Option(name: .customLong("max-pages"), help: "Crawl: the most pages that are fetched.")
    var maxPages = CrawlSettings(url: "").maxPages
    @Option(name: .customLong("max-depth"), help: "Crawl: the most links between the start and a page.")
    var maxDepth = CrawlSettings(url: "").maxDepth
    @Option(name: .customLong("max-bytes"), help: "Crawl: the most bytes that are fetched in all.")
    var maxBytes = CrawlSettings(url: "").maxBytes
    @Option(name: .customLong("max-page-bytes"), help: "Crawl: the most bytes of one page.")
    var maxPageBytes = CrawlSettings(url: "").maxPageBytes
    @Option(help: "Crawl: prefix for the start's folder, host for the whole site.")
    var scope = CrawlSettings.Scope.prefix
    @Option(help: "Crawl: a pattern of paths to fetch, as in robots.txt; may be given several times.")
    var include: [String] = []
    @Option(help: "Crawl: a pattern of paths not to fetch; may be given several times.")
    var exclude: [String] = []
    @Option(name: .customLong("delay-ms"), help: "Crawl: the least milliseconds between two requests.")
    var delay = CrawlSettings(url: "").delayMilliseconds
    @Flag(name: .customLong("allow-private"), help: "Crawl: private and local addresses may be fetched.")
    var allowsPrivate = false

    /// Whether `path` is an address to crawl.
    static func isAddress(_ path: String) -> Bool {
        path.lowercased().hasPrefix("http://") || path.lowercased().hasPrefix("https://")
    }

    /// The settings of a crawl of `url`; its ranges are checked when it is submitted.
    func settings(url: String, isSync: Bool, metadata: [String: JSONValue]) -> CrawlSettings {
        var settings = CrawlSettings(url: url)
        settings.scope = scope
        settings.maxPages = maxPages
        settings.maxDepth = maxDepth
        settings.maxBytes = maxBytes
        settings.maxPageBytes = maxPageBytes
        settings.include = include
        settings.exclude = exclude
        settings.delayMilliseconds = delay
        settings.isSync = isSync
        settings.allowsPrivate = allowsPrivate
        settings.metadata = metadata
        return settings
    }
}

extension CrawlSettings.Scope: ExpressibleByArgument {}
