/// The header of a .npy file: a Python dictionary literal with three known keys.
struct NpyHeader: Sendable {
    /// The element types that are read.
    enum ElementType: String {
        case float32 = "<f4"
        case float16 = "<f2"
        case int32 = "<i4"

        var byteCount: Int { self == .float16 ? 2 : 4 }
    }

    let type: ElementType
    let shape: [Int]
    /// Where the elements begin.
    let byteCount: Int

    /// Reads the header at the start of a file.
    init(_ start: [UInt8], path: String) throws(NpyError) {
        guard start.count >= 12, Array(start[0..<6]) == [0x93] + Array("NUMPY".utf8) else {
            throw .malformed(path: path, reason: "it does not begin with \"\\x93NUMPY\"")
        }
        guard (1...3).contains(start[6]) else {
            throw .unsupported(path: path, reason: "it is of version \(start[6]).\(start[7])")
        }
        let lengthBytes = start[6] == 1 ? 2 : 4
        let length = (0..<lengthBytes).reduce(0) { $0 | Int(start[8 + $1]) << (8 * $1) }
        byteCount = 8 + lengthBytes + length
        guard length <= NpyFile.maximumHeaderBytes, byteCount <= start.count else {
            throw .malformed(path: path, reason: "its header of \(length) bytes is cut off or too long")
        }
        let text = String(decoding: start[(8 + lengthBytes)..<byteCount], as: UTF8.self)
        let order = NpyHeader.value(of: "fortran_order", in: text)
        guard let order, order.hasPrefix("False") else {
            throw .unsupported(path: path, reason: order == nil ? "it names no order" : "it is in Fortran order")
        }
        let quoted = NpyHeader.value(of: "descr", in: text)?.split(separator: "'", maxSplits: 2).first.map(String.init)
        guard let quoted, let type = ElementType(rawValue: quoted) else {
            throw .unsupported(path: path, reason: "it holds elements of type \(quoted ?? "unknown")")
        }
        guard let tuple = NpyHeader.value(of: "shape", in: text), tuple.first == "(",
            let end = tuple.firstIndex(of: ")")
        else { throw .malformed(path: path, reason: "it names no shape") }
        var shape: [Int] = []
        for part in tuple[tuple.index(after: tuple.startIndex)..<end].split(separator: ",") {
            let digits = part.filter { $0 != " " }
            if digits.isEmpty { continue }
            guard let size = Int(digits), size >= 0 else {
                throw .malformed(path: path, reason: "its shape has a size of \(digits)")
            }
            shape.append(size)
        }
        self.type = type
        self.shape = shape
    }

    /// What follows `'key':` in a dictionary literal.
    private static func value(of key: String, in text: String) -> Substring? {
        let marker = Array("'\(key)':".utf8)
        let bytes = Array(text.utf8)
        guard bytes.count >= marker.count else { return nil }
        for start in 0...(bytes.count - marker.count) where bytes[start..<start + marker.count].elementsEqual(marker) {
            return Substring(String(decoding: bytes[(start + marker.count)...], as: UTF8.self)).drop { $0 == " " }
        }
        return nil
    }

    /// A version 1.0 header, padded so that the elements begin at a multiple of 64.
    static func bytes(type: ElementType, rowCount: Int, columnCount: Int) -> [UInt8] {
        var text = "{'descr': '\(type.rawValue)', 'fortran_order': False, 'shape': (\(rowCount), \(columnCount)), }"
        while (10 + text.utf8.count + 1) % 64 != 0 { text += " " }
        text += "\n"
        let length = text.utf8.count
        return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 255), UInt8(length >> 8)] + Array(text.utf8)
    }
}
