import Foundation
import Ingestion
import Testing

/// Extracts `text` as the content of a file called `name`.
func extract(_ text: String, _ name: String = "page.html", contentType: String? = nil) throws -> ExtractedDocument {
    try extract(Array(text.utf8), name, contentType: contentType)
}

/// Extracts `bytes` as the content of a file called `name`.
func extract(_ bytes: [UInt8], _ name: String, contentType: String? = nil) throws -> ExtractedDocument {
    try DocumentExtractor().extract(
        SourceDocument(externalID: name, bytes: bytes, contentType: contentType, fileName: name))
}

/// The bytes of a fixture.
func fixture(_ name: String) throws -> [UInt8] {
    let folder = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
    return Array(try Data(contentsOf: folder.appendingPathComponent(name)))
}
