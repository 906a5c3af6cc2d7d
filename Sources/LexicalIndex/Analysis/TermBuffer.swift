/// The terms of one text, back to back in one byte array: no allocation per term.
package struct TermBuffer: Sendable {
    /// What is known of a term beside its bytes.
    package struct Flags: OptionSet, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }
        /// The term stands beside others for the same words (the whole of a compound whose parts are there too): it can
        /// be found, and does not add to the text's length.
        package static let overlap = Flags(rawValue: 1)
        /// The term is a stop word.
        package static let stopWord = Flags(rawValue: 2)
    }

    /// The terms' UTF-8, one after the other.
    package private(set) var bytes: [UInt8] = []
    private var ends: [Int] = []
    private var flags: [Flags] = []

    /// Creates an empty buffer.
    package init() {}

    /// The number of terms.
    package var count: Int { ends.count }

    /// The length BM25 normalises by: terms that do not overlap others.
    package var lengthInTerms: Int { flags.reduce(0) { $0 + ($1.contains(.overlap) ? 0 : 1) } }

    /// Where term `index` lies in `bytes`.
    package func range(of index: Int) -> Range<Int> {
        (index == 0 ? 0 : ends[index - 1])..<ends[index]
    }

    /// The flags of term `index`.
    package func flags(of index: Int) -> Flags { flags[index] }

    /// Term `index` as a string.
    package func string(of index: Int) -> String {
        String(decoding: bytes[range(of: index)], as: UTF8.self)
    }

    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        flags.removeAll(keepingCapacity: true)
    }

    mutating func append(_ term: ArraySlice<UInt8>, flags newFlags: Flags) {
        bytes.append(contentsOf: term)
        ends.append(bytes.count)
        flags.append(newFlags)
    }
}
