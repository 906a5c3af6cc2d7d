import Tensors
import TestSupport
import Testing

/// Writes GGUF files byte by byte, right or wrong.
struct GGUFBytes {
    var bytes: [UInt8] = []

    mutating func u32(_ value: UInt32) {
        for shift in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * shift))) }
    }
    mutating func u64(_ value: UInt64) {
        for shift in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * shift))) }
    }

    mutating func string(_ text: String) {
        u64(UInt64(text.utf8.count))
        bytes += Array(text.utf8)
    }

    mutating func tensor(_ name: String, _ shape: [UInt64], type: UInt32, offset: UInt64) {
        string(name)
        u32(UInt32(shape.count))
        for dimension in shape { u64(dimension) }
        u32(type)
        u64(offset)
    }

    /// A preamble with these counts.
    init(version: UInt32 = 3, tensors: UInt64, metadata: UInt64) {
        bytes = Array("GGUF".utf8)
        u32(version)
        u64(tensors)
        u64(metadata)
    }

    /// A sound file with one value of each kind and three tensors.
    static func sample(version: UInt32 = 3) -> [UInt8] {
        var file = GGUFBytes(version: version, tensors: 3, metadata: 13)
        func key(_ name: String, _ type: UInt32) {
            file.string(name)
            file.u32(type)
        }
        key("u8", 0); file.bytes.append(200)
        key("i8", 1); file.bytes.append(0xFF)
        key("u16", 2); file.bytes += [1, 2]
        key("i16", 3); file.bytes += [0xFE, 0xFF]
        key("u32", 4); file.u32(4_000_000_000)
        key("i32", 5); file.u32(UInt32(bitPattern: -5))
        key("f32", 6); file.u32(Float(1.5).bitPattern)
        key("flag", 7); file.bytes.append(1)
        key("text", 8); file.string("Grüße")
        key("u64", 10); file.u64(1 << 40)
        key("i64", 11); file.u64(UInt64(bitPattern: -1))
        key("f64", 12); file.u64(Double(0.1).bitPattern)
        key("list", 9); file.u32(9); file.u64(2)
        for words in [["a", "b"], ["c"]] {
            file.u32(8)
            file.u64(UInt64(words.count))
            for word in words { file.string(word) }
        }
        file.tensor("plain", [3, 2], type: 0, offset: 0)
        file.tensor("blocks", [64, 2], type: 3, offset: 32)
        file.tensor("half", [4], type: 1, offset: 128)
        while file.bytes.count % 32 != 0 { file.bytes.append(0) }
        for value in 0..<6 { file.u32(Float(value).bitPattern) }
        file.bytes += [UInt8](repeating: 0, count: 8)
        file.bytes += (0..<80).map { UInt8($0) }
        file.bytes += [UInt8](repeating: 0, count: 16) + [0, 60, 0, 64, 0, 66, 0, 68]
        return file.bytes
    }
}

@Suite("GGUF files")
struct GGUFFileTests {
    static func open(_ bytes: [UInt8]) throws -> GGUFFile {
        let folder = try TemporaryDirectory()
        return try GGUFFile(path: try folder.write(bytes, to: "test.gguf"))
    }

    /// The error's text; fails when the file opens.
    static func failure(_ bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) -> String {
        let error = #expect(throws: TensorError.self, sourceLocation: sourceLocation) { _ = try open(bytes) }
        return error.map { "\($0)" } ?? ""
    }

    @Test("every kind of metadata and tensor is read", arguments: [2, 3] as [UInt32])
    func reading(_ version: UInt32) throws {
        let file = try Self.open(GGUFBytes.sample(version: version))
        #expect(file.version == version)
        #expect(try file.integer("u8") == 200)
        #expect(try file.integer("i8") == -1)
        #expect(try file.integer("u16") == 513)
        #expect(try file.integer("i16") == -2)
        #expect(try file.integer("u32") == 4_000_000_000)
        #expect(try file.integer("i32") == -5)
        #expect(try file.number("f32") == 1.5)
        #expect(try file.bool("flag") == true)
        #expect(try file.string("text") == "Grüße")
        #expect(try file.integer("u64") == 1 << 40)
        #expect(try file.integer("i64") == -1)
        #expect(try file.number("f64") == 0.1)
        #expect(file.metadata["list"] == .lists([.strings(["a", "b"]), .strings(["c"])]))
        #expect(try file.string("absent") == nil)
        #expect(throws: TensorError.self) { _ = try file.string("u8") }
        #expect(try file.number("u8") == 200)

        let blocks = try file.tensor("blocks")
        #expect(blocks.type == .q4_1 && blocks.shape == [2, 64] && blocks.byteRange.count == 80)
        #expect(blocks.rowBytes == 40 && blocks.rowCount == 2 && blocks.columnCount == 64)
        let first = file.withBytes(of: blocks) { bytes in
            (0..<3).map { unsafe bytes.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
        }
        #expect(first == [0, 1, 2])
        #expect(try file.tensor("plain").shape == [2, 3])
        #expect(throws: TensorError.self) { _ = try file.tensor("nothing") }
    }

    @Test("a file cut anywhere is refused")
    func cuts() throws {
        let bytes = GGUFBytes.sample()
        let folder = try TemporaryDirectory()
        for count in 0..<bytes.count {
            let path = try folder.write(bytes[..<count], to: "cut.gguf")
            #expect(throws: TensorError.self) { _ = try GGUFFile(path: path) }
        }
    }

    @Test("a flipped byte anywhere gives an error or a file within its bounds, never a crash")
    func flips() throws {
        let bytes = GGUFBytes.sample()
        let folder = try TemporaryDirectory()
        var refused = 0
        for index in bytes.indices {
            for mask: UInt8 in [0x01, 0x80, 0xFF] {
                var damaged = bytes
                damaged[index] ^= mask
                let path = try folder.write(damaged, to: "flipped.gguf")
                guard let file = try? GGUFFile(path: path) else {
                    refused += 1
                    continue
                }
                for tensor in file.tensors {
                    #expect(tensor.byteRange.upperBound <= file.byteCount)
                    file.withBytes(of: tensor) { span in #expect(span.byteCount == tensor.byteRange.count) }
                }
            }
        }
        #expect(refused > bytes.count / 2)
    }

    @Test("other formats, versions and byte orders are named")
    func preamble() throws {
        #expect(Self.failure([]).contains("sound"))
        #expect(Self.failure(Array("PK\u{3}\u{4} and so on and so on".utf8)).contains("does not begin with"))
        #expect(Self.failure(GGUFBytes(version: 1, tensors: 0, metadata: 0).bytes).contains("version 1"))
        #expect(Self.failure(GGUFBytes(version: 3 << 24, tensors: 0, metadata: 0).bytes).contains("big-endian"))
        #expect(try Self.open(GGUFBytes(tensors: 0, metadata: 0).bytes).tensors.isEmpty)
        #expect(throws: TensorError.self) { _ = try GGUFFile(path: "/nonexistent/model.gguf") }
    }

    @Test("counts and lengths beyond the caps or the file are refused before they are used")
    func counts() {
        let huge: [UInt64] = [.max, 1 << 63, 1 << 62, 1 << 40, 1_000_000]
        for count in huge {
            #expect(Self.failure(GGUFBytes(tensors: count, metadata: 0).bytes).contains("number of tensors"))
            #expect(Self.failure(GGUFBytes(tensors: 0, metadata: count).bytes).contains("number of metadata"))
            var key = GGUFBytes(tensors: 0, metadata: 1)
            key.u64(count)
            key.bytes += [UInt8](repeating: 65, count: 64)
            #expect(Self.failure(key.bytes).contains("metadata key 0"))
            for (type, what) in [(8, "the length of key"), (9, "the length of key")] as [(UInt32, String)] {
                var value = GGUFBytes(tensors: 0, metadata: 1)
                value.string("key")
                value.u32(type)
                if type == 9 { value.u32(0) }
                value.u64(count)
                value.bytes += [UInt8](repeating: 65, count: 64)
                #expect(Self.failure(value.bytes).contains(what))
            }
        }
        var nested = GGUFBytes(tensors: 0, metadata: 1)
        nested.string("deep")
        nested.u32(9)
        for _ in 0..<50 {
            nested.u32(9)
            nested.u64(1)
        }
        #expect(Self.failure(nested.bytes).contains("nests"))
    }

    /// A file with one tensor entry and 256 bytes of data.
    static func oneTensor(_ shape: [UInt64], type: UInt32 = 0, offset: UInt64 = 0) -> [UInt8] {
        var file = GGUFBytes(tensors: 1, metadata: 0)
        file.tensor("t", shape, type: type, offset: offset)
        while file.bytes.count % 32 != 0 { file.bytes.append(0) }
        return file.bytes + [UInt8](repeating: 0, count: 256)
    }

    @Test("tensors that overflow, overlap, reach out of the file, lie crooked or leave gaps are refused")
    func tensors() throws {
        #expect(try Self.open(Self.oneTensor([8, 8])).tensors.count == 1)
        #expect(Self.failure(Self.oneTensor([8, 9])).contains("beyond the end"))
        #expect(Self.failure(Self.oneTensor([8], offset: 1 << 62)).contains("beyond the end"))
        #expect(Self.failure(Self.oneTensor([8], offset: .max)).contains("beyond the end"))
        #expect(Self.failure(Self.oneTensor([8], offset: 4)).contains("aligned"))
        #expect(Self.failure(Self.oneTensor([8], offset: 64)).contains("belong to no tensor"))
        #expect(Self.failure(Self.oneTensor([1 << 32, 1 << 32])).contains("overflows"))
        #expect(Self.failure(Self.oneTensor([1 << 62, 4])).contains("overflows"))
        #expect(Self.failure(Self.oneTensor([.max])).contains("dimension"))
        #expect(Self.failure(Self.oneTensor([0, 4])).contains("dimension"))
        #expect(Self.failure(Self.oneTensor([])).contains("0 dimensions"))
        #expect(Self.failure(Self.oneTensor([1, 1, 1, 1, 1])).contains("5 dimensions"))
        #expect(Self.failure(Self.oneTensor([33], type: 8)).contains("Q8_0 blocks"))
        #expect(Self.failure(Self.oneTensor([8], type: 4)).contains("unknown type 4"))
        var twice = GGUFBytes(tensors: 2, metadata: 0)
        for name in ["a", "b"] { twice.tensor(name, [16], type: 0, offset: 0) }
        #expect(Self.failure(twice.bytes + [UInt8](repeating: 0, count: 256)).contains("overlap"))
        var same = GGUFBytes(tensors: 2, metadata: 0)
        for offset in [0, 64] as [UInt64] { same.tensor("a", [16], type: 0, offset: offset) }
        #expect(Self.failure(same.bytes + [UInt8](repeating: 0, count: 256)).contains("twice"))
    }

    @Test("a name with control characters is refused, and not quoted")
    func names() {
        var key = GGUFBytes(tensors: 0, metadata: 1)
        key.string("one\ntwo")
        key.u32(4)
        key.u32(1)
        #expect(Self.failure(key.bytes).contains("metadata key 0 holds control characters"))
        var tensor = GGUFBytes(tensors: 1, metadata: 0)
        tensor.tensor("one\0two", [8], type: 0, offset: 0)
        #expect(Self.failure(tensor.bytes).contains("the name of tensor 0 holds control characters"))
        #expect(!Self.failure(tensor.bytes).contains("\0"))
    }

    @Test("an alignment that is none is refused")
    func alignment() {
        for value in [0, 3, 1 << 20] as [UInt32] {
            var file = GGUFBytes(tensors: 0, metadata: 1)
            file.string("general.alignment")
            file.u32(4)
            file.u32(value)
            #expect(Self.failure(file.bytes).contains("alignment"))
        }
    }

    @Test("block sizes are those of the specification")
    func blockSizes() {
        let perValue = GGUFTensorType.allCases.map { Double($0.blockBytes) * 8 / Double($0.blockCount) }
        for (type, bits) in zip(GGUFTensorType.allCases, perValue) { #expect(bits > 1.5 && bits <= 64, "\(type.name)") }
        #expect(GGUFTensorType.q5K.name == "Q5_K")
        #expect(GGUFTensorType.q4_1.name == "Q4_1")
        #expect(GGUFTensorType.iq2XXS.name == "IQ2_XXS")
    }
}
