import Foundation

/// One distinct term of a query.
struct QueryTerm: Sendable {
    /// The term's UTF-8.
    let bytes: [UInt8]
    /// How often it stands in the query.
    var multiplicity: Int

    /// The distinct terms of `query` in the order they first stand there, without stop words unless there is nothing
    /// else.
    static func terms(of query: String, analyzer: TextAnalyzer) -> [QueryTerm] {
        let buffer = analyzer.analyze(query, for: .query)
        var kept = (0..<buffer.count).filter { !buffer.flags(of: $0).contains(.stopWord) }
        if kept.isEmpty { kept = Array(0..<buffer.count) }
        var terms: [QueryTerm] = []
        var known: [ArraySlice<UInt8>: Int] = [:]
        for index in kept {
            let bytes = buffer.bytes[buffer.range(of: index)]
            if let found = known[bytes] {
                terms[found].multiplicity += 1
            } else {
                known[bytes] = terms.count
                terms.append(QueryTerm(bytes: Array(bytes), multiplicity: 1))
            }
        }
        return terms
    }
}

/// An index as of one moment, and the statistics BM25 needs of it.
struct IndexState: Sendable {
    /// Largest first.
    let views: [SegmentView]
    /// The number of chunks.
    let count: Int
    /// The sum of their lengths in terms.
    let totalLength: Int

    init(views: [SegmentView]) {
        self.views = views
        count = views.reduce(0) { $0 + $1.liveCount }
        totalLength = views.reduce(0) { $0 + $1.liveLength }
    }

    /// The average length of a chunk, at least 1.
    var averageLength: Float { max(1, Float(totalLength) / Float(max(1, count))) }

    /// ln(1 + (N − df + ½) / (df + ½)): above 0 for every df.
    func inverseDocumentFrequency(_ documentFrequency: Int) -> Double {
        Foundation.log1p((Double(count - documentFrequency) + 0.5) / (Double(documentFrequency) + 0.5))
    }
}
