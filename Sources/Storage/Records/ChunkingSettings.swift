/// How a collection's documents are cut into chunks, in the encoder's own tokens.
public struct ChunkingSettings: Sendable, Codable, Equatable {
    /// What a chunk is filled up to before the next one starts, when headings don't end it first.
    public var targetTokens: Int
    /// What no chunk exceeds; the encoder's own limit lowers it further.
    public var maxTokens: Int
    /// How much of a chunk's end is said again at the start of the next one of the same section.
    public var overlapTokens: Int

    /// The range of `targetTokens`.
    public static let targetTokensRange = 16...8_192
    /// The range of `maxTokens`.
    public static let maxTokensRange = 16...8_192
    /// The default of `targetTokens`: with a heading path it leaves room below the 256 tokens small encoders take.
    public static let defaultTargetTokens = 180
    /// The default of `maxTokens`.
    public static let defaultMaxTokens = 240
    /// The default of `overlapTokens`.
    public static let defaultOverlapTokens = 24

    /// Creates settings; ``validate()`` says whether they can be used.
    public init(
        targetTokens: Int = defaultTargetTokens, maxTokens: Int = defaultMaxTokens,
        overlapTokens: Int = defaultOverlapTokens
    ) {
        self.targetTokens = targetTokens
        self.maxTokens = maxTokens
        self.overlapTokens = overlapTokens
    }

    private enum CodingKeys: String, CodingKey {
        case targetTokens = "target_tokens"
        case maxTokens = "max_tokens"
        case overlapTokens = "overlap_tokens"
    }

    /// Reads settings; what is left out has its default.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            givenTarget: try container.decodeIfPresent(Int.self, forKey: .targetTokens),
            givenMax: try container.decodeIfPresent(Int.self, forKey: .maxTokens),
            givenOverlap: try container.decodeIfPresent(Int.self, forKey: .overlapTokens))
    }

    /// Creates settings of which some are given; the others have their defaults, lowered to fit those.
    public init(givenTarget: Int?, givenMax: Int?, givenOverlap: Int?) {
        maxTokens = givenMax ?? max(Self.defaultMaxTokens, givenTarget ?? 0)
        targetTokens = givenTarget ?? min(Self.defaultTargetTokens, maxTokens)
        overlapTokens = givenOverlap ?? min(Self.defaultOverlapTokens, targetTokens / 2)
    }

    /// Checks that the settings can be used.
    /// - Throws: ``StorageError/invalidInput(field:reason:)`` naming the field and its range.
    public func validate() throws(StorageError) {
        guard Self.maxTokensRange.contains(maxTokens) else {
            throw .invalidInput(field: "chunking.max_tokens", reason: "\(maxTokens) is not within 16…8192")
        }
        guard Self.targetTokensRange.contains(targetTokens), targetTokens <= maxTokens else {
            throw .invalidInput(
                field: "chunking.target_tokens", reason: "\(targetTokens) is not within 16…max_tokens (\(maxTokens))")
        }
        guard (0...targetTokens / 2).contains(overlapTokens) else {
            throw .invalidInput(
                field: "chunking.overlap_tokens",
                reason: "\(overlapTokens) is not within 0…half of target_tokens (\(targetTokens / 2))")
        }
    }
}
