/// A set of bytes.
struct ByteSet: Sendable, Hashable {
    private var words = SIMD4<UInt64>()

    init() {}

    init(_ range: ClosedRange<UInt8>) {
        for byte in range { insert(byte) }
    }

    init(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { insert(byte) }
    }

    mutating func insert(_ byte: UInt8) { words[Int(byte >> 6)] |= 1 << UInt64(byte & 63) }

    mutating func remove(_ byte: UInt8) { words[Int(byte >> 6)] &= ~(1 << UInt64(byte & 63)) }

    func contains(_ byte: UInt8) -> Bool { words[Int(byte >> 6)] >> UInt64(byte & 63) & 1 != 0 }

    var isEmpty: Bool { words == SIMD4() }
}

/// What a text may look like, as a tree; ``ConstraintProgram`` is what is run.
indirect enum ConstraintRule: Sendable {
    /// One byte of a set.
    case bytes(ByteSet)
    /// Exactly these bytes.
    case literal([UInt8])
    /// One after the other.
    case sequence([ConstraintRule])
    /// Any one of them.
    case choice([ConstraintRule])
    /// From `min` to `max` times; nil for no end.
    case repeated(ConstraintRule, min: Int, max: Int?)
    /// The rule with this number, which may call itself.
    case call(Int)

    static let empty = ConstraintRule.literal([])

    static func text(_ text: String) -> ConstraintRule { .literal(Array(text.utf8)) }

    static func optional(_ rule: ConstraintRule) -> ConstraintRule { .choice([rule, .empty]) }

    static func range(_ range: ClosedRange<Character>) -> ConstraintRule {
        .bytes(ByteSet((range.lowerBound.asciiValue ?? 0)...(range.upperBound.asciiValue ?? 0)))
    }
}

/// The pieces JSON is made of.
///
/// One space may follow a colon or a comma, nothing else: models that may write white space as they like can go on doing
/// so for ever. Numbers have as many digits as a double or a 64-bit integer holds.
enum JSONRules {
    private static let digit = ConstraintRule.range("0"..."9")
    /// A whole number.
    static let integer = ConstraintRule.sequence([
        .optional(.text("-")),
        .choice([.text("0"), .sequence([.range("1"..."9"), .repeated(digit, min: 0, max: 17)])]),
    ])
    /// Any number.
    static let number = ConstraintRule.sequence([
        integer, .optional(.sequence([.text("."), .repeated(digit, min: 1, max: 17)])),
        .optional(
            .sequence([
                .bytes(ByteSet("eE".utf8)), .optional(.bytes(ByteSet("+-".utf8))), .repeated(digit, min: 1, max: 2),
            ])),
    ])
    static let boolean = ConstraintRule.choice([.text("true"), .text("false")])
    static let null = ConstraintRule.text("null")
    /// The characters of ASCII that stand for themselves in a string.
    static let plain: ByteSet = {
        var set = ByteSet(0x20...0x7F)
        set.remove(UInt8(ascii: "\""))
        set.remove(UInt8(ascii: "\\"))
        return set
    }()

    /// A character beyond ASCII, in well-formed UTF-8.
    ///
    /// Source: the Unicode Standard, table 3-7.
    static let wideCharacter: ConstraintRule = {
        let tail = ConstraintRule.bytes(ByteSet(0x80...0xBF))
        func lead(_ bytes: ClosedRange<UInt8>, _ second: ClosedRange<UInt8>, tails: Int) -> ConstraintRule {
            .sequence(
                [.bytes(ByteSet(bytes)), .bytes(ByteSet(second))] + Array(repeating: tail, count: tails))
        }
        return .choice([
            lead(0xC2...0xDF, 0x80...0xBF, tails: 0), lead(0xE0...0xE0, 0xA0...0xBF, tails: 1),
            lead(0xE1...0xEC, 0x80...0xBF, tails: 1), lead(0xED...0xED, 0x80...0x9F, tails: 1),
            lead(0xEE...0xEF, 0x80...0xBF, tails: 1), lead(0xF0...0xF0, 0x90...0xBF, tails: 2),
            lead(0xF1...0xF3, 0x80...0xBF, tails: 2), lead(0xF4...0xF4, 0x80...0x8F, tails: 2),
        ])
    }()

    /// One character of a string, escaped or not; never half of a surrogate pair.
    static let character: ConstraintRule = {
        let hex = ConstraintRule.bytes(ByteSet("0123456789abcdefABCDEF".utf8))
        let unit = ConstraintRule.choice([
            .sequence([.bytes(ByteSet("0123456789abcefABCEF".utf8)), hex, hex, hex]),
            .sequence([.bytes(ByteSet("dD".utf8)), .range("0"..."7"), hex, hex]),
        ])
        return .choice([
            .bytes(plain), wideCharacter,
            .sequence([
                .text("\\"), .choice([.bytes(ByteSet("\"\\/bfnrt".utf8)), .sequence([.text("u"), unit])]),
            ]),
        ])
    }()

    static func string(min: Int = 0, max: Int? = nil) -> ConstraintRule {
        .sequence([.text("\""), .repeated(character, min: min, max: max), .text("\"")])
    }

    static let colon = ConstraintRule.sequence([.text(":"), .optional(.text(" "))])
    static let comma = ConstraintRule.sequence([.text(","), .optional(.text(" "))])

    /// `item` from `min` to `max` times, with commas between.
    static func list(_ item: ConstraintRule, min: Int, max: Int?) -> ConstraintRule {
        if max == 0 { return .empty }
        let more = ConstraintRule.repeated(
            .sequence([comma, item]), min: Swift.max(min - 1, 0), max: max.map { $0 - 1 })
        let some = ConstraintRule.sequence([item, more])
        return min == 0 ? .optional(some) : some
    }

    /// Any value; `value` and `object` are the numbers of the rules returned, which call each other.
    static func anything(value: Int, object: Int) -> (value: ConstraintRule, object: ConstraintRule) {
        let member = ConstraintRule.sequence([string(), colon, .call(value)])
        return (
            .choice([
                string(), number, boolean, null, .call(object),
                .sequence([.text("["), list(.call(value), min: 0, max: nil), .text("]")]),
            ]),
            .sequence([.text("{"), list(member, min: 0, max: nil), .text("}")])
        )
    }
}
