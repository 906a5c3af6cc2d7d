import ArgumentParser
import ModelCatalog
import Tokenizers

/// `docent tokenize`: ids, one JSON array per input line.
struct TokenizeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenize", abstract: "Prints the token ids of each input line as a JSON array.")

    @Option(help: "A model of the catalogue, or a path to a folder, tokenizer.json, vocab.txt or .gguf.")
    var model: String
    @Option(help: "The texts: a line each, or the text fields of a .jsonl file; standard input without it.")
    var input: String?
    @Flag(help: "Adds the special tokens that the model puts around a text.")
    var special = false
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let settings = try await Settings(global)
        let tokenizer = try TokenizerLoader.load(path: try Runtime.models(settings).path(ofModel: model))
        if input?.lowercased().hasSuffix(".jsonl") == true {
            for text in try InputLines.texts(input) { print(text, tokenizer) }
        } else {
            try InputLines.read(input) { line, _ in print(line, tokenizer) }
        }
    }

    private func print(_ text: String, _ tokenizer: any Tokenizer) {
        let ids =
            special
            ? tokenizer.encode(text, addSpecialTokens: true, parseSpecial: true)
            : tokenizer.encode(text, addSpecialTokens: false)
        Terminal.print("[" + ids.map(String.init).joined(separator: ",") + "]")
    }
}
