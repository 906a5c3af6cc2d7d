import Foundation

/// Cuts one text into terms: the single pass behind `TextAnalyzer`.
///
/// A *piece* is a run of letters and digits. Pieces joined by one connector (`. - _ @ + ~ &`) make a *compound*:
/// `libcurl4-openssl-dev`, `3.11`, `ERR-4021`, `jane@example.com`. A compound gives its pieces, each stemmed, and its
/// whole, as written, beside them. Runs of unsegmented scripts give overlapping bigrams.
///
///     text      The   ERR-4021            U.S.A.   東京都         getUserName
///     terms     the   err 4021 err-4021   usa      東京 京都      getusernam get user name
struct WordScanner {
    /// The longest piece and the longest whole, in bytes; what is longer is cut, or left out for a whole.
    private static let longestTerm = 64
    /// A chain of pieces longer than this is indexed as its pieces alone.
    private static let longestCompound = 256

    private struct Piece {
        var start: Int
        var end: Int
        var hasDigit: Bool
        var isASCII: Bool
    }

    private let marksStopWords: Bool
    private var compound: [UInt8] = []  // folded, connectors included
    private var pieces: [Piece] = []
    private var connector: [UInt8] = []  // seen after a piece, waiting for the next one
    private var isDotted = true  // all connectors so far are "."
    private var isContinued = false  // the compound goes on from one that was too long to keep whole
    private var hasGroups = false  // the last piece is a number written with commas
    private var humps: [Int] = []  // where upper case follows lower case in the one piece
    private var startsLower = false
    private var previousIsLower = false
    private var run: [Unicode.Scalar] = []  // of unsegmented script

    init(marksStopWords: Bool) {
        self.marksStopWords = marksStopWords
    }

    /// Appends the terms of `text` (valid UTF-8) to `buffer`.
    mutating func scan(_ text: Span<UInt8>, stemmer: inout Stemmer, into buffer: inout TermBuffer) {
        let table = CharacterTable.shared
        var position = 0
        while position < text.count {
            let byte = text[position]
            if byte < 0x80 {
                position += 1
                let isLower = byte &- 0x61 < 26
                if isLower || byte &- 0x41 < 26 {
                    appendLetter(byte | 0x20, isLower: isLower, stemmer: &stemmer, into: &buffer)
                } else if byte &- 0x30 < 10 {
                    beginPieceIfNeeded(isLetter: false, stemmer: &stemmer, into: &buffer)
                    append(byte)
                    pieces[pieces.count - 1].hasDigit = true
                    previousIsLower = false
                } else if byte == UInt8(ascii: ","), isThousandsSeparator(before: position, in: text) {
                    hasGroups = true
                } else {
                    separate(byte, stemmer: &stemmer, into: &buffer)
                }
                continue
            }
            let scalar = Self.decode(text, at: &position)
            switch table.kind(of: scalar) {
            case .letter, .digit:
                appendFolded(scalar, table: table, stemmer: &stemmer, into: &buffer)
            case .ignored:
                continue
            case .unsegmented:
                flushCompound(stemmer: &stemmer, into: &buffer)
                var folded: [UInt8] = []
                table.appendFolded(scalar, to: &folded)
                run.append(contentsOf: String(decoding: folded, as: UTF8.self).unicodeScalars)
                if run.count >= Self.longestCompound { flushRun(into: &buffer, continuing: true) }
            case .separator:
                let plain = table.folded(scalar)
                separate(plain.isASCII ? UInt8(plain.value) : 0x20, stemmer: &stemmer, into: &buffer)
            }
        }
        flushCompound(stemmer: &stemmer, into: &buffer)
        flushRun(into: &buffer)
    }

    /// Decodes the scalar at `position` of valid UTF-8 and moves behind it.
    private static func decode(_ text: Span<UInt8>, at position: inout Int) -> Unicode.Scalar {
        let first = UInt32(text[position])
        let count = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
        var value = first & (0x7F >> UInt32(count))
        for offset in 1..<count where position + offset < text.count {
            value = value << 6 | UInt32(text[position + offset] & 0x3F)
        }
        position = min(position + count, text.count)
        return Unicode.Scalar(value) ?? "\u{FFFD}"
    }
}

// MARK: - Building a compound

extension WordScanner {
    private mutating func append(_ byte: UInt8) {
        let last = pieces.count - 1
        guard pieces[last].end - pieces[last].start < Self.longestTerm else { return }
        compound.append(byte)
        pieces[last].end = compound.count
    }

    private mutating func appendLetter(
        _ lower: UInt8, isLower: Bool, stemmer: inout Stemmer, into buffer: inout TermBuffer
    ) {
        let isFirst = beginPieceIfNeeded(isLetter: true, stemmer: &stemmer, into: &buffer)
        if isFirst && pieces.count == 1 { startsLower = isLower }
        if !isLower, previousIsLower, pieces.count == 1 { humps.append(compound.count) }
        append(lower)
        previousIsLower = isLower
    }

    private mutating func appendFolded(
        _ scalar: Unicode.Scalar, table: CharacterTable, stemmer: inout Stemmer, into buffer: inout TermBuffer
    ) {
        beginPieceIfNeeded(isLetter: true, stemmer: &stemmer, into: &buffer)
        previousIsLower = false
        let last = pieces.count - 1
        guard pieces[last].end - pieces[last].start < Self.longestTerm else { return }
        let start = compound.count
        table.appendFolded(scalar, to: &compound)
        pieces[last].end = compound.count
        for byte in compound[start...] {
            if byte >= 0x80 { pieces[last].isASCII = false }
            if byte &- 0x30 < 10 { pieces[last].hasDigit = true }
        }
    }

    /// Makes sure that the last piece is open; returns whether it was begun now.
    @discardableResult
    private mutating func beginPieceIfNeeded(
        isLetter: Bool, stemmer: inout Stemmer, into buffer: inout TermBuffer
    ) -> Bool {
        if !run.isEmpty { flushRun(into: &buffer) }
        if let first = connector.first {
            let last = pieces[pieces.count - 1]
            if first == UInt8(ascii: "'"), isLetter, !last.hasDigit {
                // "don't" is one word; the stemmer takes a possessive "'s" off.
                connector.removeAll(keepingCapacity: true)
                append(first)
                return false
            }
            let isTooLong = compound.count > Self.longestCompound
            if first == UInt8(ascii: "#") || isTooLong {
                flushCompound(stemmer: &stemmer, into: &buffer)
                isContinued = isTooLong
            } else {
                compound.append(contentsOf: connector)
                if first != UInt8(ascii: ".") { isDotted = false }
                connector.removeAll(keepingCapacity: true)
            }
        } else if !pieces.isEmpty {
            return false
        }
        hasGroups = false
        pieces.append(Piece(start: compound.count, end: compound.count, hasDigit: false, isASCII: true))
        previousIsLower = false
        return true
    }

    /// Takes a character that is no part of a word: a connector waits for what follows, all else ends the compound.
    private mutating func separate(_ byte: UInt8, stemmer: inout Stemmer, into buffer: inout TermBuffer) {
        if !run.isEmpty { flushRun(into: &buffer) }
        guard !pieces.isEmpty else { return }
        if connector.isEmpty, Self.isConnector(byte) {
            connector.append(byte)
        } else if connector.count == 1, byte == UInt8(ascii: "+"), connector[0] == byte {
            connector.append(byte)
        } else {
            flushCompound(stemmer: &stemmer, into: &buffer)
        }
    }

    private static func isConnector(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "@"), UInt8(ascii: "+"),
            UInt8(ascii: "~"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "#"):
            true
        default: false
        }
    }

    /// Whether the comma before `position` groups digits, as in "1,250,000": those are one number, without commas.
    private func isThousandsSeparator(before position: Int, in text: Span<UInt8>) -> Bool {
        guard connector.isEmpty, let last = pieces.last, last.hasDigit, position + 3 <= text.count else { return false }
        let piece = compound[last.start..<last.end]
        guard piece.count <= 3 || hasGroups, piece.allSatisfy({ $0 &- 0x30 < 10 }) else { return false }
        for offset in 0..<3 where !(text[position + offset] &- 0x30 < 10) { return false }
        return position + 3 == text.count || !(text[position + 3] &- 0x30 < 10)
    }
}

// MARK: - Emitting terms

extension WordScanner {
    private mutating func flushCompound(stemmer: inout Stemmer, into buffer: inout TermBuffer) {
        guard !pieces.isEmpty else { return }
        defer { resetCompound() }
        if pieces.count > 1, isDotted, pieces.allSatisfy({ $0.end - $0.start == 1 && !$0.hasDigit }) {
            // "U.S.A." is the word "usa".
            emit(compound.filter { $0 != UInt8(ascii: ".") }[...], hasDigit: true, stemmer: &stemmer, into: &buffer)
            return
        }
        for piece in pieces {
            let word = compound[piece.start..<piece.end]
            emit(word, hasDigit: piece.hasDigit || !piece.isASCII, stemmer: &stemmer, into: &buffer)
        }
        if pieces.count > 1, compound.count <= Self.longestTerm, !isContinued {
            buffer.append(compound[...], flags: .overlap)
        } else if pieces.count == 1, let sign = connector.first, Self.isLanguageSuffix(connector) {
            // "C++" and "F#"; a single "+" or another connector at the end is punctuation.
            if pieces[0].end - pieces[0].start <= 3 {
                buffer.append((compound + (sign == UInt8(ascii: "#") ? [sign] : connector))[...], flags: .overlap)
            }
        }
        if !humps.isEmpty { emitHumps(stemmer: &stemmer, into: &buffer) }
    }

    private static func isLanguageSuffix(_ connector: [UInt8]) -> Bool {
        connector.count == 2 || connector == [UInt8(ascii: "#")]
    }

    private mutating func resetCompound() {
        compound.removeAll(keepingCapacity: true)
        pieces.removeAll(keepingCapacity: true)
        connector.removeAll(keepingCapacity: true)
        humps.removeAll(keepingCapacity: true)
        isDotted = true
        isContinued = false
        previousIsLower = false
    }

    private func emit(
        _ word: ArraySlice<UInt8>, hasDigit: Bool, flags: TermBuffer.Flags = [], stemmer: inout Stemmer,
        into buffer: inout TermBuffer
    ) {
        var flags = flags
        if marksStopWords, !hasDigit, StopWords.contains(word) { flags.insert(.stopWord) }
        if hasDigit || word.count < 3 {
            buffer.append(word, flags: flags)
        } else {
            stemmer.append(word, flags: flags, to: &buffer)
        }
    }

    /// The words inside a camel-case identifier, found beside its whole.
    ///
    /// Only where it starts in lower case with two letters at least, as identifiers do: "JavaScript" and "iPhone" are
    /// names and stay whole. A query's identifier stays whole as well: its whole is in every text that has it.
    private func emitHumps(stemmer: inout Stemmer, into buffer: inout TermBuffer) {
        guard !marksStopWords, startsLower, pieces.count == 1, humps[0] >= 2 else { return }
        var start = 0
        for end in humps + [pieces[0].end] where end > start && end <= pieces[0].end {
            let part = compound[start..<end]
            emit(part, hasDigit: pieces[0].hasDigit, flags: .overlap, stemmer: &stemmer, into: &buffer)
            start = end
        }
    }

    private mutating func flushRun(into buffer: inout TermBuffer, continuing: Bool = false) {
        guard !run.isEmpty else { return }
        let composed = Self.compose(run)
        run.removeAll(keepingCapacity: true)
        var bytes: [UInt8] = []
        if composed.count == 1 && !continuing {
            CharacterTable.append(composed[0], to: &bytes)
            buffer.append(bytes[...], flags: [])
        }
        for index in composed.indices.dropFirst() {
            bytes.removeAll(keepingCapacity: true)
            CharacterTable.append(composed[index - 1], to: &bytes)
            CharacterTable.append(composed[index], to: &bytes)
            buffer.append(bytes[...], flags: [])
        }
        if continuing, let last = composed.last { run.append(last) }
    }

    /// Joins voicing marks and Hangul letters to syllables where the text has them apart.
    private static func compose(_ run: [Unicode.Scalar]) -> [Unicode.Scalar] {
        let isApart = run.contains {
            $0.value == 0x3099 || $0.value == 0x309A || (0x1100...0x11FF).contains($0.value)
        }
        guard isApart else { return run }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: run)
        return Array(String(view).precomposedStringWithCanonicalMapping.unicodeScalars)
    }
}
