#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// A regular file mapped read-only into memory; its pages come from disk when they are first read.
///
/// Every reader of a foreign format checks its offsets against `byteCount`. The file must not be cut while it is
/// mapped: writers of this project replace files by renaming, which leaves the mapped one as it was.
@safe
public final class MappedFile: Sendable {
    /// Where the file was opened.
    public let path: String
    /// The file's length in bytes.
    public let byteCount: Int
    /// When the file was last written to, in nanoseconds since 1970.
    package let modifiedAt: Int

    /// The mapping; valid as long as this object lives. Unsafe because tensors are handed to kernels as pointers.
    // Read-only memory that is unmapped by `deinit` alone.
    package nonisolated(unsafe) let base: UnsafeRawBufferPointer
    /// The open file, for reading past the mapping; closed by `deinit`.
    private let descriptor: CInt

    /// Maps the file at `path`.
    /// - Throws: `TensorError.unreadable` when it can't be opened or mapped or isn't a regular file.
    public init(path: String) throws(TensorError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure(path) }
        var isKept = false
        defer { if !isKept { close(descriptor) } }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw Self.failure(path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw .unreadable(path: path, reason: "it is not a regular file")
        }
        self.path = path
        byteCount = Int(status.st_size)
        #if os(Linux)
            let modified = status.st_mtim
        #else
            let modified = status.st_mtimespec
        #endif
        modifiedAt = modified.tv_sec * 1_000_000_000 + modified.tv_nsec
        self.descriptor = descriptor
        if byteCount > 0 {
            let address = unsafe mmap(nil, byteCount, PROT_READ, MAP_PRIVATE, descriptor, 0)
            guard let address = unsafe address, unsafe address != MAP_FAILED else { throw Self.failure(path) }
            unsafe base = UnsafeRawBufferPointer(start: address, count: byteCount)
        } else {
            // Nothing can be mapped; an empty file is for the reader of its format to refuse.
            unsafe base = UnsafeRawBufferPointer(start: nil, count: 0)
        }
        isKept = true
    }

    deinit {
        close(descriptor)
        guard let address = unsafe base.baseAddress else { return }
        // The pointer came from mmap with the same length.
        unsafe munmap(UnsafeMutableRawPointer(mutating: address), byteCount)
    }

    /// Calls `body` with the whole file's bytes.
    public func withBytes<R>(_ body: (RawSpan) throws -> R) rethrows -> R {
        try unsafe body(base.bytes)
    }

    /// Copies bytes of the file past the mapping, whose pages count as memory of this process, and come by the megabyte.
    /// - Parameters:
    ///   - offset: where they begin, not negative.
    ///   - buffer: as many as it has room for.
    /// - Returns: whether all of them could be read.
    package func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
        var done = 0
        while done < buffer.count, let address = buffer.baseAddress {
            let count = unsafe pread(descriptor, address + done, buffer.count - done, off_t(offset + done))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            done += count
        }
        return true
    }

    /// Gives back the memory of the pages that lie wholly inside of `bytes`; they come from the file again when read.
    /// - Parameters:
    ///   - bytes: part of a file's mapping that nobody has written to.
    ///   - isReadAtRandom: whether it is read at random from here on, so that reading ahead would only cost memory.
    package static func release(_ bytes: UnsafeRawBufferPointer, isReadAtRandom: Bool = false) {
        guard let address = bytes.baseAddress else { return }
        let page = getpagesize()
        let begin = Int(bitPattern: address)
        let skipped = (Int(page) - begin % Int(page)) % Int(page)
        let length = (bytes.count - skipped) / Int(page) * Int(page)
        guard length > 0 else { return }
        // Only a hint, within the mapping; the map is read-only, so no byte is lost.
        let start = unsafe UnsafeMutableRawPointer(mutating: address + skipped)
        unsafe madvise(start, length, MADV_DONTNEED)
        if isReadAtRandom { unsafe madvise(start, length, MADV_RANDOM) }
    }

    /// Tells this file from others, and from what was at its path before: its size, when it was written, its first
    /// `headerBytes`, and 4 KB of every megabyte behind them.
    package func contentFingerprint(headerBytes: Int) -> String {
        var hash = XXHash64()
        withBytes { bytes in
            hash.update(bytes.extracting(0..<min(headerBytes, bytes.byteCount)))
            for (number, start) in stride(from: headerBytes, to: bytes.byteCount, by: 1 << 20).enumerated() {
                hash.update(bytes.extracting(start..<min(start + 4096, bytes.byteCount)))
                // The kernel maps what lies around each sample as well, which counts as memory of this process.
                if number % 16 == 15 { unsafe Self.release(base) }
            }
        }
        unsafe Self.release(base)
        return "\(byteCount):\(modifiedAt):\(String(hash.value, radix: 16))"
    }

    /// The reason of the last system call's failure.
    private static func failure(_ path: String) -> TensorError {
        .unreadable(path: path, reason: unsafe String(cString: strerror(errno)))
    }
}
