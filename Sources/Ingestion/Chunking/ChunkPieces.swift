/// The smallest parts chunks are put together from: blocks that fit, else their sentences, rows or lines.
struct ChunkPiece: Sendable {
    /// The part of the document's text.
    var span: Range<Int>
    /// The encoder's tokens in it.
    var tokens: Int
    /// Whether a chunk should not end after it: a term, a table's header, a sentence that announces a list.
    var keepsWithNext = false
    /// Whether it may be said again at the start of the next chunk.
    var isSentence = false
    /// The header row to repeat when a chunk starts with this row of a table.
    var header: TableHeader?

    struct TableHeader: Sendable {
        var span: Range<Int>
        var tokens: Int
    }
}

/// Cuts blocks into pieces of at most `limit` tokens.
struct ChunkCutter {
    let bytes: [UInt8]
    let limit: Int
    let tokenCount: (Range<Int>) -> Int

    /// Text with more bytes than this per token allowed is cut before it is counted: counting it would be wasted.
    private static let mostBytesPerToken = 16

    /// The pieces of a block, in order; together they hold all of its text.
    func pieces(of block: Block) -> [ChunkPiece] {
        if let tokens = count(block.utf8Span), tokens <= limit {
            return [ChunkPiece(span: block.utf8Span, tokens: tokens, keepsWithNext: keepsWithNext(block))]
        }
        switch block.kind {
        case .table(let headerBytes): return rows(of: block.utf8Span, headerBytes: headerBytes)
        case .code: return lines(of: block.utf8Span).flatMap { fitting($0) }
        default: return sentences(of: block.utf8Span)
        }
    }

    /// Tokens of a span that may fit, nil for one that is far too long.
    private func count(_ span: Range<Int>) -> Int? {
        span.count > limit * Self.mostBytesPerToken ? nil : tokenCount(span)
    }

    private func keepsWithNext(_ block: Block) -> Bool {
        switch block.kind {
        case .term: true
        case .paragraph: bytes[block.utf8Span].last == 0x3A
        default: false
        }
    }

    private func sentences(of span: Range<Int>) -> [ChunkPiece] {
        SentenceSplitter().sentences(in: Array(bytes[span])).flatMap { range in
            fitting(range.lowerBound + span.lowerBound..<range.upperBound + span.lowerBound).map { piece in
                var piece = piece
                piece.isSentence = true
                return piece
            }
        }
    }

    private func lines(of span: Range<Int>) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var start = span.lowerBound
        for index in span where bytes[index] == 0x0A {
            if index > start { ranges.append(start..<index) }
            start = index + 1
        }
        if start < span.upperBound { ranges.append(start..<span.upperBound) }
        return ranges
    }

    private func rows(of span: Range<Int>, headerBytes: Int) -> [ChunkPiece] {
        var header: ChunkPiece.TableHeader?
        if headerBytes > 0 {
            let range = span.lowerBound..<span.lowerBound + headerBytes
            // A header that would fill a third of every chunk isn't repeated.
            if let tokens = count(range), tokens * 3 <= limit { header = .init(span: range, tokens: tokens) }
        }
        var pieces: [ChunkPiece] = []
        for row in lines(of: span) {
            let isHeader = row.lowerBound == span.lowerBound && header != nil
            for piece in fitting(row, limit: isHeader ? limit : limit - (header?.tokens ?? 0)) {
                var piece = piece
                piece.keepsWithNext = isHeader
                if !isHeader { piece.header = header }
                pieces.append(piece)
            }
        }
        return pieces
    }

    /// The span if it fits, else parts of it that do: cut at white space where there is any, else between characters.
    private func fitting(_ span: Range<Int>, limit: Int? = nil) -> [ChunkPiece] {
        let limit = max(limit ?? self.limit, 1)
        var pieces: [ChunkPiece] = []
        var rest = [span]
        while let part = rest.popLast() {
            if part.count <= limit * Self.mostBytesPerToken {
                let tokens = tokenCount(part)
                if tokens <= limit || part.count <= 4 {
                    pieces.append(ChunkPiece(span: part, tokens: tokens))
                    continue
                }
            }
            // Long text goes in steps from the front, so that cutting a million bytes stays linear.
            let wanted = part.lowerBound + min(part.count / 2, limit * Self.mostBytesPerToken / 2)
            let cut = self.cut(part, near: wanted)
            guard cut > part.lowerBound, cut < part.upperBound else {
                pieces.append(ChunkPiece(span: part, tokens: tokenCount(part)))
                continue
            }
            rest.append(trimmed(cut..<part.upperBound))
            rest.append(trimmed(part.lowerBound..<cut))
        }
        return pieces.filter { !$0.span.isEmpty }
    }

    private func trimmed(_ span: Range<Int>) -> Range<Int> {
        var (start, end) = (span.lowerBound, span.upperBound)
        while start < end, bytes[start] <= 0x20 { start += 1 }
        while end > start, bytes[end - 1] <= 0x20 { end -= 1 }
        return start..<end
    }

    /// A place to cut near `wanted`: the last white space before it, else the start of a character.
    private func cut(_ span: Range<Int>, near wanted: Int) -> Int {
        var place = wanted
        while place > span.lowerBound, bytes[place] > 0x20, wanted - place < 200 { place -= 1 }
        if place > span.lowerBound, bytes[place] <= 0x20 { return place }
        place = max(wanted, span.lowerBound + 1)
        while place < span.upperBound, bytes[place] & 0xC0 == 0x80 { place += 1 }
        return place
    }
}
