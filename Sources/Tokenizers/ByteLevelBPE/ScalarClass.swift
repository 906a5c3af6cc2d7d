/// What the pre-tokenisers' regular expressions ask of a scalar: `\p{L}`, `\p{N}`, `\p{P}`, `\s`.
enum ScalarClass: UInt8 {
    case other
    case letter
    case number
    case space
    case punctuation

    /// The class of a scalar: one table look-up in the basic plane.
    @inline(__always)
    static func of(_ scalar: UInt32) -> ScalarClass {
        scalar < 0x10000 ? basicPlane[Int(scalar)] : lookUp(scalar)
    }

    private static let basicPlane: [ScalarClass] = (0..<0x10000).map { lookUp($0) }

    private static func lookUp(_ value: UInt32) -> ScalarClass {
        guard let scalar = Unicode.Scalar(value) else { return .other }
        let properties = scalar.properties
        if properties.isWhitespace { return .space }
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return .letter
        case .decimalNumber, .letterNumber, .otherNumber: return .number
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
            return .punctuation
        default: return .other
        }
    }
}
