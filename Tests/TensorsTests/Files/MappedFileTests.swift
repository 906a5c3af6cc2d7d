import Foundation
import Tensors
import TestSupport
import Testing

@Suite struct MappedFileTests {
    @Test("the bytes are the file's")
    func bytes() throws {
        let folder = try TemporaryDirectory()
        let file = try MappedFile(path: folder.write([1, 2, 3, 250], to: "a.bin"))
        #expect(file.byteCount == 4)
        #expect(file.withBytes { bytes in bytes.byteOffsets.map { bytes.unsafeLoad(at: $0) } } == [1, 2, 3, 250])
    }

    @Test("bytes can be read past the mapping, to the end of the file and no farther")
    func reading() throws {
        let folder = try TemporaryDirectory()
        let file = try MappedFile(path: folder.write([1, 2, 3, 250], to: "a.bin"))
        var bytes: [UInt8] = [0, 0, 0]
        let isRead = unsafe bytes.withUnsafeMutableBytes { unsafe file.read(at: 1, into: $0) }
        #expect(isRead && bytes == [2, 3, 250])
        let isBeyond = unsafe bytes.withUnsafeMutableBytes { unsafe file.read(at: 2, into: $0) }
        #expect(!isBeyond)
    }

    @Test("an empty file maps to nothing")
    func empty() throws {
        let folder = try TemporaryDirectory()
        let file = try MappedFile(path: folder.write([UInt8](), to: "a.bin"))
        #expect(file.byteCount == 0)
        #expect(file.withBytes { $0.byteCount } == 0)
    }

    @Test("a missing file and a folder are refused with their path")
    func refusals() throws {
        let folder = try TemporaryDirectory()
        for path in [folder.file("missing"), folder.path] {
            let error = #expect(throws: TensorError.self) { try MappedFile(path: path) }
            #expect(error?.description.contains(path) == true)
        }
    }

    @Test("a replaced file leaves the mapped one as it was")
    func replaced() throws {
        let folder = try TemporaryDirectory()
        let file = try MappedFile(path: folder.write([7], to: "a.bin"))
        try Data([8]).write(to: folder.url.appendingPathComponent("a.bin"), options: .atomic)
        #expect(file.withBytes { $0.unsafeLoad(at: 0) } == 7)
    }
}

extension RawSpan {
    /// The byte at an offset that the test knows to be inside.
    func unsafeLoad(at offset: Int) -> UInt8 { unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self) }
}
