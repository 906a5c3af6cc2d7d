/// What a word processor's styles and numberings mean for a paragraph: heading, list item, or neither.
struct WordStyles {
    /// Heading level of each style that is a heading's, 1 the highest.
    private var headingLevels: [String: Int] = [:]
    /// The numbering that a style brings.
    private var numberings: [String: (id: String, level: Int)] = [:]
    /// Whether a level of a numbering counts, by numbering and level; missing: bullets.
    private var isOrdered: [String: [Int: Bool]] = [:]
    private var counters: [String: [Int: Int]] = [:]

    /// Style chains longer than this are a circle.
    private static let longestChain = 16

    /// Reads `styles.xml` and `numbering.xml`, either may be missing.
    init(styles: XMLTree?, numbering: XMLTree?) {
        if let styles { readStyles(styles) }
        if let numbering { readNumbering(numbering) }
    }

    private mutating func readStyles(_ tree: XMLTree) {
        var bases: [String: String] = [:]
        for style in tree.all("style") {
            guard let id = tree.value("styleId", of: style) else { continue }
            if let base = tree.child("basedOn", of: style).flatMap({ tree.value("val", of: $0) }) { bases[id] = base }
            let name = tree.child("name", of: style).flatMap { tree.value("val", of: $0) }?.lowercased() ?? ""
            if name == "title" {
                headingLevels[id] = 1
            } else if name.hasPrefix("heading "), let level = Int(name.dropFirst("heading ".count)) {
                headingLevels[id] = level
            }
            guard let properties = tree.child("pPr", of: style) else { continue }
            if headingLevels[id] == nil, let level = Self.outlineLevel(tree, properties) { headingLevels[id] = level }
            if let numbering = Self.numbering(tree, properties) { numberings[id] = numbering }
        }
        for id in bases.keys {
            var at = id
            for _ in 0..<Self.longestChain {
                if headingLevels[id] == nil { headingLevels[id] = headingLevels[at] }
                if numberings[id] == nil { numberings[id] = numberings[at] }
                guard let base = bases[at] else { break }
                at = base
            }
        }
    }

    private mutating func readNumbering(_ tree: XMLTree) {
        var formats: [String: [Int: Bool]] = [:]
        for abstract in tree.all("abstractNum") {
            guard let id = tree.value("abstractNumId", of: abstract) else { continue }
            for level in tree.children(of: abstract) where tree.name(level) == "lvl" {
                guard let number = tree.value("ilvl", of: level).flatMap({ Int($0) }) else { continue }
                let format = tree.child("numFmt", of: level).flatMap { tree.value("val", of: $0) } ?? "bullet"
                formats[id, default: [:]][number] = format != "bullet" && format != "none"
            }
        }
        for number in tree.all("num") {
            guard let id = tree.value("numId", of: number),
                let abstract = tree.child("abstractNumId", of: number).flatMap({ tree.value("val", of: $0) })
            else { continue }
            isOrdered[id] = formats[abstract]
        }
    }

    private static func outlineLevel(_ tree: XMLTree, _ properties: Int) -> Int? {
        guard let value = tree.child("outlineLvl", of: properties).flatMap({ tree.value("val", of: $0) }),
            let level = Int(value), level < 9
        else { return nil }
        return level + 1
    }

    private static func numbering(_ tree: XMLTree, _ properties: Int) -> (id: String, level: Int)? {
        guard let numbering = tree.child("numPr", of: properties),
            let id = tree.child("numId", of: numbering).flatMap({ tree.value("val", of: $0) })
        else { return nil }
        let level = tree.child("ilvl", of: numbering).flatMap { tree.value("val", of: $0) }.flatMap { Int($0) } ?? 0
        return (id, max(0, min(level, 8)))
    }

    /// The heading level of a paragraph, nil if it is none.
    func headingLevel(_ tree: XMLTree, _ properties: Int?) -> Int? {
        guard let properties else { return nil }
        if let style = style(tree, properties), let level = headingLevels[style] { return level }
        return Self.outlineLevel(tree, properties)
    }

    /// The marker and level (from 1) of a list's item, nil if the paragraph is none; counts ordered items.
    mutating func listMarker(_ tree: XMLTree, _ properties: Int?) -> (marker: String, level: Int)? {
        guard let properties,
            let numbering = Self.numbering(tree, properties)
                ?? style(tree, properties).flatMap({ numberings[$0] }), numbering.id != "0"
        else { return nil }
        guard isOrdered[numbering.id]?[numbering.level] == true else { return ("- ", numbering.level + 1) }
        var counter = counters[numbering.id] ?? [:]
        let next = (counter[numbering.level] ?? 0) + 1
        counter = counter.filter { $0.key < numbering.level }
        counter[numbering.level] = next
        counters[numbering.id] = counter
        return ("\(next). ", numbering.level + 1)
    }

    private func style(_ tree: XMLTree, _ properties: Int) -> String? {
        tree.child("pStyle", of: properties).flatMap { tree.value("val", of: $0) }
    }
}
