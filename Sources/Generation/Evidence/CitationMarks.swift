/// The `[1]`, `[2, 3]` marks in a sentence, and the sentence without them.
public struct CitationMarks: Equatable {
    /// The numbers, in order, each once.
    public var numbers: [Int] = []
    /// The text without marks and without the space before them.
    public var text = ""

    /// Reads the marks of `sentence`.
    ///
    /// Only brackets that hold nothing but numbers of up to three digits, commas and spaces are marks.
    public init(in sentence: String) {
        var output: [UInt8] = []
        let bytes = Array(sentence.utf8)
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "["), let mark = Self.mark(in: bytes, at: index) {
                for number in mark.numbers where !numbers.contains(number) { numbers.append(number) }
                while output.last == UInt8(ascii: " ") { output.removeLast() }
                index = mark.end
            } else {
                output.append(bytes[index])
                index += 1
            }
        }
        text = String(decoding: output, as: UTF8.self)
    }

    /// `text` without its marks.
    public static func plainText(_ text: String) -> String {
        CitationMarks(in: text).text
    }

    private static func mark(in bytes: [UInt8], at start: Int) -> (numbers: [Int], end: Int)? {
        var numbers: [Int] = []
        var current: Int?
        var index = start + 1
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                let value = (current ?? 0) * 10 + Int(byte - UInt8(ascii: "0"))
                guard value < 1000 else { return nil }
                current = value
            case UInt8(ascii: ","), UInt8(ascii: " "):
                if let value = current { numbers.append(value) }
                current = nil
            case UInt8(ascii: "]"):
                if let value = current { numbers.append(value) }
                return numbers.isEmpty ? nil : (numbers, index + 1)
            default:
                return nil
            }
            index += 1
        }
        return nil
    }
}
