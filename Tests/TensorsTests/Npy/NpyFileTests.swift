import Foundation
import Tensors
import TestSupport
import Testing

@Suite(".npy files")
struct NpyFileTests {
    private func file(_ header: String, _ data: [UInt8], version: UInt8 = 1) -> [UInt8] {
        let length = header.utf8.count
        let size =
            version == 1 ? [UInt8(length & 255), UInt8(length >> 8)] : [UInt8(length & 255), UInt8(length >> 8), 0, 0]
        return [0x93] + Array("NUMPY".utf8) + [version, 0] + size + Array(header.utf8) + data
    }

    private let floatHeader = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }\n"

    @Test("what was written is read back, the elements at a multiple of 64")
    func roundTrip() throws {
        let folder = try TemporaryDirectory()
        let floats: [Float] = [1.5, -2, 3e-20, .infinity, 0, 6]
        try NpyFile.write(floats, columnCount: 3, to: folder.file("f.npy"))
        let read = try NpyFile(path: folder.file("f.npy"))
        #expect(read.rowCount == 2 && read.columnCount == 3)
        #expect(try read.floats() == floats)
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file("f.npy"))).count % 64 == 24)
        try NpyFile.write([1, -1, .max] as [Int32], columnCount: 1, to: folder.file("i.npy"))
        #expect(try NpyFile(path: folder.file("i.npy")).integers() == [1, -1, .max])
        #expect(throws: NpyError.self) { try NpyFile(path: folder.file("i.npy")).floats() }
        #expect(throws: NpyError.self) { try read.integers() }
        #expect(throws: NpyError.self) { try NpyFile.write(floats, columnCount: 4, to: folder.file("x")) }
    }

    @Test(
        "half precision is exact, subnormal and infinite values included",
        arguments: [
            (0x3C00, 1), (0xC000, -2), (0x0001, 5.960_464_5e-8), (0x7BFF, 65504), (0x0400, 6.103_515_6e-5),
            (0x7C00, Float.infinity), (0x8000, -0.0), (0x3555, 0.333_251_95),
        ] as [(UInt16, Float)])
    func half(bits: UInt16, value: Float) throws {
        let folder = try TemporaryDirectory()
        let header = "{'descr': '<f2', 'fortran_order': False, 'shape': (1,), }\n"
        let path = try folder.write(file(header, [UInt8(bits & 255), UInt8(bits >> 8)], version: 2), to: "h.npy")
        #expect(try NpyFile(path: path).floats() == [value])
    }

    @Test(
        "headers that say something else are refused",
        arguments: [
            "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 1), }", "{'descr': '<f4', 'shape': (2, 1), }",
            "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 1), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1, 1), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (-2, 1), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 9223372036854775807), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 1), }",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 1), }", "{'descr': ", "",
        ])
    func badHeaders(header: String) throws {
        let folder = try TemporaryDirectory()
        let path = try folder.write(file(header, [0, 0, 0, 0, 0, 0, 0, 0]), to: "x.npy")
        #expect(throws: NpyError.self) { try NpyFile(path: path) }
    }

    @Test("a file cut at any byte is refused")
    func truncation() throws {
        let folder = try TemporaryDirectory()
        let whole = file(floatHeader, [0, 0, 0, 0, 0, 0, 0, 0])
        #expect(try NpyFile(path: folder.write(whole, to: "whole.npy")).floats() == [0, 0])
        for length in whole.indices {
            let path = try folder.write(whole.prefix(length), to: "cut.npy")
            #expect(throws: NpyError.self) { try NpyFile(path: path) }
        }
        #expect(throws: NpyError.self) { try NpyFile(path: folder.file("none.npy")) }
    }
}
