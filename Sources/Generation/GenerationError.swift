/// What can go wrong while an answer is made.
public enum GenerationError: Error, Equatable, CustomStringConvertible {
    /// The caller sent something unusable; `reason` says what and what to send instead.
    case invalidRequest(reason: String)
    /// The caller asked for a generator that isn't set up; `hint` says how to set it up.
    case generatorUnavailable(name: String, hint: String)
    /// A prompt template is missing or doesn't parse; the operator's file is to blame.
    case badTemplate(name: String, reason: String)
    /// The remote model answered with an error status; `message` is what it said, cut to one line.
    case remoteRefused(status: Int, message: String)
    /// The remote model couldn't be reached, was too slow, or broke off.
    case remoteFailed(reason: String)
    /// The remote model failed several times in a row and isn't asked for a while.
    case remoteSuspended(failureCount: Int, seconds: Int)
    /// The prompt doesn't fit the model, even with one passage.
    case promptTooLong(tokenCount: Int, limit: Int)
    /// Too many texts wait for the local decoder; try again in a moment.
    case overloaded(limit: Int)
    /// The local decoder failed.
    case decoderFailed(reason: String)

    /// One line for the user.
    public var description: String {
        switch self {
        case .invalidRequest(let reason): reason
        case .generatorUnavailable(let name, let hint): "the generator '\(name)' is not available: \(hint)"
        case .badTemplate(let name, let reason): "the prompt template '\(name)' can't be used: \(reason)"
        case .remoteRefused(let status, let message): "the remote model answered with status \(status): \(message)"
        case .remoteFailed(let reason): "the remote model failed: \(reason)"
        case .remoteSuspended(let count, let seconds):
            "after \(count) failures in a row the remote model is left alone for another \(seconds) s"
        case .promptTooLong(let tokenCount, let limit):
            "the prompt has \(tokenCount) tokens and the model reads \(limit): ask with a smaller top_k or a shorter question"
        case .overloaded(let limit): "\(limit) answers wait for the local model: try again in a moment"
        case .decoderFailed(let reason): "the local model failed: \(reason)"
        }
    }
}
