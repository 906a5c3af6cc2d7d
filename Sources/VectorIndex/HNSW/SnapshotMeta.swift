/// The numbers of section "meta".
struct SnapshotMeta {
    var dimension: Int
    var metric: Metric
    var parameters: HNSWParameters
    var slotCount: Int
    var upperCount: Int
    var entry: UInt64
    var ordinal: UInt64
    var vectorStride: Int
    var baseStride: Int
    var codeStride: Int

    private static let metrics: [Metric] = [.cosine, .dot, .l2]
    private static let precisions: [Precision] = [.f32, .bf16, .int8, .binary]

    var words: [UInt64] {
        let metricCode = SnapshotMeta.metrics.firstIndex(of: metric) ?? 0
        let precisionCode = SnapshotMeta.precisions.firstIndex(of: parameters.precision) ?? 0
        return [
            UInt64(dimension), UInt64(metricCode), UInt64(parameters.m), UInt64(parameters.efConstruction),
            UInt64(parameters.efSearch), parameters.seed, UInt64(slotCount), UInt64(upperCount), entry, ordinal,
            UInt64(vectorStride), UInt64(baseStride), UInt64(precisionCode), UInt64(codeStride),
        ]
    }
}

extension SnapshotMeta {
    /// Reads the words of version 2, or the 12 of version 1; nil when one is out of its range.
    init?(_ stored: [UInt64]) {
        let words = stored.count == 12 ? stored + [0, stored[10]] : stored
        guard words.count == 14, words[1] < 3, words[12] < 4 else { return nil }
        // Every other count fits an Int32: what does not is no number this index wrote.
        let numbers = words.map { Int(exactly: $0) ?? -1 }
        let limits = [0, 2, 3, 4, 6, 7, 10, 11, 13].allSatisfy { (0...Int(Int32.max)).contains(numbers[$0]) }
        guard limits, (1...VectorRules.maximumDimension).contains(numbers[0]) else { return nil }
        parameters = HNSWParameters(
            m: numbers[2], efConstruction: numbers[3], efSearch: numbers[4],
            precision: SnapshotMeta.precisions[numbers[12]], seed: words[5])
        do { try parameters.validate() } catch { return nil }
        dimension = numbers[0]
        metric = SnapshotMeta.metrics[numbers[1]]
        slotCount = numbers[6]
        upperCount = numbers[7]
        entry = words[8]
        ordinal = words[9]
        vectorStride = numbers[10]
        baseStride = numbers[11]
        codeStride = numbers[13]
    }
}
