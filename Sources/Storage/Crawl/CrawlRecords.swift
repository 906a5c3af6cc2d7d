/// A page that a crawl is to fetch.
public struct CrawlTarget: Sendable, Equatable {
    /// Its address in normal form, which is the document's id too.
    public var url: String
    /// Links from the start to it; pages of a sitemap have 1.
    public var depth: Int
    /// Redirects that led to it in a row.
    public var redirects: Int
    /// Why it isn't fetched; nil if it is.
    public var refusal: String?

    /// Describes a page.
    public init(url: String, depth: Int, redirects: Int = 0, refusal: String? = nil) {
        self.url = url
        self.depth = depth
        self.redirects = redirects
        self.refusal = refusal
    }
}

/// How far a crawl is, beside its job's items.
public struct CrawlProgress: Sendable, Equatable {
    /// Where it starts: the job's address, or where that redirects to.
    public var start: String
    /// Pages found so far, fetched or to be fetched.
    public var pageCount: Int
    /// Bytes fetched.
    public var byteCount: Int
    /// Whether sitemaps have been read.
    public var hasReadSitemaps: Bool
}

/// What is remembered of a page from one crawl to the next, so that an unchanged one costs nothing.
public struct CrawledPage: Sendable, Equatable {
    /// Its address in normal form.
    public var url: String
    /// Links from the start to it.
    public var depth: Int
    /// The server's ETag.
    public var etag: String?
    /// The server's Last-Modified.
    public var lastModified: String?
    /// The hash of the document that was made of it, ``DocumentRecord/contentHash``; nil if none was.
    public var contentHash: String?
    /// Versions and settings that the document was made with.
    public var recipe: String
    /// The pages it links to.
    public var links: [String]

    /// Describes a page.
    public init(
        url: String, depth: Int, etag: String? = nil, lastModified: String? = nil, contentHash: String? = nil,
        recipe: String = "", links: [String] = []
    ) {
        self.url = url
        self.depth = depth
        self.etag = etag
        self.lastModified = lastModified
        self.contentHash = contentHash
        self.recipe = recipe
        self.links = links
    }
}
