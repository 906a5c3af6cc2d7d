import Tensors

/// The rows of one weight matrix, or of several one behind the other, where they lie in the mapped file or converted.
// The pointer is into the map that `file` keeps alive, or nil.
@safe
struct WeightRows: Sendable {
    /// K.
    let columnCount: Int

    private nonisolated(unsafe) let mapped: [UnsafePointer<Float>]
    private let rowCount: Int  // of each mapped matrix
    private let converted: [Float]
    private let file: SafetensorsFile

    /// Matrices in the map, each of `rowCount` rows, a multiple of 32 unless there is one alone.
    init(mapped: [UnsafePointer<Float>], rowCount: Int, columnCount: Int, _ file: SafetensorsFile) {
        unsafe self.mapped = unsafe mapped
        self.rowCount = rowCount
        self.columnCount = columnCount
        self.file = file
        converted = []
    }

    /// Rows as an array.
    init(_ converted: [Float], columnCount: Int, _ file: SafetensorsFile) {
        unsafe mapped = []
        rowCount = 1
        self.columnCount = columnCount
        self.converted = converted
        self.file = file
    }

    /// Calls `body` with the first of `count` rows from `first` on that lie in one matrix.
    func withRows(_ first: Int, _ count: Int, _ body: (UnsafePointer<Float>) -> Void) {
        if unsafe mapped.isEmpty {
            unsafe converted.withUnsafeBufferPointer { rows in
                guard let base = rows.baseAddress else { return }
                unsafe body(base + first * columnCount)
            }
        } else {
            unsafe body(mapped[first / rowCount] + first % rowCount * columnCount)
        }
    }
}
