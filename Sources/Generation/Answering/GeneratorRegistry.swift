/// The generators that are set up, by name, and what `auto` means.
public struct GeneratorRegistry: Sendable {
    /// What a request may name.
    public static let knownNames = ["auto", "extractive", "local", "remote"]

    private var generators: [String: any TextGenerating] = [:]
    private var hints: [String: String] = [:]
    /// The generator `auto` stands for.
    public private(set) var automatic: String

    /// Starts with the extract, which is always there and which `auto` means until something else is chosen.
    public init(extractive: ExtractiveGenerator) {
        automatic = extractive.name
        generators[extractive.name] = extractive
    }

    /// Adds a generator under `name`.
    public mutating func register(_ generator: any TextGenerating, as name: String) {
        generators[name] = generator
    }

    /// Remembers how a generator that isn't set up could be.
    public mutating func explain(missing name: String, hint: String) {
        hints[name] = hint
    }

    /// Makes `auto` mean `name`; ignored when `name` isn't registered.
    public mutating func chooseAutomatic(_ name: String) {
        if generators[name] != nil { automatic = name }
    }

    /// The names of the generators that are set up, sorted.
    public var names: [String] { generators.keys.sorted() }

    /// The generator called `name`.
    /// - Throws: `GenerationError.generatorUnavailable` with what to do, or `invalidRequest` for an unknown name.
    public func generator(named name: String) throws(GenerationError) -> any TextGenerating {
        let resolved = name == "auto" ? automatic : name
        if let generator = generators[resolved] { return generator }
        if let hint = hints[resolved] { throw .generatorUnavailable(name: resolved, hint: hint) }
        throw .invalidRequest(
            reason: "the generator '\(name)' is unknown: use one of \(Self.knownNames.joined(separator: ", "))")
    }
}
