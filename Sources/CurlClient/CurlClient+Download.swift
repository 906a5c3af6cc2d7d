import Foundation

extension CurlClient {
    /// How far a download is.
    public struct DownloadProgress: Sendable, Equatable {
        /// Bytes on disk, those of an earlier attempt included.
        public var receivedBytes: Int
        /// The size of the whole file, if the server says.
        public var totalBytes: Int?
    }

    /// Fetches `request` into the file `path + ".part"`, going on where an earlier attempt stopped, and then renames it.
    ///
    /// `path + ".part.validator"` keeps what the server calls this version of the file (its ETag, or its date): it goes
    /// along as `If-Range`, so a server whose file has changed since sends it from the start.
    ///
    /// The caller checks what arrived (a checksum, say) before it trusts it; `accept` is the place.
    /// - Parameters:
    ///   - request: a GET; its `maximumResponseBytes` bounds the file.
    ///   - path: where the file is to be.
    ///   - accept: sees the finished `.part` file before it gets its name; an error leaves no file behind.
    ///   - progress: told about every few hundred kilobytes.
    /// - Returns: the head of the response.
    /// - Throws: `CurlError`, or what `accept` throws. A status other than 200 and 206 leaves the `.part` as it was and
    ///   is returned for the caller to judge.
    public func download(
        _ request: HTTPRequest, to path: String, accept: @Sendable (_ partPath: String) throws -> Void = { _ in },
        progress: @Sendable (DownloadProgress) -> Void = { _ in }
    ) async throws -> HTTPResponseHead {
        let part = path + ".part"
        let existing = (try? FileManager.default.attributesOfItem(atPath: part)[.size] as? Int) ?? 0
        var request = request
        request.acceptsCompression = false
        if existing > 0 {
            request.headers.append((name: "Range", value: "bytes=\(existing)-"))
            if let validator = validator(of: part) { request.headers.append((name: "If-Range", value: validator)) }
        }
        let stream = try await self.stream(request)
        if existing > 0, stream.head.status == 416 {
            // The part is at least as long as the file: it may be whole, or of another version.
            if stream.head.headers["content-range"]?.hasSuffix("/\(existing)") == true {
                return try finish(part, path, accept, stream.head)
            }
            remove(part)
            throw CurlError.cannotResume
        }
        guard stream.head.status == 200 || stream.head.status == 206 else { return stream.head }
        let start = stream.head.status == 206 ? existing : 0
        if let range = stream.head.headers["content-range"], start > 0, !range.hasPrefix("bytes \(start)-") {
            remove(part)
            throw CurlError.cannotResume
        }
        if start == 0 { keepValidator(stream.head, of: part) }
        let total = stream.head.headers["content-length"].flatMap(Int.init).map { $0 + start }
        let file = try open(part, at: start)
        defer { try? file.close() }
        var received = start
        for try await bytes in stream.body {
            do {
                try file.write(contentsOf: bytes)
            } catch {
                throw CurlError.cannotWrite(path: part, reason: "\(error.localizedDescription)")
            }
            received += bytes.count
            progress(DownloadProgress(receivedBytes: received, totalBytes: total))
        }
        try Task.checkCancellation()
        if let total, received != total {
            throw CurlError.interrupted(reason: "\(received) of \(total) bytes arrived; run it again to go on")
        }
        try? file.synchronize()
        return try finish(part, path, accept, stream.head)
    }

    private func open(_ part: String, at offset: Int) throws(CurlError) -> FileHandle {
        if !FileManager.default.fileExists(atPath: part) {
            guard FileManager.default.createFile(atPath: part, contents: nil) else {
                throw .cannotWrite(path: part, reason: "the file can't be created")
            }
        }
        do {
            let file = try FileHandle(forWritingTo: URL(fileURLWithPath: part))
            try file.truncate(atOffset: UInt64(offset))
            try file.seek(toOffset: UInt64(offset))
            return file
        } catch {
            throw .cannotWrite(path: part, reason: "\(error.localizedDescription)")
        }
    }

    private func finish(
        _ part: String, _ path: String, _ accept: (String) throws -> Void, _ head: HTTPResponseHead
    ) throws -> HTTPResponseHead {
        do {
            try accept(part)
        } catch {
            remove(part)
            throw error
        }
        if unsafe rename(part, path) != 0 {
            throw CurlError.cannotWrite(path: path, reason: "the finished download can't be renamed")
        }
        remove(part)
        return head
    }

    private func keepValidator(_ head: HTTPResponseHead, of part: String) {
        // A weak tag ("W/…") does not promise the same bytes.
        let tag = head.headers["etag"].flatMap { $0.hasPrefix("W/") ? nil : $0 }
        let validator = tag ?? head.headers["last-modified"] ?? ""
        try? validator.write(toFile: part + ".validator", atomically: true, encoding: .utf8)
    }

    private func validator(of part: String) -> String? {
        guard let text = try? String(contentsOfFile: part + ".validator", encoding: .utf8), !text.isEmpty,
            !text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F })
        else { return nil }
        return text
    }

    private func remove(_ part: String) {
        try? FileManager.default.removeItem(atPath: part)
        try? FileManager.default.removeItem(atPath: part + ".validator")
    }
}
