/// The type of the codes that a graph is walked on.
///
/// Results are always rescored from the float rows: a coarser type changes which candidates are found, never the
/// similarities that come back.
public enum Precision: String, Sendable, CaseIterable, Codable {
    /// 32-bit floats: the rows themselves.
    case f32
    /// The upper half of a 32-bit float: half the bytes.
    case bf16
    /// Bytes with one scale for each vector: a quarter of the bytes.
    case int8
    /// Signs after a rotation, compared with a query of four bits: 64 bytes for each 512 components begun, for
    /// collections whose codes would not fit memory otherwise.
    case binary
}
