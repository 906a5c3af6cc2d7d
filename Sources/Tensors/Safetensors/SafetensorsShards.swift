import Foundation

/// The weights of a model's folder: `model.safetensors`, or the shards that `model.safetensors.index.json` names.
///
/// Every tensor is in exactly one file, and the index and the files agree on which. The index names files of the same
/// folder only: a name with a path in it is refused.
///
/// Source: Hugging Face `transformers`, "Sharded checkpoints": `{"metadata": …, "weight_map": {tensor: file}}`.
public final class SafetensorsShards: Sendable {
    /// The largest index that is read.
    public static let maxIndexBytes = 16 << 20
    /// The most files a model may be cut into.
    public static let maxShardCount = 1_024
    /// The name of weights in one file.
    public static let singleName = "model.safetensors"
    /// The name of the index of weights in several files.
    public static let indexName = "model.safetensors.index.json"

    /// The folder.
    public let path: String
    /// The files, in the order of their names.
    public let files: [SafetensorsFile]
    /// Which of the files each tensor is in.
    public let placement: [String: Int]

    private struct Index: Decodable {
        var weight_map: [String: String]
    }

    /// Maps the files and checks that they fit together.
    /// - Parameter path: a folder that holds the weights.
    /// - Throws: `TensorError.unreadable` when a file isn't there, `.malformedSafetensors` when one is damaged or index and
    ///   files don't agree.
    public init(folder path: String) throws(TensorError) {
        self.path = path
        let index = path + "/" + Self.indexName
        guard FileManager.default.fileExists(atPath: index) else {
            let file = try SafetensorsFile(path: path + "/" + Self.singleName)
            files = [file]
            placement = file.tensors.mapValues { _ in 0 }
            return
        }
        let map = try Self.weightMap(index)
        let names = Set(map.values).sorted()
        guard names.count <= Self.maxShardCount else {
            throw .malformedSafetensors(path: index, reason: "it names \(names.count) files")
        }
        var files: [SafetensorsFile] = []
        var placement: [String: Int] = [:]
        for (number, name) in names.enumerated() {
            try Self.check(fileName: name, index)
            let file = try SafetensorsFile(path: path + "/" + name)
            for tensor in file.names {
                guard map[tensor] == name else {
                    throw .malformedSafetensors(path: index, reason: "it doesn't place tensor \(tensor) in \(name)")
                }
                placement[tensor] = number
            }
            files.append(file)
        }
        if let lost = map.keys.sorted().first(where: { placement[$0] == nil }) {
            throw .missingTensor(path: path + "/" + (map[lost] ?? ""), name: lost)
        }
        self.files = files
        self.placement = placement
    }

    /// The names of every tensor, sorted.
    public var names: [String] { placement.keys.sorted() }

    /// The file that holds a tensor, and where in it.
    /// - Throws: `TensorError.missingTensor`.
    public func tensor(_ name: String) throws(TensorError) -> (file: SafetensorsFile, tensor: SafetensorsTensor) {
        guard let number = placement[name] else { throw .missingTensor(path: path, name: name) }
        return (files[number], try files[number].tensor(name))
    }

    private static func weightMap(_ path: String) throws(TensorError) -> [String: String] {
        let file = try MappedFile(path: path)
        guard file.byteCount <= maxIndexBytes else {
            throw .malformedSafetensors(path: path, reason: "an index of \(file.byteCount) bytes")
        }
        // Copied out of the map; the index is small.
        let data = unsafe Data(file.base)
        guard let index = try? JSONDecoder().decode(Index.self, from: data), !index.weight_map.isEmpty else {
            throw .malformedSafetensors(path: path, reason: "it has no \"weight_map\" of tensors and files")
        }
        return index.weight_map
    }

    /// Only a plain name can't lead out of the folder.
    private static func check(fileName: String, _ index: String) throws(TensorError) {
        let isPlain = fileName.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x2F && $0 != 0x5C && $0 != 0x7F }
        guard isPlain, fileName.hasSuffix(".safetensors") else {
            throw .malformedSafetensors(path: index, reason: "\"\(fileName)\" is no safetensors file of its folder")
        }
    }
}
