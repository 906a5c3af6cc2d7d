/// An integer of a request.
///
/// Foundation reports `1.5` for an `Int` as "not valid JSON" without saying where; this says which field it is.
struct WholeNumber: Decodable, Sendable {
    /// The value.
    let value: Int

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let number = try? container.decode(Double.self), let value = Int(exactly: number) else {
            throw DecodingError.typeMismatch(
                Int.self, DecodingError.Context(codingPath: decoder.codingPath, debugDescription: "not whole"))
        }
        self.value = value
    }
}
