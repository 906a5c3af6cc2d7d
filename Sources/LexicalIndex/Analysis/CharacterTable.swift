import Foundation

/// What a character is to word segmentation, and what it folds to.
///
/// Folding is compatibility decomposition (NFKD), full case folding and dropping of combining accents, per scalar:
/// "É" → "e", "ﬁ" → "fi", "Ｔ" → "t", "ß" → "ss", "Ø" → "o", "²" → "2", "٣" → "3". Accents on letters of scripts that
/// write vowels as marks (Devanagari, Thai, …) stay.
///
/// Scalars below U+3400 and from U+F900 to U+FFFF are looked up; the rest (Han, Hangul, Yi, the higher planes) are
/// classified from their properties.
///
/// Source: Unicode Standard Annexes 15 (normalisation forms) and 29 (word boundaries).
struct CharacterTable: Sendable {
    /// The role of a scalar in a text.
    enum Kind: UInt8, Sendable {
        /// Ends a word, or joins two parts of a compound if it is one of the connectors.
        case separator
        /// Belongs to a word.
        case letter
        /// Belongs to a word or a number.
        case digit
        /// Leaves a word as it is: accents, soft hyphens, joiners.
        case ignored
        /// Of a script written without spaces between words (or, for Hangul, with long ones): indexed as bigrams.
        case unsegmented
    }

    /// The tables, made on first use (about 5 ms).
    static let shared = CharacterTable()

    private static let lowEnd: UInt32 = 0x3400
    private static let highStart: UInt32 = 0xF900
    private static let highEnd: UInt32 = 0x1_0000

    private let kinds: [Kind]  // low range, then high range
    private let folds: [UInt32]  // the scalar folded to, or `start << 4 | count` into `expansions` with the top bit set
    private let expansions: [Unicode.Scalar]

    private init() {
        var scalars: [Unicode.Scalar] = []
        for value in 0..<Self.lowEnd { scalars.append(Unicode.Scalar(value) ?? "\n") }
        for value in Self.highStart..<Self.highEnd { scalars.append(Unicode.Scalar(value) ?? "\n") }
        let decomposed = Self.decompose(scalars)
        var kinds: [Kind] = []
        var folds: [UInt32] = []
        var expansions: [Unicode.Scalar] = []
        for (scalar, parts) in zip(scalars, decomposed) {
            let folded = Self.fold(scalar, decomposed: parts)
            kinds.append(Self.kind(of: scalar, folded: folded))
            if folded.count == 1 {
                folds.append(folded[0].value)
            } else {
                folds.append(0x8000_0000 | UInt32(expansions.count) << 4 | UInt32(min(folded.count, 15)))
                expansions.append(contentsOf: folded.prefix(15))
            }
        }
        self.kinds = kinds
        self.folds = folds
        self.expansions = expansions
    }

    /// The role of `scalar`.
    func kind(of scalar: Unicode.Scalar) -> Kind {
        if let index = Self.index(of: scalar.value) { return kinds[index] }
        return Self.kind(of: scalar, folded: [scalar])
    }

    /// Appends what `scalar` folds to, as UTF-8.
    func appendFolded(_ scalar: Unicode.Scalar, to bytes: inout [UInt8]) {
        guard let index = Self.index(of: scalar.value) else {
            for part in Self.fold(scalar, decomposed: Self.isMathematical(scalar) ? nil : [scalar]) {
                Self.append(part, to: &bytes)
            }
            return
        }
        let fold = folds[index]
        if fold & 0x8000_0000 == 0 {
            if let part = Unicode.Scalar(fold) { Self.append(part, to: &bytes) }
            return
        }
        let start = Int((fold & 0x7FFF_FFFF) >> 4)
        for part in expansions[start..<start + Int(fold & 15)] { Self.append(part, to: &bytes) }
    }

    /// The one scalar `scalar` folds to, or itself when it folds to several.
    func folded(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        guard let index = Self.index(of: scalar.value), folds[index] & 0x8000_0000 == 0 else { return scalar }
        return Unicode.Scalar(folds[index]) ?? scalar
    }

    /// Appends `scalar` as UTF-8.
    static func append(_ scalar: Unicode.Scalar, to bytes: inout [UInt8]) {
        if scalar.value < 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: scalar.value))
        } else {
            bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
        }
    }

    private static func index(of value: UInt32) -> Int? {
        if value < lowEnd { return Int(value) }
        if value >= highStart, value < highEnd { return Int(value - highStart + lowEnd) }
        return nil
    }
}

// MARK: - Making the tables

extension CharacterTable {
    /// Letters that fold to ASCII by custom and have no decomposition.
    private static let undecomposed: [Unicode.Scalar: String] = [
        "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ł": "l", "ŋ": "n", "þ": "th", "ŧ": "t",
    ]

    /// Typographic variants of the connectors.
    private static let punctuation: [Unicode.Scalar: Unicode.Scalar] = [
        "\u{2018}": "'", "\u{2019}": "'", "\u{02BC}": "'", "\u{FF07}": "'", "\u{2010}": "-", "\u{2011}": "-",
    ]

    /// NFKD of each scalar by one call over all of them: a line feed between two keeps them from reordering.
    private static func decompose(_ scalars: [Unicode.Scalar]) -> [[Unicode.Scalar]] {
        var view = String.UnicodeScalarView()
        for scalar in scalars {
            view.append(scalar == "\r" ? " " : scalar)
            view.append("\n")
        }
        let parts = String(view).decomposedStringWithCompatibilityMapping.unicodeScalars
            .split(separator: "\n", omittingEmptySubsequences: false).map(Array.init)
        // The scalar U+000A itself yields two empty parts; both it and what follows stay aligned by dropping one.
        var aligned = parts
        aligned.remove(at: 10)
        return aligned.count >= scalars.count ? Array(aligned.prefix(scalars.count)) : scalars.map { [$0] }
    }

    private static func fold(_ scalar: Unicode.Scalar, decomposed: [Unicode.Scalar]?) -> [Unicode.Scalar] {
        if let plain = punctuation[scalar] { return [plain] }
        if isKana(scalar) { return [scalar] }
        var parts = decomposed ?? Array(String(scalar).decomposedStringWithCompatibilityMapping.unicodeScalars)
        if parts.count == 1, let plain = punctuation[parts[0]] { parts = [plain] }
        var result: [Unicode.Scalar] = []
        for part in parts {
            if part != scalar || parts.count > 1, isAccent(part) { continue }
            if part.properties.generalCategory == .decimalNumber, let value = part.properties.numericValue,
                let digit = Unicode.Scalar(0x30 + UInt32(value))
            {
                result.append(digit)
                continue
            }
            // Lower case of upper case is full case folding for nearly all letters: ß → SS → ss, ς → Σ → σ.
            let cased = part.properties.uppercaseMapping.lowercased().unicodeScalars
            for letter in cased where !(isAccent(letter) && cased.count > 1) {
                result.append(contentsOf: undecomposed[letter]?.unicodeScalars.map { $0 } ?? [letter])
            }
        }
        return result.isEmpty ? [scalar] : result
    }

    private static func kind(of scalar: Unicode.Scalar, folded: [Unicode.Scalar]) -> Kind {
        if isUnsegmented(scalar) { return .unsegmented }
        if isAccent(scalar) { return .ignored }
        if scalar == "\u{2122}" || scalar == "\u{2120}" { return .separator }  // ™ and ℠ hang on names
        guard let first = folded.first else { return .separator }
        if isUnsegmented(first) { return .unsegmented }
        switch first.properties.generalCategory {
        case .decimalNumber:
            return folded.allSatisfy { $0.properties.isAlphabetic || isDigit($0) } ? .digit : .separator
        case .otherNumber, .letterNumber, .nonspacingMark, .spacingMark: return .letter
        case .format: return scalar == "\u{200B}" ? .separator : .ignored
        default: return first.properties.isAlphabetic ? .letter : .separator
        }
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .decimalNumber
    }

    /// Combining accents, which only decorate: not the vowel signs of other scripts.
    private static func isAccent(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0300...0x036F, 0x0483...0x0489, 0x0591...0x05BD, 0x064B...0x065F, 0x1AB0...0x1AFF, 0x1DC0...0x1DFF,
            0x20D0...0x20FF, 0xFE00...0xFE0F, 0xFE20...0xFE2F:
            true
        default: false
        }
    }

    private static func isKana(_ scalar: Unicode.Scalar) -> Bool {
        (0x3041...0x30FF).contains(scalar.value) && scalar.value != 0x309B && scalar.value != 0x309C
    }

    private static func isMathematical(_ scalar: Unicode.Scalar) -> Bool {
        (0x1D400...0x1D7FF).contains(scalar.value) || (0x2F800...0x2FA1F).contains(scalar.value)
    }

    private static func isUnsegmented(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0E01...0x0E3A, 0x0E40...0x0E4E, 0x0E81...0x0ECD, 0x1000...0x103F, 0x1780...0x17D3,  // Thai … Khmer
            0x1100...0x11FF, 0xA960...0xA97C, 0xAC00...0xD7FB, 0x3131...0x318E,  // Hangul
            0x3005...0x3007, 0x3041...0x3096, 0x3099...0x309A, 0x309D...0x309F,  // iteration marks, Hiragana
            0x30A1...0x30FA, 0x30FC...0x30FF, 0x31F0...0x31FF, 0xFF66...0xFF9F,  // Katakana
            0x2E80...0x2FDF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x2_0000...0x3_FFFF:  // Han
            true
        default: false
        }
    }
}
