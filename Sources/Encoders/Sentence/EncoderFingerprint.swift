import Tensors
import Tokenizers

/// What a collection is bound to: two encoders with the same fingerprint give the same vectors.
///
/// The XXH64 hash, as 16 hexadecimal digits, of
///
/// 1. the shapes, limits and pooling that the configuration files ask for, not their bytes: the same model from two
///    sources often differs in notes such as the version that saved it;
/// 2. the ids that the tokenizer gives a fixed text, which tells vocabularies and normalisers apart;
/// 3. the weight file's length and header, and 64 pages of 4 KB, evenly spaced over the rest of it.
///
/// Cheap at load (a quarter of a megabyte is read), and any retraining changes it. It doesn't find single damaged bytes:
/// the catalog's SHA-256 does.
enum EncoderFingerprint {
    private static let version = "docent-encoder-1"
    private static let pageCount = 64
    private static let pageBytes = 4096
    private static let probe = "The naïve Café №5 isn't open—東京 or Zürich? 1,024 tokenizations 😀 [MASK] unaffable"

    static func hash(
        _ configuration: EncoderConfiguration, _ tokenizer: any Tokenizer, _ weights: SafetensorsFile
    ) -> String {
        var hash = XXHash64()
        let ids = tokenizer.encode(probe, addSpecialTokens: true)
        let shapes = [
            configuration.hiddenSize, configuration.layerCount, configuration.headCount,
            configuration.intermediateSize, configuration.vocabularySize, configuration.maxPositionCount,
            configuration.tokenTypeCount, configuration.maxTokenCount, tokenizer.vocabularySize,
            Int(configuration.layerNormEpsilon.bitPattern), weights.file.byteCount,
        ]
        let text = "\(version) \(shapes) \(configuration.pooling.rawValue) \(ids)\(configuration.variation)"
        unsafe hash.update(Array(text.utf8).span.bytes)  // Bytes have no padding.
        weights.file.withBytes { bytes in
            hash.update(bytes.extracting(0..<weights.dataStart))
            let room = bytes.byteCount - weights.dataStart - pageBytes
            guard room > 0 else { return hash.update(bytes.extracting(weights.dataStart..<bytes.byteCount)) }
            for page in 0..<pageCount {
                let start = weights.dataStart + room / (pageCount - 1) * page
                hash.update(bytes.extracting(start..<(start + pageBytes)))
            }
        }
        let digits = String(hash.value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
