import CArchive

/// Reads the entries of a zip, tar (plain, gzip, bzip2, xz, zstd) or 7-Zip file in memory, within limits.
///
/// Nothing is written to disk. Entries that are no files, that point outside, are encrypted or too large are handed over
/// as refused, with the reason; damage ends the archive with an error.
struct ArchiveReader {
    /// Where an archive is.
    enum Source {
        case bytes([UInt8])
        case path(String)
    }

    /// What is read at most.
    struct Limits: Sendable {
        /// Entries of an archive, folders included.
        var entryCount = 100_000
        /// Bytes of an entry once it is unpacked.
        var entryBytes = DocumentExtractor.defaultByteLimit
        /// Unpacked bytes of all entries that are read, next to the archive's own size: more is a zip bomb.
        var ratio = 100
        /// Unpacked bytes that are allowed whatever the ratio.
        var leastTotalBytes = 64 << 20
    }

    /// An entry of an archive.
    struct Entry {
        /// Its name with the folders before it, as stored.
        var path: String
        /// Why it isn't read; nil if it can be.
        var refusal: String?
    }

    /// The bytes of the entry at hand, at most so many.
    typealias Read = () throws(IngestionError) -> [UInt8]

    private let source: Source
    private let limits: Limits
    private let format: String
    private let isRaw: Bool

    /// An archive; `format` is what errors call it, `isRaw` takes compressed bytes that are no archive as an entry.
    init(_ source: Source, format: String, limits: Limits = Limits(), isRaw: Bool = false) {
        self.source = source
        self.isRaw = isRaw
        self.format = format
        self.limits = limits
    }

    /// Calls `body` with each file of the archive until it returns false; folders are passed over.
    ///
    /// - Throws: `IngestionError`: `.damaged`, `.tooManyEntries`, `.expandsTooMuch`, and what `body` throws.
    func forEach(_ body: (Entry, Read) throws(IngestionError) -> Bool) throws(IngestionError) {
        if let count = ZipDirectory.entryCount(of: source), count > limits.entryCount {
            throw .tooManyEntries(limit: limits.entryCount)
        }
        guard let reader = unsafe docent_archive_new() else { throw .outOfMemory }
        defer { unsafe docent_archive_free(reader) }
        if isRaw { unsafe docent_archive_accept_raw(reader) }
        switch source {
        case .path(let path):
            guard unsafe docent_archive_open_file(reader, path) == 0 else { throw unsafe damage(reader) }
            try unsafe entries(reader, packedBytes: SourceFile.size(path), body)
        case .bytes(let bytes):
            // libarchive reads from the array while the closure runs; the result carries its error out.
            let result: Result<Void, IngestionError> = unsafe bytes.withUnsafeBytes { buffer in
                do throws(IngestionError) {
                    guard unsafe docent_archive_open_bytes(reader, buffer.baseAddress, buffer.count) == 0 else {
                        throw unsafe damage(reader)
                    }
                    return .success(try unsafe entries(reader, packedBytes: buffer.count, body))
                } catch {
                    return .failure(error)
                }
            }
            try result.get()
        }
    }

    private func entries(
        _ reader: OpaquePointer, packedBytes: Int, _ body: (Entry, Read) throws(IngestionError) -> Bool
    ) throws(IngestionError) {
        let mostBytes = max(
            limits.leastTotalBytes, packedBytes.multipliedReportingOverflow(by: limits.ratio).partialValue)
        var total = 0
        var count = 0
        var found = unsafe docent_archive_entry()
        while true {
            let status = unsafe docent_archive_next(reader, &found)
            if status == 0 { return }
            guard status > 0 else { throw unsafe damage(reader) }
            count += 1
            guard count <= limits.entryCount else { throw .tooManyEntries(limit: limits.entryCount) }
            if unsafe found.kind == Int32(DOCENT_ENTRY_FOLDER) { continue }
            let path = unsafe found.path.map { unsafe String(cString: $0) } ?? ""
            let entry = Entry(path: path, refusal: unsafe refusal(found, path))
            let goesOn = try body(entry) { () throws(IngestionError) -> [UInt8] in
                let bytes = try unsafe content(reader, mostBytes: mostBytes - total)
                total += bytes.count
                return bytes
            }
            if !goesOn { return }
        }
    }

    private func refusal(_ found: docent_archive_entry, _ path: String) -> String? {
        if unsafe found.kind == Int32(DOCENT_ENTRY_LINK) { return "it is a link: links in archives are not followed" }
        if unsafe found.kind != Int32(DOCENT_ENTRY_FILE) { return "it is no regular file" }
        if unsafe found.is_encrypted != 0 { return "it is encrypted: unpack the archive with its password first" }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        if path.isEmpty || path.hasPrefix("/") || path.contains("\\") || parts.contains("..") {
            return "its name leads out of the archive"
        }
        if unsafe found.size > Int64(limits.entryBytes) {
            return IngestionError.tooLarge(byteCount: Int(unsafe found.size), limit: limits.entryBytes).description
        }
        return nil
    }

    private func content(_ reader: OpaquePointer, mostBytes: Int) throws(IngestionError) -> [UInt8] {
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe block.withUnsafeMutableBytes {
                unsafe Int(docent_archive_read(reader, $0.baseAddress, $0.count))
            }
            if count == 0 { return bytes }
            guard count > 0 else { throw unsafe damage(reader) }
            bytes += block[..<count]
            guard bytes.count <= limits.entryBytes else {
                throw .tooLarge(byteCount: bytes.count, limit: limits.entryBytes)
            }
            guard bytes.count <= mostBytes else { throw .expandsTooMuch(ratio: limits.ratio) }
        }
    }

    private func damage(_ reader: OpaquePointer) -> IngestionError {
        .damaged(format: format, reason: unsafe String(cString: docent_archive_message(reader)))
    }
}
