import Decoders
import Encoders
import Foundation
import Generation
public import HTTPTypes
import Hummingbird
import Ingestion
import Retrieval
import Storage

/// An error as a client sees it: a status, a stable code, a message that says what was wrong and what to do.
///
/// This file is the one place where the modules' errors become HTTP.
public struct HTTPFailure: Error, Sendable {
    /// The response's status.
    public var status: HTTPResponse.Status
    /// A stable, machine-readable name such as `collection_not_found`.
    public var code: String
    /// What was wrong and what to do.
    public var message: String
    /// When to try again, for 429 and 503.
    public var retryAfter: Duration?
    /// The methods that would do, for 405.
    public var allow: [HTTPRequest.Method]

    /// What OpenAI's clients read beside code and message; nil where they don't come.
    var openAI: OpenAIDetail?

    /// The fields of OpenAI's errors.
    struct OpenAIDetail: Sendable {
        /// The kind of error.
        var type: String
        /// The field of the request that is to blame.
        var param: String?
    }

    /// Bundles a failure.
    public init(
        _ status: HTTPResponse.Status, _ code: String, _ message: String, retryAfter: Duration? = nil,
        allow: [HTTPRequest.Method] = []
    ) {
        self.status = status
        self.code = code
        self.message = message
        self.retryAfter = retryAfter
        self.allow = allow
    }
}

/// The JSON of an error response.
struct ErrorBody: Encodable {
    struct Detail: Encodable {
        var code: String
        var message: String
        var requestID: String
        var openAI: HTTPFailure.OpenAIDetail?

        enum CodingKeys: String, CodingKey {
            case code
            case message
            case requestID = "request_id"
            case type
            case param
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(code, forKey: .code)
            try container.encode(message, forKey: .message)
            try container.encode(requestID, forKey: .requestID)
            guard let openAI else { return }
            try container.encode(openAI.type, forKey: .type)
            // OpenAI's clients expect the field, null where no parameter is to blame.
            try container.encode(openAI.param, forKey: .param)
        }
    }

    var error: Detail

    init(_ failure: HTTPFailure, requestID: String) {
        error = Detail(
            code: failure.code, message: failure.message, requestID: requestID, openAI: failure.openAI)
    }
}

extension HTTPFailure {
    /// What a client is told of `error`; unknown errors are the server's fault and say no more than that.
    init(_ error: any Error) {
        switch error {
        case let failure as HTTPFailure: self = failure
        case let error as StorageError: self.init(storage: error)
        case let error as RetrievalError: self.init(retrieval: error)
        case let error as GenerationError: self.init(generation: error)
        case let error as IngestionError: self.init(ingestion: error)
        case let error as EncoderError: self.init(encoder: error)
        case let error as DecoderError: self.init(decoder: error)
        case let error as MultipartForm.Failure: self.init(.badRequest, "invalid_multipart", error.description)
        case let error as any HTTPResponseError:
            self.init(error.status, error.status == .notFound ? "not_found" : "http_error", error.status.reasonPhrase)
        case is CancellationError: self.init(.serviceUnavailable, "cancelled", "the request was cancelled")
        default: self.init(.internalServerError, "internal_error", "something went wrong here: the log has more")
        }
    }

    private init(storage error: StorageError) {
        let message = error.description
        switch error {
        case .collectionNotFound: self.init(.notFound, "collection_not_found", message)
        case .collectionExists: self.init(.conflict, "collection_exists", message)
        case .documentNotFound: self.init(.notFound, "document_not_found", message)
        case .jobNotFound: self.init(.notFound, "job_not_found", message)
        case .answerNotFound: self.init(.notFound, "answer_not_found", message)
        case .invalidInput: self.init(.badRequest, "invalid_input", message)
        case .wrongDimension: self.init(.badRequest, "wrong_dimension", message)
        case .jobBusy: self.init(.conflict, "job_busy", message)
        case .databaseLocked:
            self.init(.serviceUnavailable, "database_locked", message, retryAfter: .seconds(1))
        case .diskFull:
            self.init(HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage"), "disk_full", message)
        default: self.init(.internalServerError, "storage_failed", message)
        }
    }

    private init(retrieval error: RetrievalError) {
        let message = error.description
        switch error {
        case .invalidRequest: self.init(.badRequest, "invalid_request", message)
        case .invalidFilter: self.init(.badRequest, "invalid_filter", message)
        case .wrongDimension: self.init(.badRequest, "wrong_dimension", message)
        case .encoderMismatch: self.init(.conflict, "encoder_mismatch", message)
        case .overloaded: self.init(.serviceUnavailable, "overloaded", message, retryAfter: .seconds(1))
        case .cancelled: self.init(.serviceUnavailable, "cancelled", message)
        case .storage(let error): self.init(storage: error)
        case .rerankerUnavailable: self.init(.badRequest, "reranker_not_available", message)
        case .embedding: self.init(.internalServerError, "embedding_failed", message)
        case .index: self.init(.internalServerError, "index_failed", message)
        }
    }

    private init(encoder error: EncoderError) {
        let message = error.description
        switch error {
        case .busy: self.init(.serviceUnavailable, "overloaded", message, retryAfter: .seconds(1))
        case .cancelled: self.init(.serviceUnavailable, "cancelled", message)
        default: self.init(.internalServerError, "embedding_failed", message)
        }
    }

    private init(decoder error: DecoderError) {
        let message = error.description
        switch error {
        case .overloaded: self.init(.serviceUnavailable, "overloaded", message, retryAfter: .seconds(1))
        case .contextOverflow: self.init(.badRequest, "context_length_exceeded", message)
        case .invalidSchema: self.init(.badRequest, "invalid_schema", message)
        case .emptyPrompt, .invalidToken, .invalidParameter, .invalidConversation, .unknownChatTemplate,
            .textTooShort:
            self.init(.badRequest, "invalid_request", message)
        default: self.init(.internalServerError, "generation_failed", message)
        }
    }

    private init(generation error: GenerationError) {
        let message = error.description
        switch error {
        case .invalidRequest: self.init(.badRequest, "invalid_request", message)
        case .generatorUnavailable: self.init(.badRequest, "generator_unavailable", message)
        case .promptTooLong: self.init(.badRequest, "prompt_too_long", message)
        case .remoteRefused, .remoteFailed: self.init(.badGateway, "remote_model_failed", message)
        case .remoteSuspended(_, let seconds):
            self.init(.serviceUnavailable, "remote_model_suspended", message, retryAfter: .seconds(seconds))
        case .overloaded: self.init(.serviceUnavailable, "overloaded", message, retryAfter: .seconds(1))
        case .badTemplate, .decoderFailed: self.init(.internalServerError, "generation_failed", message)
        }
    }

    private init(ingestion error: IngestionError) {
        let message = error.description
        switch error {
        case .unknownJob: self.init(.notFound, "job_not_found", message)
        case .encoderMismatch: self.init(.conflict, "encoder_mismatch", message)
        case .nothingToIngest: self.init(.badRequest, "no_documents", message)
        case .invalidCrawl: self.init(.badRequest, "invalid_crawl", message)
        case .privateAddress: self.init(.forbidden, "private_address", message)
        case .tooLarge: self.init(.contentTooLarge, "document_too_large", message)
        case .storage, .embedding, .outOfMemory: self.init(.internalServerError, "ingestion_failed", message)
        default: self.init(.badRequest, "invalid_document", message)
        }
    }
}
