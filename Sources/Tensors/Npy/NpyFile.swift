#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// A matrix in NumPy's .npy format: what vectors and queries come in and results go out as.
///
///     bytes 0 … 5  "\x93NUMPY"
///           6, 7   major and minor version: 1.0, 2.0 or 3.0
///           8 …    length of the header: 2 bytes (version 1) or 4, little-endian
///           then   the header: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), } and spaces
///           then   the elements, row-major
///
/// Read: float32 and float16 as `Float`, int32 as `Int32`, one or two dimensions. Written: float32 and int32.
/// Source: NumPy's "NEP 1 – A simple file format for NumPy arrays".
public final class NpyFile: Sendable {
    /// The longest header that is looked at.
    public static let maximumHeaderBytes = 65_536

    /// The file's path.
    public let path: String
    /// Rows; 1 for a file of one dimension.
    public let rowCount: Int
    /// Elements of a row.
    public let columnCount: Int
    private let file: MappedFile
    private let header: NpyHeader

    /// Opens the file and checks its header and length.
    ///
    /// - Throws: `NpyError`.
    public init(path: String) throws(NpyError) {
        do {
            file = try MappedFile(path: path)
        } catch {
            throw .unreadable(path: path, reason: "\(error)")
        }
        // Copied, so that the parser works on bytes it cannot run past.
        let start = file.withBytes { bytes in
            (0..<min(bytes.byteCount, NpyFile.maximumHeaderBytes + 12)).map {
                unsafe bytes.unsafeLoad(fromByteOffset: $0, as: UInt8.self)
            }
        }
        header = try NpyHeader(start, path: path)
        guard (1...2).contains(header.shape.count) else {
            throw .unsupported(path: path, reason: "it has \(header.shape.count) dimensions, not 1 or 2")
        }
        self.path = path
        rowCount = header.shape.count == 2 ? header.shape[0] : 1
        columnCount = header.shape[header.shape.count - 1]
        let (elements, overflow) = rowCount.multipliedReportingOverflow(by: columnCount)
        let (bytes, isTooLong) = elements.multipliedReportingOverflow(by: header.type.byteCount)
        guard !overflow, !isTooLong, file.byteCount - header.byteCount == bytes else {
            throw .malformed(
                path: path,
                reason:
                    "\(file.byteCount - header.byteCount) bytes follow the header of a \(rowCount) × \(columnCount) matrix"
            )
        }
    }

    /// The matrix as floats, row-major [rowCount, columnCount].
    ///
    /// - Throws: `NpyError.unsupported` when it holds integers.
    public func floats() throws(NpyError) -> [Float] {
        switch header.type {
        case .float32: elements(UInt32.self).map { Float(bitPattern: $0) }
        case .float16: elements(UInt16.self).map { NpyFile.float(half: $0) }
        case .int32: throw .unsupported(path: path, reason: "it holds int32 where floats are needed")
        }
    }

    /// The matrix as integers, row-major [rowCount, columnCount].
    ///
    /// - Throws: `NpyError.unsupported` when it holds floats.
    public func integers() throws(NpyError) -> [Int32] {
        guard header.type == .int32 else {
            throw .unsupported(path: path, reason: "it holds \(header.type.rawValue) where int32 is needed")
        }
        return elements(UInt32.self).map { Int32(bitPattern: $0) }
    }

    private func elements<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type) -> [T] {
        file.withBytes { bytes in
            let data = bytes.extracting(header.byteCount..<bytes.byteCount)
            return (0..<data.byteCount / MemoryLayout<T>.size).map { index in
                // Within the length that was checked at opening.
                unsafe T(
                    littleEndian: data.unsafeLoadUnaligned(fromByteOffset: index * MemoryLayout<T>.size, as: T.self))
            }
        }
    }

    /// The value of an IEEE half-precision number.
    static func float(half bits: UInt16) -> Float {
        let sign = UInt32(bits & 0x8000) << 16
        let exponent = UInt32(bits >> 10) & 31
        let fraction = UInt32(bits) & 1023
        switch exponent {
        case 0:
            let magnitude = Float(fraction) / 16_777_216
            return sign == 0 ? magnitude : -magnitude
        case 31: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
        default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
        }
    }
}

// MARK: - Writing

extension NpyFile {
    /// Writes a float32 matrix, row-major [elements.count / columnCount, columnCount].
    ///
    /// - Throws: `NpyError`; `.malformed` when the elements fill no whole rows.
    public static func write(_ elements: [Float], columnCount: Int, to path: String) throws(NpyError) {
        try write(elements.map(\.bitPattern), type: .float32, columnCount: columnCount, to: path)
    }

    /// Writes an int32 matrix, row-major [elements.count / columnCount, columnCount].
    ///
    /// - Throws: `NpyError`; `.malformed` when the elements fill no whole rows.
    public static func write(_ elements: [Int32], columnCount: Int, to path: String) throws(NpyError) {
        try write(elements.map { UInt32(bitPattern: $0) }, type: .int32, columnCount: columnCount, to: path)
    }

    private static func write(
        _ words: [UInt32], type: NpyHeader.ElementType, columnCount: Int, to path: String
    ) throws(NpyError) {
        guard columnCount > 0, words.count.isMultiple(of: columnCount) else {
            throw .malformed(path: path, reason: "\(words.count) elements are no rows of \(columnCount)")
        }
        let header = NpyHeader.bytes(type: type, rowCount: words.count / columnCount, columnCount: columnCount)
        guard let stream = unsafe fopen(path, "wb") else {
            throw .unwritable(path: path, reason: unsafe String(cString: strerror(errno)))
        }
        let little = words.map(\.littleEndian)
        let isWritten =
            unsafe fwrite(header, 1, header.count, stream) == header.count
            && fwrite(little, MemoryLayout<UInt32>.size, little.count, stream) == little.count
        // Closing flushes, so its result counts too.
        guard unsafe fclose(stream) == 0, isWritten else {
            throw .unwritable(path: path, reason: unsafe String(cString: strerror(errno)))
        }
    }
}
