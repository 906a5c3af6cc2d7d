/// Reads a sitemap: the addresses of pages, or, in an index, those of more sitemaps.
///
/// XML (plain or gzip) as sitemaps.org defines it, or a text file with an address a line.
package struct SitemapReader {
    /// The largest sitemap, unpacked.
    static let maximumBytes = 50 << 20
    /// The most addresses that are taken of one sitemap.
    static let maximumAddresses = 50_000

    /// Pages, in the order of the file.
    package private(set) var pages: [String] = []
    /// More sitemaps.
    package private(set) var sitemaps: [String] = []

    /// Reads `bytes`.
    /// - Throws: `IngestionError`: it is neither XML nor text, or too large once unpacked.
    package init(_ bytes: [UInt8]) throws(IngestionError) {
        let plain = bytes.starts(with: [0x1F, 0x8B]) ? try Self.unpacked(bytes) : bytes
        let start = plain.first { $0 > 0x20 && $0 < 0x80 }
        guard start == UInt8(ascii: "<") else {
            let lines = String(decoding: plain, as: UTF8.self).split(whereSeparator: \.isNewline)
            pages = lines.map { String($0).trimmingWhitespace() }.filter { $0.hasPrefix("http") }
                .prefix(Self.maximumAddresses).map { $0 }
            return
        }
        let tree = try XMLTree(plain, format: "sitemap")
        for (index, node) in tree.nodes.enumerated() where node.name > 0 && tree.name(index) == "loc" {
            guard pages.count + sitemaps.count < Self.maximumAddresses else { break }
            let address = tree.plainText(index)
            switch tree.name(Int(node.parent)) {
            case "url": pages.append(address)
            case "sitemap": sitemaps.append(address)
            // Images and videos of a page have a <loc> of their own.
            default: continue
            }
        }
    }

    private static func unpacked(_ bytes: [UInt8]) throws(IngestionError) -> [UInt8] {
        var limits = ArchiveReader.Limits()
        limits.entryBytes = maximumBytes
        var content: [UInt8]?
        let reader = ArchiveReader(.bytes(bytes), format: "sitemap", limits: limits, isRaw: true)
        try reader.forEach { (_, read) throws(IngestionError) in
            content = try read()
            return false
        }
        guard let content else { throw .noText }
        return content
    }
}
