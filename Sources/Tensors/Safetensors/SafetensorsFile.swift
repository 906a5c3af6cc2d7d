import Foundation

/// A safetensors file over a memory map: an 8-byte length, a JSON header of that length, then the tensors' bytes.
///
/// Opening it checks everything the header claims against the file: every tensor lies inside it, takes exactly the
/// bytes its type and shape ask for, and the tensors follow one another without overlap or gap to the end of the file,
/// so a file that was cut off anywhere is refused. Reading tensors afterwards can't leave the file.
///
/// Source: safetensors format description, https://github.com/huggingface/safetensors#format.
public final class SafetensorsFile: Sendable {
    /// The longest header that is read.
    public static let maxHeaderBytes = 16 << 20
    /// The most dimensions a tensor may have.
    public static let maxDimensionCount = 8

    /// Where the file was opened.
    public let path: String
    /// Every tensor by its name.
    public let tensors: [String: SafetensorsTensor]
    /// The header's free texts (`format: pt`).
    public let metadata: [String: String]
    /// The mapped file.
    package let file: MappedFile
    /// Bytes in front of the tensors' bytes: the length and the header.
    package let dataStart: Int

    /// The tensors' names, sorted.
    public var names: [String] { tensors.keys.sorted() }

    /// Maps the file and checks its header.
    /// - Throws: `TensorError.unreadable` when it can't be opened, `.malformedSafetensors` when anything in it doesn't
    ///   hold together.
    public init(path: String) throws(TensorError) {
        let file = try MappedFile(path: path)
        let header = try SafetensorsHeader(file)
        self.path = path
        self.file = file
        dataStart = header.dataStart
        metadata = header.metadata
        tensors = try header.placedTensors()
    }

    /// The tensor of this name.
    /// - Throws: `TensorError.missingTensor` when there is none.
    public func tensor(_ name: String) throws(TensorError) -> SafetensorsTensor {
        guard let tensor = tensors[name] else { throw .missingTensor(path: path, name: name) }
        return tensor
    }

    /// The bytes of a tensor, read in place.
    /// - Throws: `TensorError.missingTensor` when there is none, else what `body` throws.
    public func withBytes<R>(of name: String, _ body: (RawSpan) throws -> R) throws -> R {
        let range = try tensor(name).byteRange
        return try file.withBytes { bytes in try body(bytes.extracting(range)) }
    }

    /// The numbers of a tensor as 32-bit floats, in row-major order.
    /// - Parameters:
    ///   - name: the tensor.
    ///   - shape: the shape it must have; nil for any.
    /// - Returns: as many floats as the shape says.
    /// - Throws: `TensorError.missingTensor`, or `.unsupportedTensor` when it is of another shape or its type is none of
    ///   F32, F16 and BF16.
    public func floats(_ name: String, shape: [Int]? = nil) throws(TensorError) -> [Float] {
        let tensor = try tensor(name, shape: shape)
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: file.base[tensor.byteRange])
        let count = tensor.elementCount
        // Unaligned loads: the format doesn't align tensors. The header check has put every one inside of the map.
        switch tensor.type {
        case .f32:
            return unsafe [Float](unsafeUninitializedCapacity: count) { out, filled in
                unsafe UnsafeMutableRawBufferPointer(out).copyMemory(from: bytes)
                filled = count
            }
        case .f16:
            return (0..<count).map {
                let bits = unsafe bytes.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self)
                return Float(Float16(bitPattern: bits))
            }
        case .bf16:
            return (0..<count).map {
                let bits = unsafe bytes.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self)
                return Float(bitPattern: UInt32(bits) << 16)
            }
        default:
            throw .unsupportedTensor(
                path: path, name: name, reason: "its numbers are \(tensor.type.rawValue), not F32, F16 or BF16")
        }
    }

    /// The address of an F32 tensor's numbers in the map, or nil where they aren't F32 or not aligned for floats.
    ///
    /// Valid as long as this object lives. Unsafe because rows of it are handed to kernels.
    /// - Throws: `TensorError.missingTensor`, or `.unsupportedTensor` when it is of another shape.
    package func mappedFloats(_ name: String, shape: [Int]) throws(TensorError) -> UnsafePointer<Float>? {
        let tensor = try tensor(name, shape: shape)
        guard tensor.type == .f32, let start = unsafe file.base.baseAddress else { return nil }
        let address = unsafe start + tensor.byteRange.lowerBound
        guard Int(bitPattern: address) % MemoryLayout<Float>.alignment == 0 else { return nil }
        return unsafe address.assumingMemoryBound(to: Float.self)
    }

    /// Tells this file from others, and from what was at its path before.
    package var contentFingerprint: String { "safetensors:\(file.contentFingerprint(headerBytes: dataStart))" }

    /// The address of a tensor's bytes, not aligned to anything; valid while this file is referenced.
    package func base(of tensor: SafetensorsTensor) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(rebasing: file.base[tensor.byteRange])
    }

    /// Tells the system that a tensor's pages won't be read again soon; reading them again brings them back.
    package func release(_ name: String) {
        guard let tensor = tensors[name] else { return }
        unsafe MappedFile.release(base(of: tensor))
    }

    private func tensor(_ name: String, shape: [Int]?) throws(TensorError) -> SafetensorsTensor {
        let tensor = try tensor(name)
        if let shape, tensor.shape != shape {
            throw .unsupportedTensor(
                path: path, name: name, reason: "its shape is \(tensor.shape), but the configuration asks for \(shape)")
        }
        return tensor
    }
}
