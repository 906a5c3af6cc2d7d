/// A document type declaration: the name and identifiers that decide between standards and quirks.
struct HTMLDoctype {
    private var name = ""
    private var publicID: String?
    private var systemID: String?
    private var isBroken = false

    /// Reads what stands between `<!doctype` and `>`.
    ///
    /// `isWhole`: whether there was a `>`.
    init(_ bytes: ArraySlice<UInt8>, isWhole: Bool) {
        var rest = bytes.drop(while: \.isHTMLSpace)
        let word = rest.prefix { !$0.isHTMLSpace }
        name = String(decoding: word.map(\.lowercased), as: UTF8.self)
        isBroken = name.isEmpty || !isWhole
        rest = rest.dropFirst(word.count).drop(while: \.isHTMLSpace)
        guard rest.count >= 6 else {
            if !rest.isEmpty { isBroken = true }
            return
        }
        let keyword = String(decoding: rest.prefix(6).map(\.lowercased), as: UTF8.self)
        guard keyword == "public" || keyword == "system" else {
            isBroken = true
            return
        }
        rest = rest.dropFirst(6)
        if keyword == "public" {
            publicID = quoted(&rest)
            if publicID == nil {
                isBroken = true
                return
            }
            if rest.contains(where: { !$0.isHTMLSpace }) {
                systemID = quoted(&rest)
                if systemID == nil { isBroken = true }
            }
        } else {
            systemID = quoted(&rest)
            if systemID == nil { isBroken = true }
        }
    }

    /// The next string in quotes; one that isn't closed goes to the end and is broken.
    private mutating func quoted(_ rest: inout ArraySlice<UInt8>) -> String? {
        rest = rest.drop(while: \.isHTMLSpace)
        guard let quote = rest.first, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else { return nil }
        let text = rest.dropFirst().prefix { $0 != quote }
        rest = rest.dropFirst(1 + text.count)
        if rest.isEmpty { isBroken = true } else { rest.removeFirst() }
        return String(decoding: text, as: UTF8.self)
    }

    /// Beginnings of the public identifiers of pages that were written for browsers before the standard.
    private static let quirkyBeginnings = [
        "+//silmaril//", "-//as//", "-//advasoft ltd//", "-//ietf//dtd html", "-//metrius//",
        "-//microsoft//dtd internet explorer", "-//netscape comm. corp.//dtd", "-//o'reilly and associates//dtd html",
        "-//softquad", "-//spyglass//", "-//sq//", "-//sun microsystems corp.//", "-//w3c//dtd html 3",
        "-//w3c//dtd html 4.0 frameset//", "-//w3c//dtd html 4.0 transitional//", "-//w3c//dtd html experimental",
        "-//w3c//dtd w3 html", "-//w3o//dtd w3 html", "-//webtechs//",
    ]
    private static let quirkyNames = [
        "-//w3o//dtd w3 html strict 3.0//en//", "-/w3c/dtd html 4.0 transitional/en", "html",
    ]

    /// Whether the page is read in quirks mode.
    var isQuirky: Bool {
        if isBroken || name != "html" { return true }
        let systemName = systemID?.lowercased()
        if systemName == "http://www.ibm.com/data/dtd/v11/ibmxhtml1-transitional.dtd" { return true }
        guard let publicName = publicID?.lowercased() else { return false }
        if Self.quirkyNames.contains(publicName) { return true }
        if Self.quirkyBeginnings.contains(where: publicName.hasPrefix) { return true }
        let isOldTransitional =
            publicName.hasPrefix("-//w3c//dtd html 4.01 frameset//")
            || publicName.hasPrefix("-//w3c//dtd html 4.01 transitional//")
        return systemID == nil && isOldTransitional
    }

    /// As conformance tests write it.
    var description: String {
        guard publicID != nil || systemID != nil else { return name }
        return "\(name) \"\(publicID ?? "")\" \"\(systemID ?? "")\""
    }
}
