import Foundation
import Storage

/// The text layer of a PDF, read by poppler's `pdftotext` in a bounded process.
///
/// Pages become paragraphs; running heads and page numbers are left out, words that a line's end cut are put together by
/// `pdftotext`. A PDF without text is reported as such; pages without text in a PDF that has some are counted in a
/// warning.
struct PDFExtractor {
    /// What `pdftotext` may use: 1,600 pages of a manual take some 10 s and 60 MB.
    private static let limits = BoundedProcess.Limits(seconds: 120, memoryBytes: 1 << 30, outputBytes: 64 << 20)
    /// Exit statuses of poppler's programs.
    private static let (cannotOpen, notPermitted): (Int32, Int32) = (1, 3)

    /// Extracts a PDF.
    /// - Throws: `IngestionError`: `.noTextLayer`, `.encrypted`, `.damaged`, `.tookTooLong`, `.expandsTooMuch`;
    ///   `.unsupportedFormat` where poppler isn't installed.
    static func extract(_ bytes: [UInt8]) throws(IngestionError) -> ExtractedDocument {
        guard let program = BoundedProcess.path(of: "pdftotext") else {
            throw .unsupportedFormat(format: "PDF", advice: "install pdftotext (Debian: poppler-utils)")
        }
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("docent-\(UUID().uuidString).pdf").path
        let isWritten = FileManager.default.createFile(
            atPath: file, contents: Data(bytes), attributes: [.posixPermissions: 0o600])
        guard isWritten else { throw .unreadable(path: file, reason: "the temporary file can't be written") }
        defer { try? FileManager.default.removeItem(atPath: file) }
        let text = try text(of: file, program: program, isEncrypted: Self.declaresEncryption(bytes))
        let pages = Self.pages(text)
        let empty = pages.count { page in page.allSatisfy(\.isBlank) }
        guard empty < pages.count else { throw .noTextLayer(pageCount: pages.count) }
        var document = Self.document(pages)
        if let title = try Self.declaredTitle(of: file) { document.title = title }
        document.metadata["pages"] = .int(Int64(pages.count))
        if empty > 0 {
            document.warnings.append("\(empty) of \(pages.count) pages have no text, they may be scans")
        }
        return document
    }

    private static func text(
        of file: String, program: String, isEncrypted: Bool
    ) throws(IngestionError) -> [UInt8] {
        let (output, outcome) = try BoundedProcess.run(
            program, ["-q", "-enc", "UTF-8", "-eol", "unix", file, "-"], limits: limits)
        switch outcome {
        case .exited(0): return output
        case .tookTooLong: throw .tookTooLong(format: "PDF", seconds: limits.seconds)
        case .wroteTooMuch: throw .tooLarge(byteCount: output.count, limit: limits.outputBytes)
        case .exited(notPermitted): throw .encrypted(format: "PDF")
        case .exited(cannotOpen) where isEncrypted: throw .encrypted(format: "PDF")
        case .exited:
            throw .damaged(format: "PDF", reason: "it is damaged or needs more than \(limits.memoryBytes >> 20) MiB")
        }
    }

    /// The title among the PDF's properties, unless it is only the name of the file it was made from.
    private static func declaredTitle(of file: String) throws(IngestionError) -> String? {
        guard let program = BoundedProcess.path(of: "pdfinfo") else { return nil }
        let (output, outcome) = try BoundedProcess.run(program, ["-enc", "UTF-8", file], limits: limits)
        guard outcome == .exited(0) else { return nil }
        for line in String(decoding: output, as: UTF8.self).split(separator: "\n") where line.hasPrefix("Title:") {
            let title = line.dropFirst("Title:".count).trimmingWhitespace()
            let isFileName =
                title.hasPrefix("Microsoft ")
                || SourceFormat(fileExtension: SourceFormat.fileExtension(of: title)) != nil
            return title.isEmpty || isFileName || title.lowercased() == "untitled" ? nil : title
        }
        return nil
    }

    private static func declaresEncryption(_ bytes: [UInt8]) -> Bool {
        let tail = bytes.suffix(1 << 16)
        return Data(tail).range(of: Data("/Encrypt".utf8)) != nil
    }

    /// The lines of each page; a form feed ends a page.
    private static func pages(_ text: [UInt8]) -> [[ArraySlice<UInt8>]] {
        let valid = Array(String(decoding: text, as: UTF8.self).utf8)
        var pages = valid.split(separator: 0x0C, omittingEmptySubsequences: false).map { TextLines.split(Array($0)) }
        if pages.last?.isEmpty == true { pages.removeLast() }
        return pages
    }

    private static func document(_ pages: [[ArraySlice<UInt8>]]) -> ExtractedDocument {
        let running = PDFRunningLines(pages)
        var text: [UInt8] = []
        for page in pages {
            for line in running.remaining(of: page) {
                if line.isBlank {
                    text.append(0x0A)
                    continue
                }
                text += line
                text.append(0x0A)
            }
            // A paragraph that goes on over the page's end is one paragraph.
            if let last = text.last(where: { $0 != 0x0A && $0 != 0x20 }), ![0x2E, 0x3F, 0x21, 0x3A].contains(last) {
                continue
            }
            text.append(0x0A)
        }
        var builder = DocumentBuilder()
        PlainTextExtractor.append(text, to: &builder)
        let first = builder.firstHeading?.title
        var document = builder.finish(format: .pdf)
        document.title = first ?? PlainTextExtractor.firstLineTitle(document)
        return document
    }
}
