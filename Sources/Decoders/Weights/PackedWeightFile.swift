import CKernels
import Tensors

/// The packed matrices of a model in a file beside it: written by the first load, mapped by the next ones.
///
///     MODEL.gguf.packed   a snapshot (`SnapshotLayout` draws the container) of kind "PWGT" with the model's fingerprint;
///                         FOLDER/model.packed where the model is a folder
///     section  contents
///     names    UTF-8, a line for each matrix: type, R, K and name, with spaces between
///     panels   the panels of one matrix after the other, as `ck_quant.h` draws them
///
/// Packing a model takes as much new memory as it has weights, and clearing that is most of a load; a mapped file is in
/// memory already, and read about as fast (docs/decisions/0012). Whatever doesn't fit the model is as good as no file.
@safe
final class PackedWeightFile: Sendable {
    /// The version is that of the panels' layout and of the order that architectures put rows into.
    private static let kind = SnapshotKind(code: "PWGT", version: 1)

    private let panels: SnapshotSection
    /// Where a matrix begins, by its line.
    private let offsets: [String: Int]

    /// Opens and checks what an earlier load of `source` left; nil when there is nothing that fits.
    init?(for source: any ModelSource) {
        guard
            let snapshot = try? SnapshotFile(
                path: source.packedPath, kind: Self.kind, fingerprint: source.contentFingerprint),
            let names = try? snapshot.section("names").array(of: UInt8.self),
            let panels = try? snapshot.section("panels")
        else { return nil }
        var (offsets, end): ([String: Int], Int) = ([:], 0)
        for line in String(decoding: names, as: UTF8.self).split(separator: "\n") {
            guard let entry = Entry(line: line) else { return nil }
            offsets[entry.line] = end
            end += entry.byteCount
            guard end <= panels.byteCount else { return nil }
        }
        self.panels = panels
        self.offsets = offsets
    }

    /// The panels of the matrix that `entry` names, valid while this object lives; nil when it isn't there.
    func panels(of entry: Entry) -> UnsafeMutableRawPointer? {
        guard let offset = offsets[entry.line] else { return nil }
        return unsafe panels.base.baseAddress.map { unsafe $0 + offset }
    }

    /// Writes the file for the next load.
    /// - Throws: `SnapshotError` when the folder can't be written to, or another load is writing.
    static func write(
        _ matrices: [(entry: Entry, matrix: PackedMatrix)], for source: any ModelSource
    ) throws(SnapshotError) {
        let stamp = SnapshotStamp(collectionID: 0, fingerprint: source.contentFingerprint, watermark: 0)
        let writer = try SnapshotWriter(path: source.packedPath, kind: kind, stamp: stamp)
        try writer.beginSection("names")
        try writer.append(matrices.flatMap { Array(($0.entry.line + "\n").utf8) })
        try writer.beginSection("panels")
        for (entry, matrix) in matrices {
            let bytes = unsafe UnsafeRawBufferPointer(start: matrix.panels, count: entry.byteCount)
            // Packed whole, and kept by the matrix.
            unsafe try writer.append(RawSpan(_unsafeBytes: bytes))
        }
        try writer.commit()
    }

    /// One matrix, as a line names it.
    struct Entry {
        let type: ck_weight_type
        let rowCount: Int
        let columnCount: Int
        let name: String

        var line: String { "\(type.rawValue) \(rowCount) \(columnCount) \(name)" }
        /// Bytes of all its panels.
        var byteCount: Int { ck_panel_bytes(type, columnCount) * ((rowCount + 15) / 16) }

        init(type: ck_weight_type, rowCount: Int, columnCount: Int, name: String) {
            self.type = type
            self.rowCount = rowCount
            self.columnCount = columnCount
            self.name = name
        }

        init?(line: Substring) {
            let parts = line.split(separator: " ", maxSplits: 3)
            guard parts.count == 4, let type = UInt32(parts[0]), type <= CK_WEIGHT_IQ4_NL.rawValue,
                let rows = Int(parts[1]), let columns = Int(parts[2]), (1...1 << 28).contains(rows),
                (1...1 << 24).contains(columns)
            else { return nil }
            self.init(
                type: ck_weight_type(rawValue: type), rowCount: rows, columnCount: columns, name: String(parts[3]))
        }
    }
}
