import Foundation
import HTTPTypes
import Hummingbird
import Ingestion
import NIOCore
import Retrieval
import Storage

/// `/v1/collections/{c}/documents`: taking documents in, listing, showing, deleting.
struct DocumentRoutes {
    let services: ServerServices
    let runner: JobRunner

    private struct Submission: Decodable {
        var documents: [SubmittedDocument]
    }

    private struct JobReply: Encodable {
        var job: JobRecord
    }

    private struct DocumentView: Encodable {
        var record: DocumentRecord
        var chunks: [ChunkRecord]

        private enum CodingKeys: String, CodingKey { case chunkList = "chunk_list" }

        func encode(to encoder: any Encoder) throws {
            try record.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(chunks, forKey: .chunkList)
        }
    }

    private static let collectionPath: RouterPath = "/v1/collections/:collection/documents"
    private static let documentPath: RouterPath = "/v1/collections/:collection/documents/:document"

    func add(to router: Router<ServerContext>) {
        router.post(Self.collectionPath) { request, context in try await submit(request, context) }
        router.put(Self.documentPath) { request, context in try await put(request, context) }
        router.get(Self.collectionPath) { request, context in try list(request, context) }
        router.get(Self.documentPath) { _, context in
            let document = try document(context)
            return try JSONWire.response(
                DocumentView(record: document, chunks: try services.store.chunks(ofDocument: document.id)))
        }
        router.delete(Self.documentPath) { _, context in
            let collection = try collection(context)
            _ = try services.store.deleteDocument(
                externalID: try context.parameter("document"), in: collection.id)
            try await services.search.refresh(collection.id)
            return Response(status: .noContent)
        }
        router.get("/v1/collections/:collection/documents/:document/content") { _, context in
            let text = try services.store.documentText(try document(context).id)
            return Response(
                status: .ok, headers: [.contentType: "text/plain; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
        }
    }

    private func collection(_ context: ServerContext) throws -> CollectionRecord {
        try services.store.collection(named: try context.parameter("collection"))
    }

    private func document(_ context: ServerContext) throws -> DocumentRecord {
        try services.store.document(
            externalID: try context.parameter("document"), in: try collection(context).id)
    }

    /// JSON documents or multipart files become one job; ``SyncQuery`` says what `?sync=true` removes.
    private func submit(_ request: Request, _ context: ServerContext) async throws -> Response {
        let collection = try collection(context)
        let contentType = request.headers[.contentType] ?? "application/json"
        let documents: [SourceDocument]
        if contentType.lowercased().hasPrefix("multipart/form-data") {
            let bytes = try await JSONWire.bytes(of: request, limit: services.limits.uploadBytes)
            documents = try Self.files(in: try MultipartForm(bytes, contentType: contentType))
        } else {
            let submission = try await JSONWire.decode(
                Submission.self, from: request, limit: services.limits.uploadBytes)
            documents = try submission.documents.enumerated().map { try $0.element.source(position: $0.offset) }
        }
        guard !documents.isEmpty else {
            throw HTTPFailure(.badRequest, "no_documents", "the request holds no document: send at least one")
        }
        return try await enqueue(
            documents, sync: try SyncQuery.scope(request, of: documents), in: collection, request)
    }

    /// A raw body becomes the document whose id is in the path; the same body twice changes nothing.
    private func put(_ request: Request, _ context: ServerContext) async throws -> Response {
        let collection = try collection(context)
        let id = try context.parameter("document")
        let bytes = try await JSONWire.bytes(of: request, limit: services.limits.uploadBytes)
        let document = SourceDocument(
            externalID: id, bytes: bytes, contentType: request.headers[.contentType], fileName: id)
        return try await enqueue([document], in: collection, request)
    }

    private func enqueue(
        _ documents: [SourceDocument], sync: SyncScope? = nil, in collection: CollectionRecord, _ request: Request
    ) async throws -> Response {
        let job = try services.ingest.submit(documents: documents, sync: sync, into: collection.name)
        if !job.state.isFinal { runner.enqueue(job.id) }
        guard request.uri.queryParameters["wait"] == "true" else {
            return try JSONWire.response(JobReply(job: job), status: .accepted)
        }
        while true {
            let current = try services.store.job(id: job.id)
            if current.isPaused { return try JSONWire.response(JobReply(job: current), status: .accepted) }
            if current.state.isFinal {
                // A search may go on beside a refresh under way; who waited sees what was stored.
                try await services.search.refresh(collection.id)
                return try JSONWire.response(JobReply(job: current))
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// The files of a form as documents; an id is the file's name with its folders.
    /// - Throws: `HTTPFailure` 400 for a name that can't be an id.
    static func files(in form: MultipartForm) throws -> [SourceDocument] {
        try form.parts.compactMap { part in
            guard let name = part.fileName else { return nil }
            let id = name.split(separator: "/").filter { $0 != "." && $0 != ".." }.joined(separator: "/")
            guard !id.isEmpty else {
                throw HTTPFailure(.badRequest, "missing_file_name", "a file of the form has no usable name")
            }
            return SourceDocument(
                externalID: id, bytes: part.bytes, contentType: part.contentType, fileName: name)
        }
    }

    private func list(_ request: Request, _ context: ServerContext) throws -> Response {
        let query = request.uri.queryParameters
        let page = try services.store.documents(
            in: try collection(context).id, after: query["cursor"].map(String.init),
            limit: try ListingQuery.limit(query, most: services.limits.pageSize), state: try ListingQuery.state(query))
        return try JSONWire.response(page)
    }
}

/// One document of a JSON submission: exactly one of `text`, `html` and `markdown`.
struct SubmittedDocument: Decodable {
    var id: String?
    var title: String?
    var text: String?
    var html: String?
    var markdown: String?
    var url: String?
    var metadata: [String: JSONValue]?

    /// The document to take in.
    /// - Throws: `HTTPFailure` 400 that names the document by its position.
    func source(position: Int) throws -> SourceDocument {
        let contents = [("text/plain", text), ("text/html", html), ("text/markdown", markdown)]
            .compactMap { type, content in content.map { (type, $0) } }
        guard contents.count == 1, let (type, content) = contents.first else {
            throw HTTPFailure(
                .badRequest, "invalid_document",
                "documents[\(position)] must have exactly one of 'text', 'html' and 'markdown'")
        }
        if let id, id.isEmpty {
            throw HTTPFailure(.badRequest, "invalid_document", "documents[\(position)].id is empty")
        }
        return SourceDocument(
            externalID: id ?? UUID().uuidString.lowercased(), bytes: Array(content.utf8),
            contentType: type + "; charset=utf-8", title: title, url: url, metadata: metadata ?? [:])
    }
}
