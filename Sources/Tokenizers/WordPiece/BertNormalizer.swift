import Foundation

/// The first two stages of BERT's tokenisation, scalar by scalar: the normaliser (clean text, spaces around CJK,
/// accents, lower case) and the pre-tokeniser's classes (separator, stands alone, part of a word).
///
/// Both look at one scalar at a time (canonical reordering cannot change a word once nonspacing marks are gone), so a
/// scalar's result is a short list of *pieces*, looked up in a table for the scripts met most and worked out for the
/// rest. The definitions of control, mark and punctuation follow the `tokenizers` library's tables, which know
/// Unicode up to 8.0: a mark that Unicode 9 added is not stripped, and no table of ours may say otherwise.
///
/// Source: BERT `tokenization.py` (basic tokenizer); Hugging Face `tokenizers`, BertNormalizer and BertPreTokenizer.
struct BertNormalizer: Sendable {
    /// What becomes of a scalar after normalisation: a class in the top bits, a scalar below.
    struct Piece: Equatable {
        static let separator = Piece(bits: 1 << 24)
        static let isolatedFlag: UInt32 = 2 << 24

        let bits: UInt32

        init(bits: UInt32) { self.bits = bits }

        init(word scalar: UInt32) { bits = scalar }

        init(isolated scalar: UInt32) { bits = scalar | Self.isolatedFlag }

        var scalar: UInt32 { bits & 0x1F_FFFF }
        var isSeparator: Bool { self == .separator }
        var isIsolated: Bool { bits & Self.isolatedFlag != 0 }
    }

    /// The options of a tokenizer.json's `BertNormalizer` block.
    struct Options: Sendable, Equatable {
        var cleanText = true
        var handleChineseCharacters = true
        var stripAccents = true
        var lowercase = true
    }

    let options: Options
    /// One piece per scalar of the pages in it; `listFlag | index` where it is not exactly one.
    private let table: [UInt32]
    /// Where each page of 256 scalars below `tableEnd` begins in the table; -1 for a page that isn't in it.
    private let pageStarts: [Int]
    private let lists: [[Piece]]

    private static let tableEnd: UInt32 = 0x3400
    private static let listFlag: UInt32 = 1 << 31
    /// Latin, Greek, Cyrillic, Hebrew, Vietnamese, punctuation, symbols, kana: every page takes time at each start.
    private static let tabulatedPages: [UInt32] = [
        0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x1E, 0x20, 0x21, 0x22, 0x25, 0x30,
    ]

    init(options: Options) {
        self.options = options
        var table: [UInt32] = []
        var pageStarts = [Int](repeating: -1, count: Int(Self.tableEnd >> 8))
        var lists: [[Piece]] = [[]]
        for page in Self.tabulatedPages {
            pageStarts[Int(page)] = table.count
            for value in (page << 8)..<((page + 1) << 8) {
                let pieces = Self.pieces(of: value, options: options)
                if pieces.count == 1 {
                    table.append(pieces[0].bits)
                } else if pieces.isEmpty {
                    table.append(Self.listFlag)
                } else {
                    table.append(Self.listFlag | UInt32(lists.count))
                    lists.append(pieces)
                }
            }
        }
        self.pageStarts = pageStarts
        self.table = table
        self.lists = lists
    }

    /// Hands out what a scalar becomes, in order: nothing, one piece or several.
    @inline(__always)
    func forEachPiece(of scalar: UInt32, _ body: (Piece) -> Void) {
        if scalar < Self.tableEnd, case let start = pageStarts[Int(scalar >> 8)], start >= 0 {
            let entry = table[start + Int(scalar & 0xFF)]
            if entry & Self.listFlag == 0 {
                body(Piece(bits: entry))
            } else {
                for piece in lists[Int(entry & ~Self.listFlag)] { body(piece) }
            }
        } else if options.handleChineseCharacters, (0x4E00...0x9FFF).contains(scalar) {
            body(Piece(isolated: scalar))
        } else {
            for piece in Self.pieces(of: scalar, options: options) { body(piece) }
        }
    }

    /// The specification that the table is made from.
    static func pieces(of value: UInt32, options: Options) -> [Piece] {
        guard let scalar = Unicode.Scalar(value) else { return [] }
        if options.cleanText {
            if value == 0 || value == 0xFFFD || isControl(scalar) { return [] }
            if scalar.properties.isWhitespace { return [.separator] }
        }
        let isolated = options.handleChineseCharacters && isChinese(value)
        var scalars = [scalar]
        if options.stripAccents {
            scalars = canonicalDecomposition(of: scalar).filter { !isNonspacingMark($0) }
        }
        if options.lowercase {
            scalars = scalars.flatMap { $0.properties.lowercaseMapping.unicodeScalars }
        }
        var pieces = scalars.map { scalar in
            if scalar.properties.isWhitespace { return Piece.separator }
            return isPunctuation(scalar) ? Piece(isolated: scalar.value) : Piece(word: scalar.value)
        }
        if isolated {
            pieces =
                pieces.count == 1 && !pieces[0].isSeparator
                ? [Piece(isolated: pieces[0].scalar)] : [.separator] + pieces + [.separator]
        }
        return pieces
    }
}

// MARK: - Character classes

extension BertNormalizer {
    /// Whether the library's tables know the scalar: assigned by Unicode 8.0.
    private static func isKnown(_ scalar: Unicode.Scalar) -> Bool {
        guard let age = scalar.properties.age else { return false }
        return age.major <= 8
    }

    /// Control, format and private use; not tab, line feed and carriage return, which are white space.
    static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        if scalar == "\t" || scalar == "\n" || scalar == "\r" { return false }
        switch scalar.properties.generalCategory {
        case .control, .privateUse: return true
        case .format: return isKnown(scalar)
        default: return false
        }
    }

    /// Nonspacing marks: what is left of an accent after decomposition.
    static func isNonspacingMark(_ scalar: Unicode.Scalar) -> Bool {
        // Marks of other kinds today, or in Unicode 8: the table's own version decides.
        switch scalar.value {
        case 0x1734, 0x1171E: return true
        case 0x1885, 0x1886, 0x111C9: return false
        default: return scalar.properties.generalCategory == .nonspacingMark && isKnown(scalar)
        }
    }

    /// ASCII characters that are neither letter nor digit, and the punctuation categories.
    static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 33...47, 58...64, 91...96, 123...126, 0x166D, 0x111C9: return true
        default: break
        }
        switch scalar.properties.generalCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
            return isKnown(scalar)
        default: return false
        }
    }

    /// The CJK ideograph blocks of the library.
    ///
    /// Extension E starts late there (U+2B920): equal ids matter more.
    static func isChinese(_ value: UInt32) -> Bool {
        switch value {
        case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x2A6DF, 0x2A700...0x2B81F,
            0x2B920...0x2CEAF, 0x2F800...0x2FA1F:
            return true
        default: return false
        }
    }

    /// Canonical decomposition (NFD) of one scalar.
    private static func canonicalDecomposition(of scalar: Unicode.Scalar) -> [Unicode.Scalar] {
        switch scalar.value {
        case 0xAC00...0xD7A3:
            // Hangul syllables decompose by arithmetic. Source: The Unicode Standard, section 3.12.
            let index = scalar.value - 0xAC00
            let parts = [0x1100 + index / 588, 0x1161 + index % 588 / 28, 0x11A7 + index % 28]
            return parts.prefix(index % 28 == 0 ? 2 : 3).compactMap { Unicode.Scalar($0) }
        case 0xC0..<0x3400, 0xF900...0xFB4F, 0x11000...0x16FFF, 0x1D100...0x1D1FF, 0x2F800...0x2FA1F:
            guard scalar.value != 0x11938 else { return [scalar] }  // composed in Unicode 13
            return Array(String(scalar).decomposedStringWithCanonicalMapping.unicodeScalars)
        default: return [scalar]  // no other block has decompositions
        }
    }
}
