import CLanguage

/// Tells the language of a text that doesn't declare one.
enum LanguageDetector {
    /// How much of a text is looked at.
    private static let window = 8192
    /// Shorter texts are left alone: names and numbers belong to no language.
    private static let fewestBytes = 120

    /// The language's code, such as `de` or `zh-Hant`; nil where the text is short or too mixed to tell.
    static func language(of text: String) -> String? {
        guard text.utf8.count >= fewestBytes else { return nil }
        var sample = Array(text.utf8.prefix(window))
        while sample.count == window, let last = sample.last, last & 0xC0 == 0x80 { sample.removeLast() }
        if let last = sample.last, sample.count > 0, last >= 0xC0 { sample.removeLast() }
        var code = [CChar](repeating: 0, count: 16)
        // The detector reads the bytes and writes the code within the counts it is given.
        let isTold = unsafe sample.withUnsafeBufferPointer { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { text in
                unsafe code.withUnsafeMutableBufferPointer {
                    unsafe docent_language(
                        text.baseAddress, Int32(text.count), $0.baseAddress, Int32($0.count))
                }
            }
        }
        guard isTold == 1 else { return nil }
        return String(decoding: code.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
