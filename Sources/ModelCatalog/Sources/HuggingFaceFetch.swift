import CurlClient
import Foundation

extension ModelStore {
    /// Downloads `files` from a repository, each to its place once it is found right.
    func fetch(
        _ files: [ModelEntry.File], of entry: ModelEntry, from source: ModelSource.HuggingFaceSource,
        progress: @escaping @Sendable (PullProgress) -> Void
    ) async throws(ModelError) {
        for file in files {
            let remote = source.files?[file.path] ?? file.path
            let url = "\(endpoints.huggingFace)/\(source.repo)/resolve/\(source.revision)/\(remote)"
            let target = location(of: file, in: entry)
            let isResumed = FileManager.default.fileExists(atPath: target + ".part")
            do throws(ModelError) {
                try await download(file, from: url, to: target, source: source.repo, progress: progress)
            } catch {
                // What an earlier attempt left may be of another version of the file: once more, from the start.
                guard isResumed, error.mayBeStale else { throw error }
                try await download(file, from: url, to: target, source: source.repo, progress: progress)
            }
        }
    }

    private func download(
        _ file: ModelEntry.File, from url: String, to target: String, source: String,
        progress: @escaping @Sendable (PullProgress) -> Void
    ) async throws(ModelError) {
        var request = HTTPRequest("GET", url)
        request.timeout = nil
        request.maximumResponseBytes = file.maximumBytes
        let head: HTTPResponseHead
        do {
            head = try await client.download(
                request, to: target, accept: { part in try Checksum.check(part, is: file) },
                progress: { event in
                    progress(
                        PullProgress(
                            file: file.path, receivedBytes: event.receivedBytes,
                            totalBytes: event.totalBytes ?? file.bytes))
                })
        } catch let error as ModelError {
            throw error
        } catch CurlError.cancelled {
            throw .cancelled
        } catch CurlError.cannotWrite(let path, let reason) {
            throw .unwritable(path: path, reason: reason)
        } catch is CancellationError {
            throw .cancelled
        } catch {
            throw .sourceFailed(source: source, reason: "\(file.path): \(error)")
        }
        guard head.status == 200 || head.status == 206 else {
            throw .sourceFailed(source: source, reason: "\(file.path): the server answered with status \(head.status)")
        }
    }
}

extension ModelError {
    /// Whether a fresh start can help where a continued download came out wrong.
    fileprivate var mayBeStale: Bool {
        switch self {
        case .wrongChecksum, .wrongSize, .sourceFailed: true
        default: false
        }
    }
}
