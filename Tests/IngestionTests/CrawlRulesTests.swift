import Ingestion
import Testing

@Suite("What a crawl goes by")
struct CrawlRulesTests {
    @Test(
        "an address has one normal form",
        arguments: [
            ("HTTP://Example.COM:80/a/./b/../c#top", "http://example.com/a/c"),
            ("https://example.com:443", "https://example.com/"),
            ("https://example.com:8443/x", "https://example.com:8443/x"),
            ("https://example.com./x", "https://example.com/x"),
            ("https://example.com/%7euser/%e4b?b=2&a=%2f", "https://example.com/~user/%E4b?b=2&a=%2F"),
            ("https://example.com/a b/ü|?q=ö", "https://example.com/a%20b/%C3%BC%7C?q=%C3%B6"),
            ("https://example.com/?utm_source=x&id=7&UTM_medium=y&gclid=1", "https://example.com/?id=7"),
            ("https://example.com/p?utm_source=x", "https://example.com/p"),
            ("https://example.com/p?", "https://example.com/p"),
            ("https://example.com/a//b/%2E%2E/c/..", "https://example.com/a//"),
            ("  https:\\\\example.com\\a\n", "https://example.com/a"),
            ("http://[::1]:8080/", "http://[::1]:8080/"),
            ("https://example.com/100%", "https://example.com/100%25"),
        ])
    func normalForm(_ written: String, _ normal: String) throws {
        let url = try #require(PageURL(written))
        #expect(url.description == normal)
        #expect(PageURL(normal) == url, "the normal form is its own")
    }

    @Test(
        "what is no http address, or has a user part, is none",
        arguments: [
            "ftp://example.com/", "mailto:a@b.c", "javascript:alert(1)", "//example.com/", "/a", "", "http://",
            "http://user:pw@example.com/", "http://example.com:99999/", "http://exa mple.com/", "http:example.com",
            "http://a<b>/", "file:///etc/passwd", "https://example.com/" + String(repeating: "a", count: 1_100),
        ])
    func noAddress(_ text: String) {
        #expect(PageURL(text) == nil)
    }

    @Test(
        "links are resolved as in RFC 3986",
        arguments: [
            ("g", "http://a/b/c/g"), ("./g", "http://a/b/c/g"), ("g/", "http://a/b/c/g/"), ("/g", "http://a/g"),
            ("//g", "http://g/"), ("?y", "http://a/b/c/d;p?y"), ("g?y", "http://a/b/c/g?y"),
            ("#s", "http://a/b/c/d;p?q"), ("g#s", "http://a/b/c/g"), (";x", "http://a/b/c/;x"),
            ("", "http://a/b/c/d;p?q"), (".", "http://a/b/c/"), ("..", "http://a/b/"), ("../..", "http://a/"),
            ("../../../g", "http://a/g"), ("g;x=1/../y", "http://a/b/c/y"), ("https://h/x", "https://h/x"),
        ])
    func resolution(_ reference: String, _ resolved: String) throws {
        let base = try #require(PageURL("http://a/b/c/d;p?q"))
        #expect(PageURL(reference, base: base)?.description == resolved)
    }

    @Test("the same segment again and again is a trap")
    func repetition() throws {
        #expect(try #require(PageURL("http://a/x/y/x/y/x/y/x/y")).repeatsItself)
        #expect(try !#require(PageURL("http://a/x/y/x")).repeatsItself)
    }

    @Test(
        "patterns of paths",
        arguments: [
            ("/fish", "/fish.html", true), ("/fish", "/Fish", false), ("/fish*", "/fishheads/yummy", true),
            ("/fish/", "/fish", false), ("/*.php", "/folder/any.php?x", true), ("/*.php$", "/a.php?x", false),
            ("/*.php$", "/a.php", true), ("/fish*.php", "/fishheads/catfish.php?p", true), ("*", "/", true),
            ("/a*b*c$", "/a-b-c-b-c", true), ("/a*b*c$", "/a-b-cd", false), ("/$", "/", true), ("/$", "/a", false),
            ("/%7ea", "/~a", true), ("/a**b", "/a-b", true), ("*/print/*", "/x/print/y", true),
            ("/a%2fb", "/a%2Fb", true),
        ])
    func patterns(_ pattern: String, _ target: String, _ matches: Bool) {
        #expect(PathPattern(pattern).matches(target) == matches)
    }

    private func rules(_ text: String) -> RobotsRules { RobotsRules(Array(text.utf8), agent: "docent") }

    @Test("the longest rule decides, allow before disallow; the own groups go before those of *")
    func robots() {
        let robots = rules(
            """
            # a comment
            User-agent: *
            Disallow: /

            User-Agent: other
            User-agent: Docent/2.0
            Disallow: /private   # not this
            Allow: /private/open
            Disallow: /both
            Allow: /both
            crawl-delay: 2.5
            Sitemap: https://a/s.xml
            user-agent: docent
            disallow: /*?session=
            """)
        #expect(robots.allows("/") && !robots.allows("/private/x") && robots.allows("/private/open/x"))
        #expect(robots.allows("/both") && !robots.allows("/a?session=1") && robots.allows("/robots.txt"))
        #expect(robots.crawlDelay == 2.5 && robots.sitemaps == ["https://a/s.xml"])
        #expect(!rules("User-agent: *\nDisallow: /a").allows("/ab") && rules("Disallow: /").allows("/"))
        #expect(rules("User-agent: *\nDisallow:").allows("/") && rules("").allows("/x") && rules("<html>").allows("/"))
        #expect(!rules("\u{FEFF}User-agent: *\rDisallow: /x\r").allows("/x"))
    }

    @Test("of a robots.txt that is too long, what comes after 500 KiB isn't read")
    func robotsLimit() {
        let filler = String(repeating: "# filler\n", count: RobotsRules.maximumBytes / 9 + 1)
        #expect(rules("User-agent: *\n" + filler + "Disallow: /").allows("/a"))
        #expect(!rules("User-agent: *\nDisallow: /\n" + filler).allows("/a"))
    }

    @Test("sitemaps are XML, an index, or lines of text")
    func sitemaps() throws {
        let pages = try SitemapReader(
            Array(
                """
                <?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:i="urn:i">
                <url><loc> https://a/1?x=1&amp;y=2 </loc><i:image><i:loc>https://a/p.png</i:loc></i:image></url>
                <url><loc>https://a/2</loc></url></urlset>
                """.utf8))
        #expect(pages.pages == ["https://a/1?x=1&y=2", "https://a/2"] && pages.sitemaps.isEmpty)
        let index = try SitemapReader(
            Array("<sitemapindex><sitemap><loc>https://a/s1.xml</loc></sitemap></sitemapindex>".utf8))
        #expect(index.sitemaps == ["https://a/s1.xml"] && index.pages.isEmpty)
        let lines = try SitemapReader(Array("https://a/1\r\n\r\nno address\nhttps://a/2\n".utf8))
        #expect(lines.pages == ["https://a/1", "https://a/2"])
        #expect(throws: IngestionError.self) { try SitemapReader(Array("<urlset><url>".utf8)) }
        let bomb = "<!DOCTYPE u [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><urlset><url><loc>&b;</loc></url></urlset>"
        #expect(throws: IngestionError.self) { try SitemapReader(Array(bomb.utf8)) }
    }

    @Test("a page's links, its base, its canonical address and what it forbids")
    func pageLinks() throws {
        func read(_ html: String, tag: String? = nil) throws -> PageLinks {
            var links = PageLinks(robotsTag: tag, agent: "docent")
            let address = try #require(PageURL("https://a/x/page.html"))
            try links.read(Array(html.utf8), contentType: "text/html", at: address, agent: "docent")
            return links
        }
        let page = try read(
            """
            <head><base href="/b/"><link rel="canonical" href="c.html"></head><body><a href="1.html#s">1</a>
            <a href="1.html">again</a><a href="2.html" rel="noopener nofollow">2</a><a href="mailto:x@y">mail</a>
            <area href="/3?utm_source=x"></body>
            """)
        #expect(page.links.map(\.description) == ["https://a/b/1.html", "https://a/3"])
        #expect(page.canonical?.description == "https://a/b/c.html" && page.isIndexed && page.isFollowed)
        let closed = try read("<meta name=ROBOTS content='NoIndex, nofollow'><a href=1>1</a>")
        #expect(!closed.isIndexed && !closed.isFollowed && closed.links.isEmpty)
        #expect(try !read("<meta name=docent content=none>", tag: nil).isIndexed)
        #expect(try !read("", tag: "noindex").isIndexed && !read("", tag: "docent: nofollow").isFollowed)
        #expect(try read("", tag: "otherbot: noindex, nofollow").isIndexed)
    }
}
