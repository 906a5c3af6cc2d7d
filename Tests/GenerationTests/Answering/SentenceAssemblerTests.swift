import Generation
import Testing

@Suite("Sentences out of a stream")
struct SentenceAssemblerTests {
    @Test("however the stream is cut, the same sentences come out", arguments: [1, 2, 3, 5, 8, 100])
    func cutsDoNotMatter(size: Int) {
        let text = "It takes 14 days [1]. Outlet items take 7 days. [2] Ask us otherwise"
        var assembler = SentenceAssembler()
        var sentences: [String] = []
        var rest = Substring(text)
        while !rest.isEmpty {
            sentences += assembler.append(String(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        sentences += assembler.finish()
        let trimmed = sentences.map { CitationMarks(in: $0) }
        #expect(trimmed.count == 3)
        #expect(trimmed.map(\.numbers) == [[1], [2], []])
        #expect(sentences.joined() == text)
    }

    @Test("a sentence is not released before it is clear that no mark follows")
    func waitsForMarks() {
        var assembler = SentenceAssembler()
        #expect(assembler.append("It takes 14 days.").isEmpty)
        #expect(assembler.append(" [1]").isEmpty)
        #expect(assembler.append(" Then").count == 1)
    }

    @Test("nothing in, nothing out")
    func empty() {
        var assembler = SentenceAssembler()
        #expect(assembler.append("").isEmpty)
        #expect(assembler.finish().isEmpty)
    }
}
