import Encoders
import Foundation
import HTTPTypes
import Hummingbird
import Ingestion
import Retrieval
import Storage

/// `POST /v1/preview`: what ingestion would make of documents, without storing anything.
///
/// The body is one document with its Content-Type (`?file_name=` helps to tell the format), answered with its preview;
/// or JSON documents or multipart files as for `/v1/collections/{c}/documents`, or an archive, answered with
/// `{"documents": […], "left_out": n}`. Chunks are cut with the settings of `collection`, or with `chunking`.
struct PreviewRoutes {
    let services: ServerServices
    /// Extraction may take seconds: it must not stand in the way of searches.
    private let queue = ComputeQueue(label: "preview", workerCount: 1, depth: 16)

    init(services: ServerServices) {
        self.services = services
    }

    private struct Submission: Decodable {
        var documents: [SubmittedDocument]
        var collection: String?
        var chunking: ChunkingSettings?
    }

    private struct Listing: Encodable {
        var documents: [DocumentPreview]
        var leftOut: Int

        private enum CodingKeys: String, CodingKey {
            case documents
            case leftOut = "left_out"
        }
    }

    /// What a request asks to look at.
    private struct Wanted {
        var documents: [SourceDocument]
        var collection: String?
        var chunking: ChunkingSettings?
        /// Whether the answer is one preview rather than a list.
        var isSingle = false
    }

    func add(to router: Router<ServerContext>) {
        router.post("/v1/preview") { request, _ in try await preview(request) }
    }

    private func preview(_ request: Request) async throws -> Response {
        let wanted = try await read(request)
        guard !wanted.documents.isEmpty else {
            throw HTTPFailure(.badRequest, "no_documents", "the request holds no document: send at least one")
        }
        let settings = try settings(wanted)
        let embedder = services.embedder
        let result = try await queue.run {
            DocumentPreviewer(embedder: embedder, settings: settings).previews(of: wanted.documents)
        }
        if wanted.isSingle, result.leftOut == 0, let only = result.shown.first {
            return try JSONWire.response(only)
        }
        return try JSONWire.response(Listing(documents: result.shown, leftOut: result.leftOut))
    }

    private func read(_ request: Request) async throws -> Wanted {
        let query = request.uri.queryParameters
        let limit = services.limits.uploadBytes
        let contentType = request.headers[.contentType]
        let type = contentType?.lowercased() ?? ""
        let fileName = query["file_name"].map(String.init)
        if type.hasPrefix("multipart/form-data") {
            let form = try MultipartForm(
                try await JSONWire.bytes(of: request, limit: limit), contentType: contentType ?? "")
            return try read(form)
        }
        if type.hasPrefix("application/json"), fileName == nil {
            let submission = try await JSONWire.decode(Submission.self, from: request, limit: limit)
            return Wanted(
                documents: try submission.documents.enumerated().map { try $0.element.source(position: $0.offset) },
                collection: submission.collection, chunking: submission.chunking)
        }
        let source = SourceDocument(
            externalID: fileName ?? "document", bytes: try await JSONWire.bytes(of: request, limit: limit),
            contentType: contentType, fileName: fileName)
        return Wanted(
            documents: [source], collection: query["collection"].map(String.init), chunking: try chunking(query),
            isSingle: !DocumentPreviewer.isContainer(source))
    }

    private func read(_ form: MultipartForm) throws -> Wanted {
        var wanted = Wanted(documents: try DocumentRoutes.files(in: form))
        for part in form.parts where part.fileName == nil {
            switch part.name {
            case "collection": wanted.collection = String(decoding: part.bytes, as: UTF8.self)
            case "chunking":
                do {
                    wanted.chunking = try JSONDecoder().decode(ChunkingSettings.self, from: Data(part.bytes))
                } catch let error as DecodingError {
                    throw HTTPFailure(.badRequest, "invalid_json", "chunking: " + JSONWire.describe(error))
                }
            default: break
            }
        }
        return wanted
    }

    /// `?target_tokens=&max_tokens=&overlap_tokens=`, nil when none is given.
    private func chunking(_ query: Parameters) throws -> ChunkingSettings? {
        var given: [String: Int] = [:]
        for name in ["target_tokens", "max_tokens", "overlap_tokens"] {
            guard let text = query[Substring(name)] else { continue }
            guard let number = Int(text) else {
                throw HTTPFailure(.badRequest, "invalid_input", "\(name) is '\(text)' and must be a whole number")
            }
            given[name] = number
        }
        guard !given.isEmpty else { return nil }
        return try JSONDecoder().decode(ChunkingSettings.self, from: try JSONEncoder().encode(given))
    }

    /// The settings that were asked for, else the collection's, else the defaults.
    private func settings(_ wanted: Wanted) throws -> ChunkingSettings {
        let collection = try wanted.collection.map { name throws(StorageError) in
            try services.store.collection(named: name)
        }
        let settings = wanted.chunking ?? collection?.chunking ?? ChunkingSettings()
        try settings.validate()
        return settings
    }
}
