import ArgumentParser

/// The options of commands that run the local decoder; each has a key below `decoding` in the configuration.
struct DecoderOptions: ParsableArguments {
    @Option(help: "Rounds weights of 16 and 32 bits when the model is loaded: q8_0, q4_1 or q4_0.")
    var quantize: String?
}
