/// The caps a GGUF file must keep; a file beyond one is refused before anything is allocated for it.
public enum GGUFLimits {
    /// Most metadata pairs; real files have fewer than 100.
    public static let maxMetadataCount = 65_536
    /// Most tensors; the largest models have a few thousand.
    public static let maxTensorCount = 65_536
    /// Longest key or tensor name in bytes (the specification's own cap for keys).
    public static let maxNameBytes = 65_535
    /// Longest string value in bytes; chat templates reach tens of thousands.
    public static let maxStringBytes = 16 * 1024 * 1024
    /// Most elements of one array; the largest vocabularies have 262,144.
    public static let maxArrayCount = 16 * 1024 * 1024
    /// Deepest nesting of arrays.
    public static let maxArrayDepth = 4
    /// Most dimensions of a tensor.
    public static let maxDimensionCount = 4
    /// Greatest alignment of the tensor data in bytes.
    public static let maxAlignment = 65_536
}
