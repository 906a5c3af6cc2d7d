import Foundation

/// Where tests find the real models that `make test` pulls before it runs them.
///
/// A test of a real model is written `@Test(.enabled(if: TestModels.hasEncoder))`: it runs wherever the files are.
public enum TestModels {
    /// The folder of the default encoder, all-MiniLM-L6-v2.
    public static var encoderFolder: String { root + "/all-minilm-l6-v2" }

    /// The default decoder's GGUF, SmolLM2-135M-Instruct in Q4_1.
    public static var decoderFile: String { root + "/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf" }

    /// A decoder of 270 tokens and 128 positions with random weights, which is in the repository.
    public static var tinyDecoderFile: String { sources + "/Tests/DecodersTests/Fixtures/tiny-f32.gguf" }

    /// Whether the default encoder's files are there.
    public static var hasEncoder: Bool {
        FileManager.default.fileExists(atPath: encoderFolder + "/model.safetensors")
    }

    /// Whether the default decoder's file is there.
    public static var hasDecoder: Bool { FileManager.default.fileExists(atPath: decoderFile) }

    /// `$DOCENT_MODELS`, or `models` at the root of the checkout this file was compiled from.
    private static var root: String {
        if let path = ProcessInfo.processInfo.environment["DOCENT_MODELS"], !path.isEmpty { return path }
        return sources + "/models"
    }

    /// The root of the checkout this file was compiled from.
    private static var sources: String {
        URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().path
    }
}
