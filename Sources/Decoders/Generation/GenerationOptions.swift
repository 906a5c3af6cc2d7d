/// How a text is computed; none of it changes the text.
public struct GenerationOptions: Sendable {
    /// Whether tokens are guessed from the text so far and verified several at a time.
    public var drafting: Bool
    /// Where the states of texts that were read are kept for prompts that begin alike; nil keeps none.
    public var prefixCache: PrefixCache?

    /// Sets any of the options.
    public init(drafting: Bool = true, prefixCache: PrefixCache? = nil) {
        self.drafting = drafting
        self.prefixCache = prefixCache
    }
}
