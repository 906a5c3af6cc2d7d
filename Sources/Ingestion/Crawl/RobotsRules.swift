import Foundation

/// What a robots.txt lets one crawler fetch.
///
/// The groups of the crawler's own name go together, else those of `*`; the longest matching rule decides, `allow`
/// before `disallow` when they are of one length; no rule means yes.
/// Source: RFC 9309. `Crawl-delay` and `Sitemap` are extensions that sites expect to be honoured.
package struct RobotsRules: Sendable {
    /// How many bytes of a robots.txt are read.
    package static let maximumBytes = 500 << 10

    private struct Rule: Sendable {
        var pattern: PathPattern
        var isAllowed: Bool
    }

    private struct Group {
        var agents: [String] = []
        var rules: [Rule] = []
        var delay: Double?
        var isClosed = false
    }

    private let rules: [Rule]
    /// Seconds between two requests that the site asks for.
    package let crawlDelay: Double?
    /// The addresses of sitemaps, as written.
    package let sitemaps: [String]

    /// Everything is allowed: there is no robots.txt.
    static let allowingAll = RobotsRules(rules: [])
    /// Nothing is allowed: the site's robots.txt can't be read now.
    static let allowingNothing = RobotsRules(rules: [Rule(pattern: PathPattern("/"), isAllowed: false)])

    private init(rules: [Rule]) {
        (self.rules, crawlDelay, sitemaps) = (rules, nil, [])
    }

    /// Reads a robots.txt for the crawler called `agent`.
    package init(_ bytes: [UInt8], agent: String) {
        var groups: [Group] = []
        var sitemaps: [String] = []
        var text = String(decoding: bytes.prefix(Self.maximumBytes), as: UTF8.self)
        if text.hasPrefix("\u{FEFF}") { text.removeFirst() }
        for line in text.split(whereSeparator: \.isNewline) {
            let statement = line.prefix { $0 != "#" }
            guard let colon = statement.firstIndex(of: ":") else { continue }
            let key = statement[..<colon].trimmingCharacters(in: .whitespaces).lowercased()
            let value = statement[statement.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            switch key {
            case "user-agent":
                if groups.last?.isClosed ?? true { groups.append(Group()) }
                groups[groups.count - 1].agents.append(Self.token(value))
            case "allow", "disallow":
                guard !groups.isEmpty else { continue }
                groups[groups.count - 1].isClosed = true
                if !value.isEmpty {
                    groups[groups.count - 1].rules.append(
                        Rule(pattern: PathPattern(value), isAllowed: key == "allow"))
                }
            case "crawl-delay":
                guard !groups.isEmpty else { continue }
                groups[groups.count - 1].isClosed = true
                if let seconds = Double(value), seconds >= 0, seconds.isFinite {
                    groups[groups.count - 1].delay = seconds
                }
            case "sitemap": if !value.isEmpty { sitemaps.append(value) }
            default: continue
            }
        }
        var chosen = groups.filter { $0.agents.contains(agent.lowercased()) }
        if chosen.isEmpty { chosen = groups.filter { $0.agents.contains("*") } }
        rules = chosen.flatMap(\.rules)
        crawlDelay = chosen.compactMap(\.delay).max()
        self.sitemaps = sitemaps
    }

    /// Whether `target`, a path with its query, may be fetched.
    package func allows(_ target: String) -> Bool {
        if target == "/robots.txt" { return true }
        var best: (length: Int, isAllowed: Bool) = (-1, true)
        for rule in rules where rule.pattern.length >= best.length && rule.pattern.matches(target) {
            if rule.pattern.length > best.length || rule.isAllowed {
                best = (rule.pattern.length, rule.isAllowed)
            }
        }
        return best.isAllowed
    }

    /// The product token of a user-agent line: its first word of letters, `-` and `_`.
    private static func token(_ value: String) -> String {
        if value.hasPrefix("*") { return "*" }
        return value.lowercased().prefix { $0.isASCII && ($0.isLetter || $0 == "-" || $0 == "_") }.description
    }
}
