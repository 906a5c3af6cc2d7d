import ArgumentParser
import Retrieval

/// What `search`, `ask` and `chat` share: how copies and surroundings are treated.
struct PassageOptions: ParsableArguments {
    @Flag(inversion: .prefixedNo, help: "Takes chunks that say the same for one, and lists the others with it.")
    var collapseDuplicates = true
    @Option(help: "So many chunks before and after each passage come with it.")
    var neighbours = 0
    @Flag(help: "The whole section of each passage comes with it.")
    var parent = false
    @Option(name: .customLong("context-tokens"), help: "The most tokens of a passage with what comes with it.")
    var contextTokens = ContextRequest.defaultMaximumTokens

    /// What is to come with each passage; nil for nothing.
    var context: ContextRequest? {
        guard neighbours != 0 || parent else { return nil }
        return ContextRequest(neighbours: neighbours, parent: parent, maximumTokens: contextTokens)
    }
}
