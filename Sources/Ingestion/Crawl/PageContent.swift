import CurlClient

/// What was fetched from an address: whether it is a document that ingestion reads, and what it says to crawlers.
struct PageContent {
    /// What the page says to crawlers.
    private(set) var links: PageLinks
    /// The file name, where the address ends with one whose format is known.
    let fileName: String?
    /// Why it is no document; nil if it is one.
    private(set) var problem: String?

    /// Looks at a whole response.
    init(_ response: HTTPResponse, at url: PageURL) {
        let contentType = response.head.headers["content-type"]
        links = PageLinks(robotsTag: response.head.headers["x-robots-tag"], agent: CrawlPolicy.agent)
        fileName = url.fileName.flatMap { name in
            SourceFormat(fileExtension: SourceFormat.fileExtension(of: name)) == nil ? nil : name
        }
        do throws(IngestionError) {
            let format = try SourceFormat.sniff(response.body, fileName: fileName, contentType: contentType)
            if format.isContainer {
                problem = "it is an archive or a file of many documents: ingest it by itself"
            } else if format == .html {
                try links.read(response.body, contentType: contentType, at: url, agent: CrawlPolicy.agent)
            }
        } catch {
            problem = error.description
        }
    }

    private static let otherTypes: Set<String> = [
        "text/css", "text/javascript", "application/javascript", "application/x-javascript", "application/wasm",
        "application/xml", "text/xml", "application/zip", "application/gzip", "application/x-tar",
    ]

    /// Why a response's body needn't be read, by its headers alone; nil if it may be a document.
    static func problem(_ head: HTTPResponseHead) -> String? {
        let type = MediaType(head.headers["content-type"]).essence
        let isMedia = ["image/", "audio/", "video/", "font/"].contains { type.hasPrefix($0) }
        let isFeed = type.hasSuffix("+xml") && type != "application/xhtml+xml"
        return isMedia || isFeed || otherTypes.contains(type) ? "\(type) is no document" : nil
    }
}
