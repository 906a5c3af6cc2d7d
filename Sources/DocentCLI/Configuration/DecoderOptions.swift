import ArgumentParser

/// The options of commands that run the local decoder; each has a key below `decoding` in the configuration.
struct DecoderOptions: ParsableArguments {
    @Option(help: "Rounds weights of 16 and 32 bits when the model is loaded: q8_0, q4_1 or q4_0.")
    var quantize: String?

    @Option(
        name: .customLong("kv-cache"),
        help: ArgumentHelp(
            "What keys and values of a text are kept in: f16, or int8 for half the memory. (default: f16)"))
    var cachePrecision: String?
}
