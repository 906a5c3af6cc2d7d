import Foundation

/// What a page says of itself in JSON-LD, in schema.org's words.
///
/// Of several things that are described (the site, its publisher, a trail of links) the one that is most an article counts.
struct StructuredData {
    /// Longer scripts are product catalogues.
    private static let longestScript = 131_072
    /// Objects looked at in one script.
    private static let mostObjects = 200

    /// The headline, if any.
    private(set) var headline: String?
    /// The language, if any.
    private(set) var language: String?
    /// Values by ``HTMLMetadata``'s keys.
    private(set) var values: [String: String] = [:]
    private var rank = 0

    /// Reads a script; one that is no JSON says nothing.
    mutating func read(_ json: [UInt8]) {
        guard json.count <= Self.longestScript, let value = try? JSONSerialization.jsonObject(with: Data(json)) else {
            return
        }
        var waiting = [value]
        var seen = 0
        while let next = waiting.popLast(), seen < Self.mostObjects {
            seen += 1
            if let list = next as? [Any] {
                waiting += list.reversed()
            } else if let object = next as? [String: Any] {
                if let graph = object["@graph"] as? [Any] { waiting += graph.reversed() }
                take(object)
            }
        }
    }

    private mutating func take(_ object: [String: Any]) {
        guard let type = Self.text(object["@type"]) else { return }
        let rank = Self.rank(of: type)
        guard rank > self.rank else { return }
        self.rank = rank
        headline = Self.text(object["headline"]) ?? headline
        language = Self.text(object["inLanguage"]) ?? language
        values["type"] = type
        for (key, name) in [
            ("description", "description"), ("author", "author"), ("section", "articleSection"),
            ("keywords", "keywords"), ("site_name", "publisher"),
        ] {
            if let text = Self.text(object[name]) { values[key] = text }
        }
        for (key, name) in [("published", "datePublished"), ("modified", "dateModified")] {
            if let date = Self.text(object[name]).flatMap(DocumentDate.normalised) { values[key] = date }
        }
    }

    private static func rank(of type: String) -> Int {
        if type.hasSuffix("Article") || type.hasSuffix("Posting") || type == "Report" { return 4 }
        switch type {
        case "FAQPage", "QAPage", "HowTo", "Recipe", "Product", "Event", "Book", "Course", "Dataset": return 3
        case "WebPage", "ItemPage", "AboutPage", "ContactPage", "CollectionPage": return 2
        default: return 0
        }
    }

    /// The text of a value: itself, its name, or those of a list's members.
    private static func text(_ value: Any?) -> String? {
        switch value {
        case let text as String:
            var line = InlineText()
            line.append(text)
            let bytes = line.finish()
            return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
        case let object as [String: Any]: return text(object["name"] as? String)
        case let list as [Any]:
            let names = list.prefix(20).compactMap { $0 is [Any] ? nil : text($0) }
            return names.isEmpty ? nil : names.joined(separator: ", ")
        default: return nil
        }
    }
}
