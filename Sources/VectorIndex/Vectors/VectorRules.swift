/// What a vector has to satisfy before an index stores or searches for it, and the form it is stored in.
enum VectorRules {
    /// The greatest squared length: below it no dot product (|a||b|) and no squared distance (2|a|² + 2|b|²) overflows.
    static let maximumSquaredLength = Double(Float.greatestFiniteMagnitude) / 4

    /// The widest vector an index takes.
    static let maximumDimension = 65_536

    /// Checks a query and returns it as it is compared: at length 1 for cosine, as given otherwise.
    static func prepared(query: [Float], dimension: Int, metric: Metric) throws(VectorIndexError) -> [Float] {
        guard query.count == dimension else {
            throw .dimensionMismatch(found: query.count, expected: dimension)
        }
        return try prepared([0], vectors: query, dimension: dimension, metric: metric)
    }

    /// Checks ids and vectors, row-major [ids.count, dimension], and returns the vectors as they are stored.
    static func prepared(
        _ ids: [Int64], vectors: [Float], dimension: Int, metric: Metric
    ) throws(VectorIndexError) -> [Float] {
        let (needed, overflow) = ids.count.multipliedReportingOverflow(by: dimension)
        guard !overflow, vectors.count == needed else {
            if ids.count == 1 { throw .dimensionMismatch(found: vectors.count, expected: dimension) }
            throw .countMismatch(ids: ids.count, components: vectors.count, dimension: dimension)
        }
        var prepared = vectors
        for row in ids.indices {
            let range = row * dimension..<(row + 1) * dimension
            var squared = 0.0
            for index in range { squared += Double(vectors[index]) * Double(vectors[index]) }
            // Also false for NaN.
            guard squared.isFinite, metric == .cosine || squared <= maximumSquaredLength else {
                throw .notFinite(vector: row)
            }
            guard metric == .cosine else { continue }
            guard squared > 0 else { throw .zeroVector(vector: row) }
            let scale = 1 / squared.squareRoot()
            for index in range { prepared[index] = Float(Double(vectors[index]) * scale) }
        }
        return prepared
    }

    static func check(_ name: String, _ value: Int, in range: ClosedRange<Int>) throws(VectorIndexError) {
        guard range.contains(value) else { throw .invalidParameter(name: name, value: value, range: range) }
    }
}
