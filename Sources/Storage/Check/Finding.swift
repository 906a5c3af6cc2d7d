/// One thing in the data folder that is not as it has to be.
public struct Finding: Sendable, Equatable, Encodable {
    /// What was looked at.
    public enum Check: String, Sendable, Encodable, CaseIterable {
        /// SQLite's own check of the file.
        case database
        /// Rows that belong to rows that are gone.
        case reference
        /// Counts, texts and states of documents.
        case document
        /// Chunks: their document, order and spans.
        case chunk
        /// Vectors: one for each chunk, of the right length, finite, of length 1.
        case vector
        /// Which chunks say the same.
        case duplicates
        /// The log that indexes catch up from.
        case changes = "change_log"
        /// Jobs and their items.
        case job
        /// An index snapshot that can't be used.
        case snapshot
        /// What the vector index holds.
        case vectorIndex = "vector_index"
        /// What the lexical index holds.
        case lexicalIndex = "lexical_index"
        /// Files that nothing belongs to.
        case file
    }

    /// What was looked at.
    public var check: Check
    /// The collection, where it is of one.
    public var collection: String?
    /// The document, chunk, job or file.
    public var subject: String
    /// What is wrong.
    public var detail: String
    /// What to do.
    public var advice: String

    /// Describes a finding.
    public init(check: Check, collection: String? = nil, subject: String, detail: String, advice: String) {
        self.check = check
        self.collection = collection
        self.subject = subject
        self.detail = detail
        self.advice = advice
    }
}
