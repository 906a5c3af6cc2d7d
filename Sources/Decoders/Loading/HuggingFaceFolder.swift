import Foundation
import Tensors

/// A decoder's folder as Hugging Face lays it out, and the small files in it.
///
///     config.json                     architecture and shapes
///     model.safetensors               weights, or shards with model.safetensors.index.json
///     tokenizer.json                  tokenizer
///     tokenizer_config.json           begin and end tokens, chat template
///     chat_template.jinja             chat template; counts before the one in tokenizer_config.json
///     generation_config.json          tokens that end a text
///
/// A model's folder in the Hugging Face cache leads to its snapshot.
struct HuggingFaceFolder {
    /// The largest of the small files that is read; some tokenizers list thousands of tokens in theirs.
    static let maxFileBytes = 16 << 20

    let path: String

    /// - Parameter path: nil is returned when it isn't a folder.
    init?(path: String) {
        var isFolder: ObjCBool = false
        // The call writes to `isFolder` before it returns, and keeps no pointer to it.
        let exists = unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        guard exists, isFolder.boolValue else { return nil }
        let trimmed = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        self.path = ModelFolder.resolved(trimmed)
    }

    /// The contents of a file; nil where there is none.
    func file<T: Decodable>(_ name: String, as type: T.Type) throws(DecoderError) -> T? {
        do {
            return try ModelJSON.readIfPresent(type, path + "/" + name, maxBytes: Self.maxFileBytes)
        } catch { throw .unreadable(error) }
    }

    /// What conversations and the ends of texts need, out of the four files that say something of it.
    func textSettings(_ configuration: HuggingFaceConfiguration) throws(DecoderError) -> TextSettings {
        let tokenizer = try file("tokenizer_config.json", as: TokenizerSettings.self)
        let generation = try file("generation_config.json", as: GenerationSettings.self)
        var settings = TextSettings()
        settings.name = ModelFolder.name(of: path)
        settings.beginToken = tokenizer?.begin?.text
        settings.endToken = tokenizer?.end?.text
        settings.endTokenIDs = (generation?.end ?? configuration.end)?.ids ?? []
        settings.chatTemplate = try templateFile() ?? tokenizer?.template?.source ?? ""
        return settings
    }

    private func templateFile() throws(DecoderError) -> String? {
        let path = path + "/chat_template.jinja"
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let file: MappedFile
        do { file = try MappedFile(path: path) } catch { throw .unreadable(error) }
        guard file.byteCount <= Self.maxFileBytes else {
            throw .inconsistentModel(path: path, reason: "a chat template of \(file.byteCount) bytes")
        }
        return unsafe String(decoding: file.base, as: UTF8.self)
    }
}

/// tokenizer_config.json, as far as it isn't in tokenizer.json.
private struct TokenizerSettings: Decodable {
    var begin: TokenText?
    var end: TokenText?
    var template: Template?

    enum CodingKeys: String, CodingKey {
        case begin = "bos_token"
        case end = "eos_token"
        case template = "chat_template"
    }

    /// A token as its text, or as an object around it.
    struct TokenText: Decodable {
        let text: String

        private struct Object: Decodable {
            var content: String
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            text = try (try? container.decode(String.self)) ?? container.decode(Object.self).content
        }
    }

    /// One program, or several with names, of which "default" counts.
    struct Template: Decodable {
        let source: String?

        private struct Named: Decodable {
            var name: String
            var template: String
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                source = text
            } else {
                source = try container.decode([Named].self).first { $0.name == "default" }?.template
            }
        }
    }
}

/// generation_config.json, as far as it ends texts.
private struct GenerationSettings: Decodable {
    var end: HuggingFaceConfiguration.TokenIDs?

    enum CodingKeys: String, CodingKey {
        case end = "eos_token_id"
    }
}
