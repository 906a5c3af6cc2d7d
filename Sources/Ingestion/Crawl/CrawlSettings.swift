import CurlClient
import Foundation
public import Storage

/// What one crawl may fetch.
public struct CrawlSettings: Sendable, Codable, Equatable {
    /// How much of a site belongs to the crawl.
    public enum Scope: String, Sendable, Codable, CaseIterable {
        /// Pages of the start's host whose path begins with the start's folder: `/docs/` for `/docs/index.html`.
        case prefix
        /// All pages of the start's host.
        case host
    }

    /// Where it starts: an http or https address.
    public var url: String
    /// How much of the site belongs to it.
    public var scope = Scope.prefix
    /// The most pages that are fetched.
    public var maxPages = 1_000
    /// The most links between the start and a page.
    public var maxDepth = 16
    /// The most bytes that are fetched in all.
    public var maxBytes = 1 << 30
    /// The most bytes of one page.
    public var maxPageBytes = 16 << 20
    /// Patterns of paths, as in robots.txt: with any, only pages that match one are fetched.
    public var include: [String] = []
    /// Patterns of paths that are not fetched.
    public var exclude: [String] = []
    /// The least milliseconds between two requests to a host.
    public var delayMilliseconds = 200
    /// Whether documents are removed whose pages the site says are gone.
    public var isSync = false
    /// Whether private addresses may be fetched, where the process allows it.
    public var allowsPrivate = false
    /// Fields of every document.
    public var metadata: [String: JSONValue] = [:]

    /// The range of `maxPages`.
    public static let maxPagesRange = 1...1_000_000
    /// The range of `maxDepth`.
    public static let maxDepthRange = 0...1_000
    /// The range of `maxBytes`.
    public static let maxBytesRange = 1...(1 << 40)
    /// The range of `maxPageBytes`: no page is larger than a document may be.
    public static let maxPageBytesRange = 1...DocumentExtractor.defaultByteLimit
    /// The range of `delayMilliseconds`.
    public static let delayRange = 0...60_000
    /// The most patterns of a kind.
    public static let maximumPatterns = 100

    /// A crawl of `url` with the defaults.
    public init(url: String) {
        self.url = url
    }

    private enum CodingKeys: String, CodingKey {
        case url, scope, include, exclude, metadata
        case maxPages = "max_pages"
        case maxDepth = "max_depth"
        case maxBytes = "max_bytes"
        case maxPageBytes = "max_page_bytes"
        case delayMilliseconds = "delay_ms"
        case isSync = "sync"
        case allowsPrivate = "allow_private"
    }

    /// Checks that the settings can be used, and puts the address in its normal form.
    /// - Throws: `IngestionError.invalidCrawl` naming the field and its range.
    public mutating func validate() throws(IngestionError) {
        guard let start = PageURL(url) else {
            throw .invalidCrawl(field: "url", reason: "'\(url.prefix(200))' is no http or https address")
        }
        url = start.description
        try Self.check(maxPages, in: Self.maxPagesRange, "max_pages")
        try Self.check(maxDepth, in: Self.maxDepthRange, "max_depth")
        try Self.check(maxBytes, in: Self.maxBytesRange, "max_bytes")
        try Self.check(maxPageBytes, in: Self.maxPageBytesRange, "max_page_bytes")
        try Self.check(delayMilliseconds, in: Self.delayRange, "delay_ms")
        for (name, patterns) in [("include", include), ("exclude", exclude)] {
            guard patterns.count <= Self.maximumPatterns else {
                throw .invalidCrawl(field: name, reason: "it has more than \(Self.maximumPatterns) patterns")
            }
            guard patterns.allSatisfy({ $0.hasPrefix("/") || $0.hasPrefix("*") }) else {
                throw .invalidCrawl(field: name, reason: "a pattern starts with / or *, as in /docs/*.html$")
            }
        }
    }

    private static func check(_ value: Int, in range: ClosedRange<Int>, _ field: String) throws(IngestionError) {
        guard range.contains(value) else {
            throw .invalidCrawl(field: field, reason: "\(value) is not within \(range.lowerBound)…\(range.upperBound)")
        }
    }

    /// The settings as a job keeps them.
    var options: [String: JSONValue] {
        guard let data = try? JSONEncoder().encode(self),
            let options = try? JSONDecoder().decode([String: JSONValue].self, from: data)
        else { return ["url": .string(url)] }
        return options
    }

    /// The settings that a job keeps.
    init(options: [String: JSONValue]) throws(IngestionError) {
        do {
            self = try JSONDecoder().decode(Self.self, from: try JSONEncoder().encode(options))
        } catch {
            throw .storage(reason: "the crawl's settings can't be read: \(error)")
        }
    }
}

/// What the process lets crawls do, whoever asks for them.
public struct CrawlPolicy: Sendable, Equatable {
    /// The crawler's name in robots.txt.
    public static let agent = "docent"

    /// Whether crawls may fetch private, loopback and other reserved addresses when they ask for it.
    public var allowsPrivate: Bool
    /// The `User-Agent` of requests.
    public var userAgent: String

    /// Bundles a policy; by default, public addresses alone.
    public init(allowsPrivate: Bool = false, userAgent: String = "Docent (+knowledge-base crawler)") {
        self.allowsPrivate = allowsPrivate
        self.userAgent = userAgent
    }

    /// Checks that a crawl asks for no more than it may.
    ///
    /// Addresses written as numbers are refused here; names are checked when they are resolved, at each connection.
    /// - Throws: `IngestionError.privateAddress`.
    func check(_ settings: CrawlSettings) throws(IngestionError) {
        if settings.allowsPrivate, !allowsPrivate { throw .privateAddress(host: nil) }
        guard !settings.allowsPrivate, let host = PageURL(settings.url)?.host else { return }
        let isLocal = host == "localhost" || host.hasSuffix(".localhost")
        if isLocal || NetworkAddress(host)?.isPublic == false { throw .privateAddress(host: host) }
    }
}
