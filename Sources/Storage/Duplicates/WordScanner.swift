/// Cuts a text into words for ``TextSketch``, and notes which of them may not differ.
///
/// A word is a run of letters, digits and marks; case doesn't count, nor do white space and punctuation around it. Kept
/// within a word are apostrophes, and between letters or digits also points, commas, colons, slashes, at signs and
/// underscores, and hyphens beside a digit. **Protected** is
///
/// - what has a digit ("30", "3.11", "-5", "2024-01-03", "x86-64") or is written with inner punctuation ("node.js"),
/// - a name: a word that begins with a capital (but for those of ``TurningWords/common``), has one inside or is of a
///   script without capitals,
/// - a word that turns a statement into another one (``TurningWords/all``), contractions with "n't" among them,
/// - signs of currency and calculation, "%" and "°".
struct WordScanner {
    /// Hashes of the words in order.
    private(set) var words: [UInt64] = []
    /// Hashes of the protected ones in order.
    private(set) var protectedWords: [UInt64] = []
    /// Whether there is a mail address or a telephone number with its country.
    private(set) var hasAddress = false

    // The word under way.
    private var hash = WordHash()
    private var letterCount = 0
    private var isNamed = false
    private var beginsWithCapital = false
    private var hasDigit = false
    private var hasInnerSign = false
    private var isOpen = false
    private var tail: (UInt8, UInt8, UInt8) = (0, 0, 0)
    /// Digits since a plus, with no letter between; nil outside of a telephone number.
    private var phoneDigits: Int?
    /// A sign that belongs to the word when a letter or digit follows.
    private var pending: Unicode.Scalar?
    /// Whether the last scalar was a minus that began a word, should a digit follow.
    private var isSigned = false

    /// Digits of a telephone number with its country, at least.
    private static let leastPhoneDigits = 8

    init() {}

    /// Reads `text` to its end.
    mutating func scan(_ text: String) {
        words.reserveCapacity(text.utf8.count / 6)
        for scalar in text.unicodeScalars {
            scalar.isASCII ? scanASCII(scalar) : scanOther(scalar)
        }
        endWord()
    }

    private mutating func scanASCII(_ scalar: Unicode.Scalar) {
        switch scalar {
        case "a"..."z": letter(UInt8(scalar.value), isCapital: false)
        case "A"..."Z": letter(UInt8(scalar.value) | 0x20, isCapital: true)
        case "0"..."9":
            join(isDigit: true)
            hasDigit = true
            if let count = phoneDigits {
                phoneDigits = count + 1
                if count + 1 >= Self.leastPhoneDigits { hasAddress = true }
            }
            add(UInt8(scalar.value))
        case "'", ".", ",", ":", "/", "@", "_", "-": sign(scalar)
        case "+":
            endWord()
            symbol(scalar)
            phoneDigits = 0
        case "$", "%", "<", "=", ">", "|", "~", "^":
            endWord()
            symbol(scalar)
        default: endWord()
        }
    }

    private mutating func scanOther(_ scalar: Unicode.Scalar) {
        switch scalar {
        case "\u{2019}", "\u{02BC}": return sign("'")
        case "\u{2010}", "\u{2011}", "\u{2012}", "\u{2013}", "\u{2212}": return sign("-")
        case "\u{00AD}", "\u{200B}", "\u{200C}", "\u{200D}", "\u{2060}", "\u{FEFF}": return
        default: break
        }
        let properties = scalar.properties
        switch properties.generalCategory {
        case .uppercaseLetter, .titlecaseLetter, .lowercaseLetter, .modifierLetter, .otherLetter:
            join(isDigit: false)
            if !properties.isCased { isNamed = true }
            note(isCapital: properties.isUppercase)
            for byte in properties.lowercaseMapping.utf8 { add(byte) }
        case .nonspacingMark, .spacingMark:
            for byte in String(scalar).utf8 { add(byte) }
        case .decimalNumber, .letterNumber, .otherNumber:
            join(isDigit: true)
            hasDigit = true
            for byte in String(scalar).utf8 { add(byte) }
        case .currencySymbol, .mathSymbol:
            endWord()
            symbol(scalar)
        default:
            endWord()
            if scalar == "°" { symbol(scalar) }
        }
    }

    private mutating func letter(_ byte: UInt8, isCapital: Bool) {
        join(isDigit: false)
        note(isCapital: isCapital)
        add(byte)
    }

    private mutating func note(isCapital: Bool) {
        if isCapital {
            if letterCount == 0 { beginsWithCapital = true } else { isNamed = true }
        }
        letterCount += 1
        phoneDigits = nil
    }

    /// A sign may belong to the word on both of its sides.
    private mutating func sign(_ scalar: Unicode.Scalar) {
        if isOpen, pending == nil {
            pending = scalar
            return
        }
        let beginsFigure = !isOpen && scalar == "-"
        endWord()
        isSigned = beginsFigure
    }

    /// Settles what a waiting sign means, now that a letter or digit follows it.
    private mutating func join(isDigit: Bool) {
        if isSigned {
            isSigned = false
            if isDigit { add(UInt8(ascii: "-")) }
        }
        guard let sign = pending else { return }
        pending = nil
        switch sign {
        case "'": add(UInt8(ascii: "'"))
        case "-" where !hasDigit && !isDigit: endWord()
        default:
            hasInnerSign = true
            if sign == "@" { hasAddress = true }
            add(UInt8(truncatingIfNeeded: sign.value))
        }
    }

    private mutating func add(_ byte: UInt8) {
        isOpen = true
        hash.add(byte)
        tail = (tail.1, tail.2, byte)
    }

    private mutating func symbol(_ scalar: Unicode.Scalar) {
        let word = WordHash(String(scalar)).value
        words.append(word)
        protectedWords.append(word)
    }

    private mutating func endWord() {
        isSigned = false
        pending = nil
        guard isOpen else { return }
        let word = hash.value
        words.append(word)
        let isContraction = tail == (UInt8(ascii: "n"), UInt8(ascii: "'"), UInt8(ascii: "t"))
        if hasDigit || isNamed || hasInnerSign || isContraction || TurningWords.all.contains(word)
            || (beginsWithCapital && !TurningWords.common.contains(word))
        {
            protectedWords.append(word)
        }
        hash = WordHash()
        (letterCount, isNamed, beginsWithCapital, hasDigit, hasInnerSign) = (0, false, false, false, false)
        (isOpen, tail) = (false, (0, 0, 0))
    }
}
