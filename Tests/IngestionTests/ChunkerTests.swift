import Foundation
import Ingestion
import Storage
import TestSupport
import Testing

@Suite("Chunks")
struct ChunkerTests {
    private func chunker(target: Int = 40, most: Int = 62, overlap: Int = 0, encoder: Int = 64) -> Chunker {
        Chunker(
            settings: ChunkingSettings(targetTokens: target, maxTokens: most, overlapTokens: overlap),
            maxTokenCount: encoder, tokenCount: StubEncoder.count)
    }

    /// A document of random structure: headings, sentences, lists, tables, code, CJK, long words.
    private func randomMarkdown(_ random: inout SeededGenerator) -> String {
        func words(_ most: Int) -> String {
            let list = ["refund", "order", "the", "parcel", "3.5", "étage", "退货", "e.g.", "customer's", "ok"]
            return (0..<Int.random(in: 1...most, using: &random)).map { _ in list.randomElement(using: &random) ?? "" }
                .joined(separator: " ")
        }
        var text = ""
        for _ in 0..<Int.random(in: 1...25, using: &random) {
            switch Int.random(in: 0..<8, using: &random) {
            case 0: text += "\(String(repeating: "#", count: Int.random(in: 1...3, using: &random))) \(words(2))\n\n"
            case 1: text += (0..<5).map { _ in "- \(words(30))\n" }.joined() + "\n"
            case 2:
                text +=
                    "| a | b |\n|---|---|\n"
                    + (0..<Int.random(in: 1...30, using: &random)).map { _ in "| \(words(4)) | \(words(6)) |\n" }
                    .joined() + "\n"
            case 3: text += "```\n" + (0..<12).map { _ in words(9) + "\n" }.joined() + "```\n\n"
            case 4: text += String(repeating: "退货期限是三十天。请联系客服。", count: Int.random(in: 1...9, using: &random)) + "\n\n"
            case 5: text += String(repeating: "x", count: Int.random(in: 1...2000, using: &random)) + "\n\n"
            default: text += (0..<9).map { _ in words(20).capitalized + "." }.joined(separator: " ") + "\n\n"
            }
        }
        return text
    }

    @Test("every chunk is a slice of the text and fits the encoder, and all text is in one", arguments: 0..<60)
    func invariants(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let document = try extract(randomMarkdown(&random), "random.md")
        let bytes = Array(document.text.utf8)
        let overlap = seed % 3 == 0 ? 12 : 0
        let chunks = chunker(overlap: overlap).chunks(of: document)
        var covered = [Bool](repeating: false, count: bytes.count)
        var lastStart = -1
        for chunk in chunks {
            let slice = String(decoding: bytes[chunk.utf8Span], as: UTF8.self)
            #expect(chunk.text == slice || chunk.text == "a | b\n" + slice)
            #expect(StubEncoder.count(chunk.embeddedText(title: document.title)) <= 62)
            #expect(chunk.tokenCount == StubEncoder.count(chunk.text))
            #expect(chunk.utf8Span.lowerBound > lastStart)
            lastStart = chunk.utf8Span.lowerBound
            for index in chunk.utf8Span { covered[index] = true }
        }
        let paths = Set(chunks.flatMap(\.headingPath))
        for block in document.blocks {
            if case .heading = block.kind, paths.contains(document.text(of: block)) { continue }
            let missed = block.utf8Span.first { bytes[$0] > 0x20 && !covered[$0] }
            #expect(missed == nil, "\(block.kind) \(document.text(of: block))")
        }
    }

    @Test("sections are never mixed, and their headings go with them")
    func sections() throws {
        let document = try extract(
            "# Returns\n\nSend it back.\n\n## Refunds\n\nFive days.\n\n# Delivery\n\nTwo days.\n\n## Empty\n", "a.md")
        let chunks = chunker().chunks(of: document)
        #expect(chunks.map(\.text) == ["Send it back.", "Five days.", "Two days.\n\nEmpty"])
        #expect(chunks.map(\.headingPath) == [["Returns"], ["Returns", "Refunds"], ["Delivery"]])
        #expect(chunks[1].embeddedText(title: "Returns") == "Returns > Refunds\nFive days.")
    }

    @Test("a table that goes on repeats its header row")
    func tables() throws {
        let rows = (1...40).map { "| item \($0) | \($0) kr |\n" }.joined()
        let document = try extract("| Item | Price |\n|---|---|\n" + rows, "a.md")
        let chunks = chunker().chunks(of: document)
        #expect(chunks.count > 3)
        for chunk in chunks { #expect(chunk.text.hasPrefix("Item | Price\nitem ")) }
        #expect(chunks.last?.text.hasSuffix("item 40 | 40 kr") == true)
    }

    @Test("a paragraph that fits is kept whole; one that doesn't is cut between sentences")
    func sentences() throws {
        let long = (1...20).map { "This is sentence number \($0) of them." }.joined(separator: " ")
        let chunks = chunker().chunks(of: try extract("A short one.\n\n" + long, "a.txt"))
        for chunk in chunks { #expect(chunk.text.hasSuffix(".")) }
        // Even shares: no scrap at the end.
        let sizes = chunks.map(\.tokenCount)
        #expect((sizes.min() ?? 0) * 2 > (sizes.max() ?? 0))
    }

    @Test("with overlap, the last sentences are said again")
    func overlap() throws {
        let long = (1...20).map { "This is sentence number \($0) of them." }.joined(separator: " ")
        let chunks = chunker(overlap: 9).chunks(of: try extract(long, "a.txt"))
        for (one, next) in zip(chunks, chunks.dropFirst()) {
            #expect(next.utf8Span.lowerBound < one.utf8Span.upperBound)
        }
    }

    @Test("a sentence that announces a list stays with it")
    func announcements() throws {
        let filler = (1...6).map { "Filler sentence number \($0) here." }.joined(separator: " ")
        let document = try extract(
            "\(filler)\n\nYou need:\n\n- a receipt from the shop\n- the box it came in\n", "a.md")
        let chunk = try #require(chunker().chunks(of: document).first { $0.text.contains("You need:") })
        #expect(chunk.text.contains("- a receipt"))
    }

    @Test("one word of a million letters is cut, and quickly")
    func longWord() throws {
        let document = try extract(String(repeating: "é", count: 500_000), "a.txt")
        let chunks = chunker().chunks(of: document)
        #expect(chunks.map(\.text).joined() == document.text)
        for chunk in chunks { #expect(chunk.tokenCount <= 62) }
    }

    @Test("the hash says whether a chunk has to be embedded again")
    func hashes() throws {
        let chunks = chunker()
        let one = chunks.chunks(of: try extract("# A\n\nText.\n\n# B\n\nOther.", "a.md"))
        let two = chunks.chunks(of: try extract("# A\n\nText.\n\n# C\n\nOther.", "a.md"))
        #expect(one[0].contentHash == two[0].contentHash)
        #expect(one[1].contentHash != two[1].contentHash)
    }
}
