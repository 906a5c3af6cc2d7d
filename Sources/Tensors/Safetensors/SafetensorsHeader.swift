import Foundation

/// The header of a safetensors file as it was read, and the checks that make it trustworthy.
struct SafetensorsHeader {
    /// Where the tensors' bytes begin.
    let dataStart: Int
    /// The header's free texts.
    let metadata: [String: String]

    private let path: String
    private let fileBytes: Int
    private let entries: [String: Entry]

    private struct Entry: Decodable {
        var dtype: String
        var shape: [Int]
        var data_offsets: [Int]
    }

    /// The header's one object: entries by tensor name, and texts under `__metadata__`.
    private struct Contents: Decodable {
        var entries: [String: Entry] = [:]
        var metadata: [String: String] = [:]

        private struct Name: CodingKey {
            var stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Name.self)
            for key in container.allKeys {
                if key.stringValue == "__metadata__" {
                    metadata = try container.decode([String: String].self, forKey: key)
                } else {
                    entries[key.stringValue] = try container.decode(Entry.self, forKey: key)
                }
            }
        }
    }

    /// Reads the length and the JSON behind it.
    init(_ file: MappedFile) throws(TensorError) {
        path = file.path
        fileBytes = file.byteCount
        guard fileBytes >= 8 else { throw Self.malformed(path, "it is only \(fileBytes) bytes long") }
        let length = unsafe UInt64(littleEndian: file.base.loadUnaligned(as: UInt64.self))
        guard length <= SafetensorsFile.maxHeaderBytes else {
            throw Self.malformed(path, "its header claims \(length) bytes")
        }
        guard Int(length) <= fileBytes - 8 else {
            throw Self.malformed(path, "it is cut off inside of its header")
        }
        dataStart = 8 + Int(length)
        let json = unsafe Data(file.base[8..<dataStart])
        guard json.first == UInt8(ascii: "{") else { throw Self.malformed(path, "its header is no JSON object") }
        do {
            let contents = try JSONDecoder().decode(Contents.self, from: json)
            entries = contents.entries
            metadata = contents.metadata
        } catch {
            throw Self.malformed(path, "its header is not the JSON of a safetensors file")
        }
    }

    /// The tensors, each inside of the file, one behind the other up to its end.
    func placedTensors() throws(TensorError) -> [String: SafetensorsTensor] {
        var tensors: [SafetensorsTensor] = []
        tensors.reserveCapacity(entries.count)
        for (name, entry) in entries { tensors.append(try place(name, entry)) }
        tensors.sort { one, other in
            (one.byteRange.lowerBound, one.byteRange.upperBound, one.name)
                < (other.byteRange.lowerBound, other.byteRange.upperBound, other.name)
        }
        var end = dataStart
        for tensor in tensors {
            guard tensor.byteRange.lowerBound >= end else {
                throw Self.malformed(path, "tensor \(tensor.name) overlaps another")
            }
            guard tensor.byteRange.lowerBound == end else {
                throw Self.malformed(path, "there are bytes of no tensor in front of \(tensor.name)")
            }
            end = tensor.byteRange.upperBound
        }
        guard end == fileBytes else { throw Self.malformed(path, "there are bytes behind its last tensor") }
        return Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0) })
    }

    private func place(_ name: String, _ entry: Entry) throws(TensorError) -> SafetensorsTensor {
        guard let type = SafetensorsTensor.ElementType(rawValue: entry.dtype) else {
            throw Self.malformed(path, "tensor \(name) has the unknown type \(entry.dtype)")
        }
        guard entry.shape.count <= SafetensorsFile.maxDimensionCount else {
            throw Self.malformed(path, "tensor \(name) has \(entry.shape.count) dimensions")
        }
        var bytes = type.byteCount
        for dimension in entry.shape {
            guard dimension >= 0 else { throw Self.malformed(path, "tensor \(name) has a dimension of \(dimension)") }
            let (product, overflow) = bytes.multipliedReportingOverflow(by: dimension)
            guard !overflow else { throw Self.malformed(path, "the size of tensor \(name) overflows") }
            bytes = product
        }
        guard entry.data_offsets.count == 2, 0 <= entry.data_offsets[0], entry.data_offsets[0] <= entry.data_offsets[1]
        else { throw Self.malformed(path, "tensor \(name) has no valid offsets") }
        guard entry.data_offsets[1] <= fileBytes - dataStart else {
            throw Self.malformed(path, "tensor \(name) reaches beyond the end of the file, which may be cut off")
        }
        guard entry.data_offsets[1] - entry.data_offsets[0] == bytes else {
            throw Self.malformed(path, "the bytes of tensor \(name) don't fit its shape \(entry.shape)")
        }
        return SafetensorsTensor(
            name: name, type: type, shape: entry.shape,
            byteRange: (dataStart + entry.data_offsets[0])..<(dataStart + entry.data_offsets[1]))
    }

    private static func malformed(_ path: String, _ reason: String) -> TensorError {
        .malformedSafetensors(path: path, reason: reason)
    }
}
