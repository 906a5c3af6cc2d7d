#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// A snapshot's bytes in memory: private to this process, so that an index may go on changing its rows in place.
///
/// Pages come from the file as they are touched; a page that is written becomes a copy of its own, and the file never
/// changes. A writer replaces a snapshot by renaming, so what is mapped here stays the file that was opened.
@safe
final class SnapshotMapping: Sendable {
    let byteCount: Int
    // The address is fixed until deinit; who writes where is up to the one index that opened the snapshot.
    private nonisolated(unsafe) let address: UnsafeMutableRawPointer

    /// Opens and maps the whole file.
    init(path: String) throws(SnapshotError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { throw .notFound(path: path) }
            throw .unreadable(path: path, reason: unsafe String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw .unreadable(path: path, reason: "not a regular file")
        }
        let length = Int(status.st_size)
        guard length >= SnapshotLayout.headerBytes else {
            throw .wrongLength(path: path, found: length, expected: SnapshotLayout.headerBytes)
        }
        guard let memory = unsafe mmap(nil, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, descriptor, 0),
            unsafe memory != MAP_FAILED
        else { throw .unreadable(path: path, reason: unsafe String(cString: strerror(errno))) }
        byteCount = length
        unsafe address = memory
    }

    deinit {
        unsafe munmap(address, byteCount)
    }

    /// The bytes where they are mapped, valid while this object lives.
    var base: UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(start: address, count: byteCount)
    }

    /// Lends the bytes.
    func withBytes<R>(_ body: (RawSpan) throws -> R) rethrows -> R {
        // The map is alive as long as `self`, which the caller holds.
        unsafe try body(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(base)))
    }
}
