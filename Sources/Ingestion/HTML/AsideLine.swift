/// Short lines that page authors put between paragraphs and that say nothing of the subject: dates, credits of pictures,
/// marks of advertisements, calls to read, share or subscribe.
///
/// The words are those of every publisher, in the languages below; a line must be short to be judged by its first words.
enum AsideLine {
    /// Longer lines are text, in characters other than white space.
    static let longest: Int32 = 110
    /// A date and perhaps a name; longer lines say more.
    private static let longestDate = 48

    /// Beginnings of a line, lower-cased, cut to a word's end.
    private static let openings: [[UInt8]] = [
        // pictures
        "photo:", "photo by", "photo credit", "photo source", "photograph:", "photos:", "image:", "image credit",
        "image source", "images:", "picture:", "credit:", "foto:", "foto ©", "foto von", "fotos:", "fotos ©", "bild:",
        "bilder:", "bildquelle", "bildnachweis", "titelbild:", "crédit photo", "crédits photo", "crédit :", "crédits :",
        "fuente:", "foto de", "imagen:", "©", "(c)",
        // advertisements
        "advertisement", "advertising", "sponsored", "anzeige", "werbung", "publicité", "publicidad", "pubblicità",
        "article continues below", "story continues below", "scroll to continue",
        // other pages
        "read more", "read also", "also read", "read next", "see also:", "more on this", "more:", "related:",
        "related articles", "related posts", "related content", "related stories", "recommended", "you may also",
        "you might also", "continue reading", "keep reading", "click here", "view comments", "leave a comment",
        "leave a reply", "no comments", "back to top", "back to", "weiterlesen", "lesen sie", "lies auch", "lest auch",
        "mehr zum thema", "mehr zu ", "mehr dazu", "mehr lesen", "auch interessant", "auch lesenswert", "siehe auch:",
        "das könnte", "ähnliche beiträge", "ähnliche artikel", "weitere artikel", "weitere beiträge", "weitere themen",
        "passend dazu", "passend zum thema", "zum thema", "zurück zu", "zurück", "nach oben", "kommentare",
        "kommentar schreiben", "lire aussi", "à lire", "lisez aussi", "voir aussi", "en savoir plus", "lee también",
        "lea también", "leer más", "lee más", "te puede interesar", "le puede interesar", "leggi anche",
        "czytaj więcej",
        "czytaj też", "czytaj także", "zobacz też", "zobacz także", "lees ook", "läs också", "läs mer",
        // readers
        "share this", "share on", "share:", "share", "follow us", "follow", "subscribe", "sign up", "newsletter",
        "join our", "like us", "tweet", "print", "teilen", "diesen artikel teilen", "artikel teilen", "folgen sie",
        "folge uns", "jetzt abonnieren", "abonnieren", "partager", "suivez-nous", "comparte", "compartir", "síguenos",
        "gefällt mir", "like this", "like loading", "loading", "wird geladen",
        // about the text
        "posted by", "posted on", "posted in", "published", "publication date", "release date", "last updated",
        "updated:", "updated on", "filed under", "tagged", "tags:", "tags", "categories:", "category:", "written by",
        "von:", "veröffentlicht", "veröffentlichung", "stand:", "aktualisiert", "autor:", "autorin:", "schlagwörter",
        "schlagworte", "kategorie:", "kategorien:", "publié le", "mis à jour", "publicado", "actualizado",
        "reading time",
        "lesezeit", "min read", "minutes read",
    ].map { Array($0.utf8) }

    private static let byFirst: [UInt8: [[UInt8]]] = Dictionary(grouping: openings) { $0[0] }

    /// Whether a line, white space collapsed, is one of these.
    static func matches(_ line: [UInt8]) -> Bool {
        let lower = lowercased(line)
        return opens(lower) || isDate(lower)
    }

    private static func opens(_ line: [UInt8]) -> Bool {
        guard let first = line.first(where: { $0 > 0x20 && !isMark($0) }), let candidates = byFirst[first],
            let start = line.firstIndex(of: first)
        else { return false }
        let rest = line[start...]
        return candidates.contains { opening in
            guard rest.starts(with: opening) else { return false }
            let next = rest.dropFirst(opening.count).first
            return next.map { !isLetter($0) } ?? true || opening.last.map { !isLetter($0) } ?? false
        }
    }

    /// A year or a time of day, few words, no sentence.
    private static func isDate(_ line: [UInt8]) -> Bool {
        guard line.count <= longestDate, let last = line.last, last != 0x2E, last != 0x3F, last != 0x21 else {
            return false
        }
        var digits = 0
        var run = 0
        var hasYear = false
        var hasTime = false
        for (offset, byte) in line.enumerated() {
            if (0x30...0x39).contains(byte) {
                digits += 1
                run += 1
                continue
            }
            if run == 4, isYear(line[(offset - 4)..<offset]) { hasYear = true }
            if byte == 0x3A, run > 0, offset + 1 < line.count, (0x30...0x39).contains(line[offset + 1]) {
                hasTime = true
            }
            run = 0
        }
        if run == 4, isYear(line.suffix(4)) { hasYear = true }
        let words = line.split(separator: 0x20).count
        return hasYear && (digits >= 5 || hasTime) && words <= 7 || hasTime && digits >= 3 && words <= 4
    }

    private static func isYear(_ digits: ArraySlice<UInt8>) -> Bool {
        digits.starts(with: Array("19".utf8)) || digits.starts(with: Array("20".utf8))
    }

    private static func isMark(_ byte: UInt8) -> Bool { Array("-*>([•:|\"".utf8).contains(byte) }
    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) || byte >= 0xC3 }

    /// ASCII and the Latin letters of two bytes in lower case.
    private static func lowercased(_ line: [UInt8]) -> [UInt8] {
        var lower = line
        for index in lower.indices {
            if (0x41...0x5A).contains(lower[index]) { lower[index] |= 0x20 }
            if index > 0, lower[index - 1] == 0xC3, (0x80...0x9E).contains(lower[index]) { lower[index] |= 0x20 }
        }
        return lower
    }
}
