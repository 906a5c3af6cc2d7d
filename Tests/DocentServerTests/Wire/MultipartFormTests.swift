import DocentServer
import Testing

@Suite("Multipart forms")
struct MultipartFormTests {
    private static let type = "multipart/form-data; boundary=xyz"

    private func form(_ body: String, type: String = type) throws -> MultipartForm {
        try MultipartForm(Array(body.utf8), contentType: type)
    }

    @Test("files keep their names, types and bytes")
    func files() throws {
        let body =
            "--xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a b;c.html\"\r\n"
            + "Content-Type: text/html\r\n\r\n<p>hi</p>\r\n\r\n--xyz\r\n"
            + "Content-Disposition: form-data; name=\"note\"\r\n\r\nvalue\r\n--xyz--\r\n"
        let parts = try form(body).parts
        #expect(parts.count == 2)
        #expect(parts[0].fileName == "a b;c.html")
        #expect(parts[0].contentType == "text/html")
        #expect(String(decoding: parts[0].bytes, as: UTF8.self) == "<p>hi</p>\r\n")
        #expect(parts[1].name == "note")
        #expect(parts[1].fileName == nil)
    }

    @Test("an empty file is an empty part")
    func emptyFile() throws {
        let body =
            "--xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"e.txt\"\r\n\r\n\r\n--xyz--"
        #expect(try form(body).parts.map(\.bytes) == [[]])
    }

    @Test("bytes that look like a boundary inside a line are content")
    func innerDashes() throws {
        let body = "--xyz\r\nContent-Disposition: form-data; name=f\r\n\r\na--xyz b\r\n--xyz--"
        #expect(try form(body).parts.first.map { String(decoding: $0.bytes, as: UTF8.self) } == "a--xyz b")
    }

    @Test("a quoted boundary and escaped names are read")
    func quoting() throws {
        let body =
            "--x y\r\nContent-Disposition: form-data; name=\"f\"; filename=\"say \\\"hi\\\".md\"\r\n\r\n1\r\n--x y--"
        let parts = try form(body, type: "multipart/form-data; boundary=\"x y\"").parts
        #expect(parts.first?.fileName == "say \"hi\".md")
    }

    @Test(
        "broken forms are refused with what is wrong",
        arguments: [
            ("--xyz\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\nno end", MultipartForm.Failure.truncated),
            ("", .truncated), ("--xyz", .truncated), ("--xyz\r\n", .truncated), ("--xyz\r\n\r\n", .truncated),
            ("--xyz\r\nContent-Type: text/plain\r\n\r\nx\r\n--xyz--", .missingName(part: 1)),
            ("--xyz\r\n\r\nx\r\n--xyz--", .missingName(part: 1)),
        ])
    func broken(body: String, failure: MultipartForm.Failure) {
        #expect(throws: failure) { try form(body) }
    }

    @Test("every cut of a form is an error or a form, never a crash")
    func cuts() {
        let body =
            "--xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.html\"\r\n\r\n<p>\r\n--xyz--\r\n"
        for end in 0...body.utf8.count {
            _ = try? MultipartForm(Array(body.utf8.prefix(end)), contentType: Self.type)
        }
    }

    @Test("a type without a boundary is refused", arguments: ["multipart/form-data", "multipart/form-data; boundary="])
    func noBoundary(type: String) {
        #expect(throws: MultipartForm.Failure.missingBoundary) { try form("--xyz--", type: type) }
    }
}
