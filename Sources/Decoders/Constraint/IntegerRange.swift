/// The whole numbers of a range as a rule over their digits.
enum IntegerRange {
    /// The greatest absolute value.
    static let limit = 999_999_999_999_999_999

    /// The numbers from `low` to `high`, without leading zeros.
    static func rule(_ low: Int, _ high: Int) -> ConstraintRule {
        var choices: [ConstraintRule] = []
        if low < 0 {
            let part = magnitudes(max(1, -min(high, -1)), -low)
            choices.append(.sequence([.text("-"), part]))
        }
        if high >= 0 { choices.append(magnitudes(max(0, low), high)) }
        return .choice(choices)
    }

    /// The numbers from `low` to `high`, neither below zero, one choice per count of digits.
    private static func magnitudes(_ low: Int, _ high: Int) -> ConstraintRule {
        var choices: [ConstraintRule] = []
        var first = low
        while first <= high {
            let digits = Array(String(first).utf8)
            let last = min(high, digits.reduce(0) { value, _ in value * 10 + 9 })
            choices.append(sameLength(digits[...], Array(String(last).utf8)[...]))
            first = last + 1
        }
        return .choice(choices)
    }

    /// The digit strings from `low` to `high`, both of one length.
    private static func sameLength(_ low: ArraySlice<UInt8>, _ high: ArraySlice<UInt8>) -> ConstraintRule {
        guard let first = low.first, let last = high.first else { return .empty }
        if low.allSatisfy({ $0 == UInt8(ascii: "0") }), high.allSatisfy({ $0 == UInt8(ascii: "9") }) {
            return anyDigits(low.count)
        }
        let (lowRest, highRest) = (low.dropFirst(), high.dropFirst())
        let nines = lowRest.map { _ in UInt8(ascii: "9") }[...]
        let zeros = lowRest.map { _ in UInt8(ascii: "0") }[...]
        if first == last { return .sequence([digit(first, first), sameLength(lowRest, highRest)]) }
        var choices = [ConstraintRule.sequence([digit(first, first), sameLength(lowRest, nines)])]
        if first + 1 < last { choices.append(.sequence([digit(first + 1, last - 1), anyDigits(lowRest.count)])) }
        choices.append(.sequence([digit(last, last), sameLength(zeros, highRest)]))
        return .choice(choices)
    }

    private static func digit(_ low: UInt8, _ high: UInt8) -> ConstraintRule { .bytes(ByteSet(low...high)) }

    private static func anyDigits(_ count: Int) -> ConstraintRule {
        .sequence(Array(repeating: .range("0"..."9"), count: count))
    }
}
