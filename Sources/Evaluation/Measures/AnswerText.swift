import Foundation

/// SQuAD's comparison of an answer with gold answers: exact match and token F1 after normalisation.
///
/// Source: Rajpurkar et al. 2016 and 2018; the definitions of the official evaluation scripts, versions 1.1 and 2.0.
public enum AnswerText {
    /// The two versions differ only where nothing is left after normalisation: 2.0 calls two empty answers equal (that
    /// is how "no answer" is scored), 1.1 gives their F1 as 0.
    public enum Definition: Sendable {
        /// SQuAD 1.1.
        case v1
        /// SQuAD 2.0.
        case v2
    }

    /// Lower case, without ASCII punctuation, without the articles a, an and the, white space as single spaces.
    public static func normalized(_ text: String) -> String {
        tokens(text).joined(separator: " ")
    }

    /// The normalised words.
    public static func tokens(_ text: String) -> [String] {
        var kept = String.UnicodeScalarView()
        for scalar in text.lowercased().unicodeScalars where !isASCIIPunctuation(scalar) { kept.append(scalar) }
        // An article is a whole run of word characters; what is around it may be a dash as well as a space.
        var result = String.UnicodeScalarView()
        var run = String.UnicodeScalarView()
        func endRun() {
            let word = String(run)
            result.append(contentsOf: ["a", "an", "the"].contains(word) ? " ".unicodeScalars : run)
            run = String.UnicodeScalarView()
        }
        for scalar in kept {
            if isWordScalar(scalar) {
                run.append(scalar)
            } else {
                endRun()
                result.append(scalar)
            }
        }
        endRun()
        return result.split(whereSeparator: isSpace).map { String($0) }
    }

    /// 1 when the answer equals a gold answer after normalisation, else 0.
    /// - Parameters:
    ///   - answer: the answer; empty for a refusal.
    ///   - golds: gold answers; none for an unanswerable question.
    /// - Returns: the best over the gold answers.
    public static func exactMatch(_ answer: String, golds: [String]) -> Double {
        let own = normalized(answer)
        return candidates(golds).contains { normalized($0) == own } ? 1 : 0
    }

    /// The harmonic mean of token precision and recall.
    /// - Parameters:
    ///   - answer: the answer; empty for a refusal.
    ///   - golds: gold answers; none for an unanswerable question.
    ///   - definition: how empty answers count.
    /// - Returns: the best over the gold answers.
    public static func f1(_ answer: String, golds: [String], definition: Definition = .v2) -> Double {
        let own = tokens(answer)
        return candidates(golds).map { f1(own, tokens($0), definition) }.max() ?? 0
    }

    /// How much of a gold answer's words the answer holds, wherever they are; for answers that are whole sentences.
    /// - Returns: the best over the gold answers; 0 when there are none.
    public static func recall(_ answer: String, golds: [String]) -> Double {
        let own = tokens(answer)
        return golds.map { gold in
            let wanted = tokens(gold)
            return wanted.isEmpty ? 0 : Double(commonCount(own, wanted)) / Double(wanted.count)
        }.max() ?? 0
    }

    /// Gold answers that normalise to nothing are left out; without any, the gold answer is "no answer".
    private static func candidates(_ golds: [String]) -> [String] {
        let usable = golds.filter { !tokens($0).isEmpty }
        return usable.isEmpty ? [""] : usable
    }

    private static func f1(_ own: [String], _ gold: [String], _ definition: Definition) -> Double {
        if own.isEmpty || gold.isEmpty { return definition == .v2 && own == gold ? 1 : 0 }
        let common = Double(commonCount(own, gold))
        guard common > 0 else { return 0 }
        let precision = common / Double(own.count)
        let recall = common / Double(gold.count)
        return 2 * precision * recall / (precision + recall)
    }

    /// The size of the intersection, repeated words counted as often as both have them.
    private static func commonCount(_ first: [String], _ second: [String]) -> Int {
        var counts: [String: Int] = [:]
        for token in second { counts[token, default: 0] += 1 }
        var common = 0
        for token in first where counts[token, default: 0] > 0 {
            counts[token, default: 0] -= 1
            common += 1
        }
        return common
    }

    private static func isASCIIPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 33...47, 58...64, 91...96, 123...126: true
        default: false
        }
    }

    private static func isWordScalar(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber,
            .letterNumber, .otherNumber:
            true
        default: scalar == "_"
        }
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
    }
}
