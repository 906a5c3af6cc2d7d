import Foundation
import Tensors
import TestSupport
import Testing

@Suite struct SafetensorsTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory() }

    /// A file from a header and data.
    private func bytes(_ header: String, data: [UInt8]) -> [UInt8] {
        let length = UInt64(header.utf8.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + Array(header.utf8) + data
    }

    private func open(_ header: String, data: [UInt8]) throws -> SafetensorsFile {
        try SafetensorsFile(path: folder.write(bytes(header, data: data), to: "m.safetensors"))
    }

    private static let sound = """
        {"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},\
        "b":{"dtype":"F16","shape":[2],"data_offsets":[8,12]},"c":{"dtype":"BF16","shape":[],"data_offsets":[12,14]},\
        "d":{"dtype":"I64","shape":[1],"data_offsets":[14,22]},"e":{"dtype":"F32","shape":[0,3],"data_offsets":[22,22]}}
        """
    private static let soundData: [UInt8] =
        [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0] + [0, 0x3C, 0, 0xB8] + [0x40, 0x40] + [1, 0, 0, 0, 0, 0, 0, 0]

    @Test("floats of all three types, shapes and metadata are read")
    func reads() throws {
        let file = try open(Self.sound, data: Self.soundData)
        #expect(file.names == ["a", "b", "c", "d", "e"])
        #expect(file.metadata == ["format": "pt"])
        #expect(try file.floats("a", shape: [2, 1]) == [1, -2])
        #expect(try file.floats("b") == [1, -0.5])
        #expect(try file.floats("c") == [3])
        #expect(try file.floats("e") == [])
        #expect(try file.tensor("d").shape == [1])
        #expect(try file.withBytes(of: "d") { $0.byteCount } == 8)
    }

    @Test("a wrong shape, a type without floats and an unknown name are refused")
    func misuse() throws {
        let file = try open(Self.sound, data: Self.soundData)
        #expect(throws: TensorError.missingTensor(path: file.path, name: "z")) { try file.floats("z") }
        #expect(throws: TensorError.self) { try file.floats("a", shape: [1, 2]) }
        #expect(throws: TensorError.self) { try file.floats("d") }
    }

    @Test(
        "a header that doesn't hold together is refused",
        arguments: [
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#,
            #"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}"#,
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
            #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
            #"{"a":{"dtype":"U8","shape":[8],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[4],"data_offsets":[4,8]}}"#,
            #"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#,
            #"{"a":{"dtype":"F32","shape":[-2,-1],"data_offsets":[0,8]}}"#,
            #"{"a":{"dtype":"F32","shape":[4611686018427387904,2],"data_offsets":[0,8]}}"#,
            #"{"a":{"dtype":"F32","shape":[9223372036854775807,4],"data_offsets":[0,8]}}"#,
            #"{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]}}"#,
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}"#,
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#,
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}"#,
            #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}}"#,
            #"{"a":{"dtype":"Q9","shape":[2],"data_offsets":[0,8]}}"#,
            #"{"a":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}}"#,
            #"{"a":{"dtype":"F32","shape":[1e30],"data_offsets":[0,8]}}"#,
            #"{"a":7}"#, #"["a"]"#, #"{"#, "", "null", "{}",
            #"{"__metadata__":{"a":1}}"#,
        ])
    func badHeaders(header: String) {
        #expect(throws: TensorError.self) { try open(header, data: [0, 0, 0, 0, 0, 0, 0, 0]) }
    }

    @Test(
        "a header length beyond the file or the cap is refused", arguments: [UInt64(9), (1 << 24) + 1, .max, 1 << 63])
    func badLengths(length: UInt64) throws {
        let start = (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
        let path = try folder.write(start + Array("{}".utf8), to: "m.safetensors")
        #expect(throws: TensorError.self) { try SafetensorsFile(path: path) }
    }

    @Test("a file cut off anywhere is refused")
    func cuts() throws {
        let whole = bytes(Self.sound, data: Self.soundData)
        for count in 0..<whole.count {
            let path = try folder.write(whole.prefix(count), to: "m.safetensors")
            let error = #expect(throws: TensorError.self) { try SafetensorsFile(path: path) }
            #expect(error?.description.contains(path) == true)
        }
        let longer = try folder.write(whole + [0], to: "m.safetensors")
        #expect(throws: TensorError.self) { try SafetensorsFile(path: longer) }
    }

    @Test("flipped header bytes never do harm")
    func flips() throws {
        let whole = bytes(Self.sound, data: Self.soundData)
        let headerEnd = whole.count - Self.soundData.count
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<500 {
            var damaged = whole
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                damaged[Int.random(in: 0..<headerEnd, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            let path = try folder.write(damaged, to: "m.safetensors")
            // Refused or, where the damage hit a name or a text, read inside of its bounds.
            guard let file = try? SafetensorsFile(path: path) else { continue }
            for (name, tensor) in file.tensors {
                #expect(tensor.byteRange.upperBound <= whole.count)
                _ = try? file.floats(name)
            }
        }
    }
}
