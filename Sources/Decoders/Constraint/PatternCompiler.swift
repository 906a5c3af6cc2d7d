/// Turns a schema's `pattern` into a rule over the characters of a JSON string.
///
/// What is taken: literal characters, `.`, classes of ASCII characters, `\d \w \s` and their opposites, groups,
/// alternatives, `? * + {m,n}`, `^` at the beginning and `$` at the end. A pattern without an anchor may stand anywhere
/// in the text, as JSON Schema has it. Look-around, back references and `\b` have no rule and are refused.
///
/// Source: ECMA-262, "Patterns", as far as named above.
struct PatternCompiler {
    /// Why a pattern can't be used.
    struct Failure: Error {
        var reason: String
    }

    /// The formats that are patterns.
    static let formats: [String: String] = [
        "date": "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])$",
        "time": "^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$",
        "date-time":
            "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
            + "(\\.[0-9]{1,6})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$",
        "uuid": "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
        "email": "^[a-z0-9]+([._+-][a-z0-9]+)*@[a-z0-9]+(-[a-z0-9]+)*(\\.[a-z0-9]+(-[a-z0-9]+)*)*\\.[a-z]{2,12}$",
        "ipv4":
            "^((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\\.){3}(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])$",
    ]

    /// The greatest count of a repetition.
    private static let maxCount = 1_000
    private static let maxDepth = 32

    private let pattern: [Unicode.Scalar]
    private var place = 0

    init(_ pattern: String) {
        self.pattern = Array(pattern.unicodeScalars)
    }

    /// The rule of the texts that the pattern matches.
    mutating func compile() throws(Failure) -> ConstraintRule {
        let isAnchored = take("^")
        var isEnded = false
        if pattern.last == "$", pattern.dropLast().reversed().prefix(while: { $0 == "\\" }).count.isMultiple(of: 2) {
            isEnded = true
        }
        let end = isEnded ? pattern.count - 1 : pattern.count
        let body = try alternatives(end, depth: 0)
        guard place == end else { throw Failure(reason: "')' at \(place) closes nothing") }
        // An alternative outside of a group would be anchored on one side only.
        if isAnchored || isEnded, case .choice(let options) = body, options.count > 1, hasBareAlternative(end) {
            throw Failure(reason: "put alternatives between ^ and $ into a group")
        }
        let anything = ConstraintRule.repeated(JSONRules.character, min: 0, max: nil)
        return .sequence((isAnchored ? [] : [anything]) + [body] + (isEnded ? [] : [anything]))
    }

    private func hasBareAlternative(_ end: Int) -> Bool {
        var depth = 0
        var index = 0
        var isInClass = false
        while index < end {
            switch pattern[index] {
            case "\\": index += 1
            case "[": isInClass = true
            case "]": isInClass = false
            case "(" where !isInClass: depth += 1
            case ")" where !isInClass: depth -= 1
            case "|" where !isInClass && depth == 0: return true
            default: break
            }
            index += 1
        }
        return false
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard place < pattern.count, pattern[place] == scalar else { return false }
        place += 1
        return true
    }

    private mutating func alternatives(_ end: Int, depth: Int) throws(Failure) -> ConstraintRule {
        guard depth < Self.maxDepth else { throw Failure(reason: "groups are nested more than \(Self.maxDepth) deep") }
        var options: [ConstraintRule] = []
        repeat {
            var parts: [ConstraintRule] = []
            while place < end, pattern[place] != "|", pattern[place] != ")" {
                parts.append(try quantified(end, depth: depth))
            }
            options.append(.sequence(parts))
        } while place < end && take("|")
        return .choice(options)
    }

    private mutating func quantified(_ end: Int, depth: Int) throws(Failure) -> ConstraintRule {
        let atom = try atom(end, depth: depth)
        var bounds: (min: Int, max: Int?)?
        if place < end {
            switch pattern[place] {
            case "?": bounds = (0, 1)
            case "*": bounds = (0, nil)
            case "+": bounds = (1, nil)
            case "{": bounds = try counts(end)
            default: break
            }
        }
        guard let bounds else { return atom }
        place += 1
        // What a lazy repetition matches is the same.
        if place < end { _ = take("?") }
        if place < end, "*+?{".unicodeScalars.contains(pattern[place]) {
            throw Failure(reason: "two repetitions follow each other at \(place)")
        }
        return .repeated(atom, min: bounds.min, max: bounds.max)
    }

    /// `{m}`, `{m,}` or `{m,n}`; leaves `place` at the closing brace.
    private mutating func counts(_ end: Int) throws(Failure) -> (min: Int, max: Int?) {
        guard let close = pattern[place..<end].firstIndex(of: "}") else { throw Failure(reason: "'{' has no end") }
        let text = String(String.UnicodeScalarView(pattern[(place + 1)..<close]))
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        place = close
        guard (1...2).contains(parts.count), let min = Int(parts[0]), (0...Self.maxCount).contains(min) else {
            throw Failure(reason: "{\(text)} is no count up to \(Self.maxCount)")
        }
        if parts.count == 1 { return (min, min) }
        if parts[1].isEmpty { return (min, nil) }
        guard let max = Int(parts[1]), (min...Self.maxCount).contains(max) else {
            throw Failure(reason: "{\(text)} is no count up to \(Self.maxCount)")
        }
        return (min, max)
    }

    private mutating func atom(_ end: Int, depth: Int) throws(Failure) -> ConstraintRule {
        let scalar = pattern[place]
        place += 1
        switch scalar {
        case ".": return Self.rule(Self.ascii(except: [0x0A, 0x0D]), isWide: true)
        case "[": return try characterClass(end)
        case "(":
            if place < end, pattern[place] == "?" {
                guard place + 1 < end, pattern[place + 1] == ":" else {
                    throw Failure(reason: "only plain groups and (?:…) are supported")
                }
                place += 2
            }
            let body = try alternatives(end, depth: depth + 1)
            guard place < end, take(")") else { throw Failure(reason: "'(' has no end") }
            return body
        case "\\":
            let (set, isWide) = try escape(end)
            return Self.rule(set, isWide: isWide)
        case "^", "$": throw Failure(reason: "'\(scalar)' is only supported at the very beginning or end")
        case "*", "+", "?", "{", "}", "]": throw Failure(reason: "'\(scalar)' at \(place - 1) repeats nothing")
        default: return .text(OrderedJSON.escaped(scalar))
        }
    }

    /// A class such as `[a-z_]`.
    private mutating func characterClass(_ end: Int) throws(Failure) -> ConstraintRule {
        let isNegated = place < end && take("^")
        var set: Set<UInt8> = []
        var isWide = false
        while place < end, pattern[place] != "]" {
            let first = try classMember(end)
            if place + 1 < end, pattern[place] == "-", pattern[place + 1] != "]" {
                place += 1
                let last = try classMember(end)
                guard first.set.count == 1, last.set.count == 1, let low = first.set.first, let high = last.set.first,
                    low <= high
                else { throw Failure(reason: "a range in a class ends before it begins") }
                set.formUnion(low...high)
            } else {
                set.formUnion(first.set)
                isWide = isWide || first.isWide
            }
        }
        guard place < end, take("]") else { throw Failure(reason: "'[' has no end") }
        if isNegated { return Self.rule(Self.ascii(except: set), isWide: !isWide) }
        guard !set.isEmpty || isWide else { throw Failure(reason: "an empty class matches nothing") }
        return Self.rule(set, isWide: isWide)
    }

    private mutating func classMember(_ end: Int) throws(Failure) -> (set: Set<UInt8>, isWide: Bool) {
        let scalar = pattern[place]
        place += 1
        if scalar == "\\" { return try escape(end) }
        guard scalar.isASCII else { throw Failure(reason: "classes of other characters than ASCII are not supported") }
        return ([UInt8(scalar.value)], false)
    }

    /// The characters of ASCII an escape stands for, and whether all others belong to them.
    private mutating func escape(_ end: Int) throws(Failure) -> (set: Set<UInt8>, isWide: Bool) {
        guard place < end else { throw Failure(reason: "'\\' escapes nothing") }
        let scalar = pattern[place]
        place += 1
        let digits = Set(UInt8(ascii: "0")...UInt8(ascii: "9"))
        let words = digits.union(Set(0x41...0x5A)).union(Set(0x61...0x7A)).union([0x5F])
        let spaces: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0B, 0x0C, 0x0D]
        switch scalar {
        case "d": return (digits, false)
        case "D": return (Self.ascii(except: digits), true)
        case "w": return (words, false)
        case "W": return (Self.ascii(except: words), true)
        case "s": return (spaces, false)
        // Spaces beyond ASCII are left out with all others, which allows less than it could.
        case "S": return (Self.ascii(except: spaces), false)
        case "n": return ([0x0A], false)
        case "r": return ([0x0D], false)
        case "t": return ([0x09], false)
        default:
            guard scalar.isASCII, !scalar.properties.isAlphabetic, !("0"..."9").contains(scalar) else {
                throw Failure(reason: "'\\\(scalar)' is not supported")
            }
            return ([UInt8(scalar.value)], false)
        }
    }

    private static func ascii(except others: Set<UInt8>) -> Set<UInt8> { Set(0x00...0x7F).subtracting(others) }

    /// One character of `set`, as it stands in a JSON string, or one beyond ASCII.
    private static func rule(_ set: Set<UInt8>, isWide: Bool) -> ConstraintRule {
        var plain = ByteSet()
        var choices: [ConstraintRule] = []
        for byte in set.sorted() {
            if JSONRules.plain.contains(byte) {
                plain.insert(byte)
            } else {
                choices.append(.text(OrderedJSON.escaped(Unicode.Scalar(byte))))
            }
        }
        if !plain.isEmpty { choices.insert(.bytes(plain), at: 0) }
        if isWide { choices.append(JSONRules.wideCharacter) }
        return .choice(choices)
    }
}
