/// What a text has to look like: JSON, or JSON that a schema describes.
///
/// While the text is written, tokens that would lead out of it are left out before one is chosen; what remains keeps its
/// probabilities. A text that isn't cut off by its most tokens always parses and validates.
public struct OutputConstraint: Sendable, Equatable {
    /// The schema it was made of; `{"type":"object"}` for any object.
    public let schema: String
    let program: ConstraintProgram

    /// The longest schema in bytes.
    public static let maxSchemaBytes = 256 << 10

    /// Any JSON object.
    /// - Throws: never in practice; `invalidSchema` as ``init(schema:)``.
    public static func anyObject() throws(DecoderError) -> OutputConstraint {
        try OutputConstraint(schema: .object([("type", .string("object"))]))
    }

    /// What a JSON schema describes.
    /// - Parameter schema: the schema; its properties are written in their order.
    /// - Throws: `invalidSchema` that names the place and what isn't supported there.
    public init(schema: OrderedJSON) throws(DecoderError) {
        self.schema = schema.text
        var compiler = SchemaCompiler(root: schema)
        program = try ConstraintProgram(try compiler.compile())
    }

    /// What the JSON schema in `text` describes.
    /// - Throws: `invalidSchema`.
    public init(schemaText text: [UInt8]) throws(DecoderError) {
        guard text.count <= Self.maxSchemaBytes else {
            throw .invalidSchema(path: "#", reason: "it has more than \(Self.maxSchemaBytes) bytes")
        }
        try self.init(schema: try OrderedJSON(parsing: text))
    }

    /// Whether `text` is a whole text of this kind, as a model would write it.
    package func accepts(_ text: String) -> Bool {
        var machine = ConstraintMachine(program)
        var state = machine.start
        for byte in text.utf8 where state != ConstraintMachine.dead { state = machine.step(state, byte) }
        return machine.isAccepting(state)
    }

    /// Whether both were made of the same schema.
    public static func == (first: OutputConstraint, second: OutputConstraint) -> Bool { first.schema == second.schema }
}
