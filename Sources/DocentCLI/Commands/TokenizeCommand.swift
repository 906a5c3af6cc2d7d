import ArgumentParser
import ModelCatalog
import Tokenizers

/// `docent tokenize`: ids, one JSON array per input line.
struct TokenizeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenize", abstract: "Prints the token ids of each input line as a JSON array.")

    @Option(help: "A model of the catalogue, or a path to a folder, tokenizer.json, vocab.txt or .gguf.")
    var model: String
    @Option(help: "The text, a line each; standard input without it.")
    var input: String?
    @Flag(help: "Adds the special tokens that the model puts around a text.")
    var special = false
    @OptionGroup var global: GlobalOptions

    func run() async throws {
        let settings = try await Settings(global)
        let tokenizer = try TokenizerLoader.load(path: try Runtime.models(settings).path(ofModel: model))
        try InputLines.read(input) { line, _ in
            let ids =
                special
                ? tokenizer.encode(line, addSpecialTokens: true, parseSpecial: true)
                : tokenizer.encode(line, addSpecialTokens: false)
            Terminal.print("[" + ids.map(String.init).joined(separator: ",") + "]")
        }
    }
}
