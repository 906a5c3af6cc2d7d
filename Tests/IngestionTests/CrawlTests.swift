import Foundation
import Ingestion
import Logging
import Storage
import TestSupport
import Testing

@Suite("Crawls")
struct CrawlTests {
    /// A store, a service that may fetch from loopback, and a site.
    private struct Bench {
        let folder: TemporaryDirectory
        let store: DocumentStore
        let collection: CollectionRecord
        let encoder = StubEncoder()
        let service: IngestService
        let site: TestSite

        init(_ pages: [String: TestSite.Page], allowsPrivate: Bool = true) throws {
            site = try TestSite(pages)
            folder = try TemporaryDirectory()
            store = try DocumentStore(path: folder.file("docent.sqlite"))
            collection = try store.createCollection(
                NewCollection(
                    name: "site", encoder: encoder.modelName, encoderFingerprint: "stub-1",
                    dimension: encoder.dimension))
            service = IngestService(
                store: store, embedder: encoder, crawlPolicy: CrawlPolicy(allowsPrivate: allowsPrivate),
                logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }), onCommit: { _ in })
        }

        func crawl(
            _ path: String = "/", _ configure: (inout CrawlSettings) -> Void = { _ in }
        ) async throws -> JobRecord {
            var settings = CrawlSettings(url: site.base + path)
            settings.delayMilliseconds = 0
            settings.allowsPrivate = true
            configure(&settings)
            return try await service.run(try service.submit(crawl: settings, into: "site").id)
        }

        /// Paths of the documents.
        var documents: [String] {
            get throws {
                try store.documents(in: collection.id, state: .indexed).documents
                    .map { String($0.externalID.dropFirst(site.base.utf8.count)) }.sorted()
            }
        }

        /// State and reason of a page of a job.
        func outcome(_ path: String, _ job: JobRecord) -> (state: JobItemState, error: String?)? {
            job.items.first { $0.externalID == site.base + path }.map { ($0.state, $0.error) }
        }
    }

    @Test("a site is found by its links; a document's id and url are the page's address")
    func links() async throws {
        let bench = try Bench([
            "/": .html("Start", links: ["/a.html", "b/", "/a.html#part", "https://elsewhere.example/"]),
            "/a.html": .html("Kettles", links: ["/", "/missing"]),
            "/b/": .html("Lids", links: ["c?utm_source=x", "picture.png", "feed.xml"]),
            "/b/c": .html("Handles"),
        ])
        let job = try await bench.crawl()
        #expect(job.kind == "crawl" && job.state == .succeeded)
        #expect(try bench.documents == ["/", "/a.html", "/b/", "/b/c"])
        #expect(bench.outcome("/missing", job)?.error == "the page is gone (404)")
        #expect(job.items.count == 5 && job.progress.total == 5 && job.progress.done == 5)
        let document = try bench.store.document(
            externalID: bench.site.base + "/a.html", in: bench.collection.id)
        #expect(document.title == "Kettles" && document.url == bench.site.base + "/a.html")
        let requests = bench.site.takeRequests()
        #expect(Set(requests).count == requests.count, "no page is asked for twice")
        #expect(requests.first == "/robots.txt")
    }

    @Test("sitemaps are read, those of robots.txt and an index too; robots.txt is kept to")
    func sitemapAndRobots() async throws {
        let bench = try Bench(["/": .html("Start", links: ["/private/x", "/open"]), "/open": .html("Open")])
        bench.site["/robots.txt"] = .init(
            body: "User-agent: *\nDisallow: /private\nSitemap: \(bench.site.base)/maps.xml\n")
        bench.site["/maps.xml"] = .init(
            body: "<sitemapindex><sitemap><loc>\(bench.site.base)/map.xml</loc></sitemap></sitemapindex>")
        bench.site["/map.xml"] = .init(
            body: "<urlset><url><loc>\(bench.site.base)/lonely</loc></url>"
                + "<url><loc>\(bench.site.base)/private/y</loc></url>"
                + "<url><loc>https://elsewhere.example/</loc></url></urlset>")
        bench.site["/lonely"] = .html("Linked from nowhere")
        let job = try await bench.crawl()
        #expect(try bench.documents == ["/", "/lonely", "/open"])
        for path in ["/private/x", "/private/y"] {
            #expect(bench.outcome(path, job)?.state == .skipped)
            #expect(bench.outcome(path, job)?.error == "robots.txt disallows it")
        }
        #expect(job.progress.skipped == 2 && job.progress.unchanged == 0)
        #expect(!bench.site.takeRequests().contains { $0.hasPrefix("/private") })
    }

    @Test("a robots.txt that can't be read forbids everything; one that isn't there nothing")
    func brokenRobots() async throws {
        let bench = try Bench(["/": .html("Start"), "/robots.txt": .init(status: "500 Oops")])
        let job = try await bench.crawl()
        #expect(job.state == .failed && bench.outcome("/", job)?.error?.contains("robots.txt answered 500") == true)
        #expect(try bench.documents.isEmpty)
        bench.site["/robots.txt"] = .init(status: "403 Forbidden")
        #expect(try await bench.crawl().state == .succeeded)
        bench.site["/robots.txt"] = .init(body: "User-agent: Docent\nDisallow: /")
        let refused = try await bench.crawl()
        #expect(refused.state == .failed && bench.outcome("/", refused)?.error == "robots.txt disallows it")
    }

    @Test("a second crawl asks by ETag and costs nothing; what changed, and only that, is fetched and embedded")
    func conditional() async throws {
        let bench = try Bench([
            "/": .html("Start", links: ["/a", "/b"], headers: ["ETag: \"1\""]),
            "/a": .html("Kettles", headers: ["ETag: \"a1\""]), "/b": .html("Lids"),
        ])
        _ = try await bench.crawl()
        let embedded = bench.encoder.texts.count
        #expect(bench.site.takeBodyCount() == 3)
        let again = try await bench.crawl()
        #expect(again.progress.unchanged == 3 && again.state == .succeeded)
        #expect(bench.site.takeBodyCount() == 1 && bench.encoder.texts.count == embedded)
        bench.site["/a"] = .html("Teapots", headers: ["ETag: \"a2\""])
        let changed = try await bench.crawl()
        #expect(bench.outcome("/a", changed)?.state == .succeeded && changed.progress.unchanged == 2)
        #expect(bench.encoder.texts.count == embedded + 1)
        // A document that is gone is made again, whatever the server says.
        try bench.store.deleteDocument(externalID: bench.site.base + "/a", in: bench.collection.id)
        let restored = try await bench.crawl()
        #expect(bench.outcome("/a", restored)?.state == .succeeded)
    }

    @Test("with sync, documents of pages that are gone are removed; without it, and on errors, none is")
    func sync() async throws {
        let bench = try Bench([
            "/": .html("Start", links: ["/a", "/b", "/c"]), "/a": .html("A"), "/b": .html("B"), "/c": .html("C"),
        ])
        _ = try await bench.crawl()
        bench.site["/"] = .html("Start", links: ["/c"])
        bench.site["/a"] = .init(status: "410 Gone")
        bench.site["/b"] = .init(status: "500 Oops")
        bench.site["/c"] = .missing
        let plain = try await bench.crawl()
        #expect(bench.outcome("/c", plain)?.state == .failed)
        #expect(try bench.documents == ["/", "/a", "/b", "/c"])
        let synced = try await bench.crawl { $0.isSync = true }
        #expect(bench.outcome("/a", synced)?.state == .succeeded)
        #expect(bench.outcome("/b", synced)?.error == "the server answered 500")
        #expect(try bench.documents == ["/", "/b"])
        #expect(synced.progress.removed == 2 && synced.removed.count == 2)
        bench.site["/robots.txt"] = .init(status: "503 Down", headers: ["Retry-After: 0"])
        _ = try await bench.crawl { $0.isSync = true }
        #expect(try bench.documents == ["/", "/b"])
    }

    @Test("redirects lead on within the site, ten at most; loops and other sites end them")
    func redirects() async throws {
        let bench = try Bench([
            "/": .html("Start", links: ["/old", "/loop1", "/out", "/self", "/r0", "/refresh"]),
            "/refresh": .html("Moved", head: "<meta http-equiv=refresh content='0; URL=/fresh'>"),
            "/fresh": .html("Fresh"),
            "/old": .redirect(to: "/new"), "/new": .html("New"), "/loop1": .redirect(to: "/loop2"),
            "/loop2": .redirect(to: "/loop1"), "/out": .redirect(to: "https://elsewhere.example/"),
            "/self": .redirect(to: "/self"),
        ])
        for step in 0..<12 { bench.site["/r\(step)"] = .redirect("302 Found", to: "/r\(step + 1)") }
        let job = try await bench.crawl()
        #expect(try bench.documents == ["/", "/fresh", "/new"])
        #expect(bench.outcome("/old", job)?.error == "redirects to \(bench.site.base)/new")
        #expect(bench.outcome("/loop2", job)?.state == .skipped && bench.outcome("/self", job)?.state == .failed)
        #expect(bench.outcome("/out", job)?.error?.hasPrefix("redirects out of the crawl") == true)
        #expect(bench.outcome("/r10", job)?.error == "more than 10 redirects in a row")
        #expect(bench.outcome("/r11", job) == nil)
    }

    @Test("a start that redirects to another site moves the crawl there")
    func movedStart() async throws {
        let target = try TestSite(["/": .html("Home", links: ["/x"]), "/x": .html("X")])
        let bench = try Bench(["/": .redirect(to: target.base + "/")])
        let job = try await bench.crawl()
        #expect(job.state == .succeeded)
        let ids = try bench.store.documents(in: bench.collection.id, state: .indexed).documents.map(\.externalID)
        #expect(ids.sorted() == [target.base + "/", target.base + "/x"])
    }

    @Test("an endless site ends at the limit of pages, a deep one at the limit of depth")
    func limits() async throws {
        let bench = try Bench(["/": .html("Start", links: ["/p?n=1", "a/"])])
        for number in 1...60 {
            bench.site["/p?n=\(number)"] = .html("Day \(number)", links: ["/p?n=\(number + 1)"])
        }
        let few = try await bench.crawl { $0.maxPages = 10 }
        #expect(few.progress.total == 10 && few.state == .succeeded)
        let shallow = try await bench.crawl { $0.maxDepth = 3 }
        #expect(bench.outcome("/p?n=3", shallow) != nil && bench.outcome("/p?n=4", shallow) == nil)
        bench.site["*"] = .html("Trap", links: ["a/"])
        let trapped = try await bench.crawl("/a/") { $0.maxDepth = 100 }
        #expect(trapped.items.count == 3)
        let bytes = try await bench.crawl { $0.maxBytes = 300 }
        #expect(bytes.items.contains { $0.error == "the crawl's limit of 300 bytes is reached" })
    }

    @Test("pages that are too large, no documents, or not to be indexed are passed over with the reason")
    func skipped() async throws {
        let bench = try Bench([
            "/": .html(
                "Start", links: ["/huge", "/image", "/zip", "/noindex", "/header", "/copy", "/text", "/binary"]),
            "/huge": .html(String(repeating: "word ", count: 4_000)),
            "/image": .init(headers: ["Content-Type: image/png"], body: "PNG"),
            "/zip": .init(headers: ["Content-Type: application/zip"], body: "PK"),
            "/binary": .init(headers: ["Content-Type: application/octet-stream"], body: "\u{1}\u{2}\u{3}\u{4}"),
            "/noindex": .html("Hidden", links: ["/found"], head: "<meta name=robots content=noindex>"),
            "/header": .html("Hidden", headers: ["X-Robots-Tag: noindex, nofollow"]),
            "/copy": .html("Copy", head: "<link rel=canonical href=/original>"), "/original": .html("Original"),
            "/found": .html("Found"),
            "/text": .init(headers: ["Content-Type: text/plain"], body: "Plain text about kettles."),
        ])
        let job = try await bench.crawl { $0.maxPageBytes = 10_000 }
        #expect(try bench.documents == ["/", "/found", "/original", "/text"])
        let reasons = [
            "/huge": "more than 10000 bytes", "/image": "image/png", "/zip": "application/zip", "/noindex": "noindex",
            "/header": "noindex", "/copy": "canonical address", "/binary": "binary",
        ]
        for (path, reason) in reasons {
            let outcome = bench.outcome(path, job)
            #expect(outcome?.state == .skipped && outcome?.error?.contains(reason) == true, "\(path)")
        }
    }

    @Test("only the start's folder is crawled unless the host was asked for; patterns narrow it")
    func scope() async throws {
        let bench = try Bench([
            "/docs/": .html("Docs", links: ["/docs/a", "/docs/print/a", "/blog/"]), "/docs/a": .html("A"),
            "/docs/print/a": .html("A to print"), "/blog/": .html("Blog"),
        ])
        _ = try await bench.crawl("/docs/") { $0.exclude = ["*/print/"] }
        #expect(try bench.documents == ["/docs/", "/docs/a"])
        _ = try await bench.crawl("/docs/") { settings in
            settings.scope = .host
            settings.include = ["/blog/", "/docs/print"]
        }
        #expect(try bench.documents == ["/blog/", "/docs/", "/docs/a", "/docs/print/a"])
    }

    @Test("a site that asks to wait is asked again; one that goes on asking is left alone")
    func patience() async throws {
        let busy = TestSite.Page(status: "429 Too Many Requests", headers: ["Retry-After: 0"])
        let pages = (1...6).map { "/p\($0)" }
        var site: [String: TestSite.Page] = ["/": .html("Start", links: pages)]
        for page in pages { site[page] = busy }
        let bench = try Bench(site)
        let job = try await bench.crawl()
        #expect(job.progress.failed == 6 && job.state == .succeeded)
        let requests = bench.site.takeRequests().filter { $0.hasPrefix("/p") }
        #expect(requests.count == 12, "three pages, four times each")
    }

    @Test("requests to a host keep their distance; Crawl-delay goes before a shorter one")
    func politeness() async throws {
        let bench = try Bench([
            "/": .html("Start", links: ["/a"]), "/a": .html("A"),
            "/robots.txt": .init(body: "User-agent: *\nCrawl-delay: 0.15"),
        ])
        _ = try await bench.crawl { $0.delayMilliseconds = 40 }
        let times = bench.site.times
        #expect(times.count == 4)
        #expect(zip(times.dropFirst(), times).dropFirst().allSatisfy { $0 - $1 >= .milliseconds(140) })
        #expect(times[1] - times[0] >= .milliseconds(35))
    }

    @Test("a crawl that is stopped goes on where it was")
    func resumed() async throws {
        let pages = (1...12).map { "/p\($0)" }
        var site: [String: TestSite.Page] = ["/": .html("Start", links: pages)]
        for page in pages { site[page] = .html(page) }
        let bench = try Bench(site)
        var settings = CrawlSettings(url: bench.site.base)
        settings.allowsPrivate = true
        settings.delayMilliseconds = 30
        let job = try bench.service.submit(crawl: settings, into: "site")
        let service = bench.service
        let run = Task { try await service.run(job.id) }
        try await Task.sleep(for: .milliseconds(250))
        run.cancel()
        let stopped = try await run.value
        #expect(!stopped.state.isFinal)
        #expect(!stopped.items.contains { $0.state == .running || $0.state == .failed })
        let ended = try #require(try await service.resumeUnfinished().first)
        #expect(ended.state == .succeeded && ended.progress.total == 13 && ended.progress.failed == 0)
        #expect(try bench.documents.count == 13)
        #expect(bench.site.takeRequests().count { $0 == "/sitemap.xml" } == 1)
    }

    @Test("a paused crawl fetches nothing more until it is resumed; a page that failed can be tried again")
    func paused() async throws {
        let bench = try Bench(["/": .html("Start", links: ["/a", "/b"]), "/a": .html("A")])
        var settings = CrawlSettings(url: bench.site.base)
        settings.allowsPrivate = true
        settings.delayMilliseconds = 0
        let job = try bench.service.submit(crawl: settings, into: "site")
        try bench.store.pauseJob(job.id)
        #expect(try await bench.service.run(job.id).progress.done == 0)
        #expect(bench.site.takeRequests().isEmpty)
        try bench.store.resumeJob(job.id)
        let ended = try await bench.service.run(job.id)
        #expect(ended.state == .succeeded && ended.progress.failed == 1)
        bench.site["/b"] = .html("B", links: ["/c"])
        bench.site["/c"] = .html("C")
        #expect(try bench.store.retryJob(job.id).count == 1)
        let again = try await bench.service.run(job.id)
        #expect(again.progress.failed == 0 && again.progress.total == 4)
        #expect(try bench.documents == ["/", "/a", "/b", "/c"])
    }

    @Test("private addresses are refused unless both the process and the crawl allow them")
    func guarding() async throws {
        let bench = try Bench(["/": .html("Inside")], allowsPrivate: false)
        for address in ["http://127.0.0.1/", "http://localhost/", "http://[::1]/", "http://169.254.169.254/latest"] {
            #expect(throws: IngestionError.self) {
                try bench.service.submit(crawl: CrawlSettings(url: address), into: "site")
            }
        }
        // A number that only the resolver takes for an address is refused at the connection.
        let port = bench.site.base.split(separator: ":").last ?? ""
        let job = try bench.service.submit(crawl: CrawlSettings(url: "http://2130706433:\(port)/"), into: "site")
        let ended = try await bench.service.run(job.id)
        #expect(ended.state == .failed && ended.items.first?.error?.contains("private or reserved") == true)
        #expect(bench.site.takeRequests().isEmpty)
        var asking = CrawlSettings(url: "https://example.com/")
        asking.allowsPrivate = true
        #expect(throws: IngestionError.privateAddress(host: nil)) {
            try bench.service.submit(crawl: asking, into: "site")
        }
    }

    @Test("settings out of range are refused by name")
    func badSettings() throws {
        let bench = try Bench([:])
        let changes: [(String, (inout CrawlSettings) -> Void)] = [
            ("url", { $0.url = "ftp://example.com" }), ("max_pages", { $0.maxPages = 0 }),
            ("max_depth", { $0.maxDepth = -1 }), ("max_bytes", { $0.maxBytes = 0 }),
            ("delay_ms", { $0.delayMilliseconds = 70_000 }), ("include", { $0.include = ["docs"] }),
        ]
        for (field, change) in changes {
            var settings = CrawlSettings(url: "https://example.com/")
            change(&settings)
            let error = #expect(throws: IngestionError.self) {
                try bench.service.submit(crawl: settings, into: "site")
            }
            #expect(error?.description.hasPrefix(field + ":") == true)
        }
    }
}
