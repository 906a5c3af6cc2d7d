#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Writes a snapshot so that its path holds, at every moment, either the whole old file or the whole new one.
///
///     let writer = try SnapshotWriter(path: path, kind: kind, stamp: stamp)
///     try writer.beginSection("ids")
///     try writer.append(ids)
///     try writer.commit()
///
/// Everything goes to `<path>.partial`, which `commit()` completes with the header, flushes to the disk, renames onto
/// the path, and makes durable by flushing the folder. Without `commit()` nothing changes at the path. What a crash
/// leaves of a `.partial` file is overwritten by the next writer; a lock on it keeps two writers apart.
/// Not for use from several threads.
public final class SnapshotWriter {
    private static let bufferBytes = 1 << 20

    private let path: String
    private let partialPath: String
    private let kind: SnapshotKind
    private let stamp: SnapshotStamp
    private let descriptor: CInt
    private var isOpen = true
    private var entries: [SnapshotLayout.Entry] = []
    private var hash = XXHash64()
    private var buffer: [UInt8] = []
    private var position = SnapshotLayout.headerBytes  // of the next byte, those in the buffer included

    /// Opens the file beside `path` for a snapshot of `kind` with `stamp`.
    /// - Throws: `SnapshotError.unwritable`, `.busy`, or `.invalidRequest` for a fingerprint that is too long.
    public init(path: String, kind: SnapshotKind, stamp: SnapshotStamp) throws(SnapshotError) {
        guard stamp.fingerprint.utf8.count <= SnapshotLayout.maximumFingerprintBytes else {
            throw .invalidRequest(path: path, reason: "its fingerprint is longer than 1024 bytes")
        }
        self.path = path
        self.kind = kind
        self.stamp = stamp
        partialPath = path + ".partial"
        descriptor = try SnapshotWriter.openLocked(partialPath, for: path)
        buffer.reserveCapacity(SnapshotWriter.bufferBytes)
        buffer.append(contentsOf: repeatElement(0, count: SnapshotLayout.headerBytes))
    }

    deinit {
        guard isOpen else { return }
        unsafe unlink(partialPath)
        close(descriptor)
    }

    /// Starts the next section; everything appended until the next call belongs to it.
    /// - Parameter name: 1 to 16 bytes of ASCII, not used before in this file.
    /// - Throws: `SnapshotError.invalidRequest` or `.unwritable`.
    public func beginSection(_ name: String) throws(SnapshotError) {
        guard (1...SnapshotLayout.maximumNameBytes).contains(name.utf8.count), name.utf8.allSatisfy({ $0 < 0x80 })
        else {
            throw .invalidRequest(path: path, reason: "section name \"\(name)\" is not 1 to 16 ASCII characters")
        }
        guard entries.count < SnapshotLayout.maximumSectionCount, !entries.contains(where: { $0.name == name }) else {
            throw .invalidRequest(path: path, reason: "section \"\(name)\" is one too many or there already")
        }
        endSection()
        let gap = (0 &- position) & (SnapshotLayout.alignment - 1)
        buffer.append(contentsOf: repeatElement(0, count: gap))
        position += gap
        entries.append(.init(name: name, offset: position, length: 0, checksum: 0))
        hash = XXHash64()
    }

    /// Appends bytes to the section begun last.
    /// - Throws: `SnapshotError.unwritable`, or `.invalidRequest` before the first section.
    public func append(_ bytes: RawSpan) throws(SnapshotError) {
        guard !entries.isEmpty else {
            throw .invalidRequest(path: path, reason: "bytes were given before a section was begun")
        }
        hash.update(bytes)
        position += bytes.byteCount
        if buffer.count + bytes.byteCount > SnapshotWriter.bufferBytes { try flush() }
        guard bytes.byteCount < SnapshotWriter.bufferBytes else { return try write(bytes) }
        // The span is copied whole; its bytes are read nowhere else.
        unsafe bytes.withUnsafeBytes { unsafe buffer.append(contentsOf: $0) }
    }

    /// Appends integers, each little-endian (as every machine this runs on holds them).
    ///
    /// Not inlined: Swift 6.3 then writes other bytes than the array's when a caller passes a small literal.
    /// - Throws: as `append(_:)` of bytes.
    @inline(never)
    public func append(_ elements: [some FixedWidthInteger & BitwiseCopyable]) throws(SnapshotError) {
        // Integers have no padding: their bytes are all initialised.
        try unsafe append(elements.span.bytes)
    }

    /// Completes the file and puts it at the path, durably.
    ///
    /// The writer is done afterwards.
    /// - Throws: `SnapshotError.unwritable`; the path then still holds what it held.
    public func commit() throws(SnapshotError) {
        guard isOpen else { throw .invalidRequest(path: path, reason: "it was committed already") }
        endSection()
        try flush()
        let header = makeHeader()
        guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw failure("seeking") }
        try unsafe write(header.span.bytes)
        guard fsync(descriptor) == 0 else { throw failure("flushing") }
        guard unsafe rename(partialPath, path) == 0 else { throw failure("renaming") }
        isOpen = false
        close(descriptor)
        try SnapshotWriter.flushFolder(of: path)
    }

    private func endSection() {
        guard let last = entries.indices.last else { return }
        entries[last].length = position - entries[last].offset
        entries[last].checksum = hash.value
    }

    private func makeHeader() -> [UInt8] {
        var header = [UInt8](repeating: 0, count: SnapshotLayout.headerBytes)
        header.replaceSubrange(0..<8, with: SnapshotLayout.magic)
        SnapshotLayout.put(SnapshotLayout.containerVersion, at: 8, in: &header)
        SnapshotLayout.put(kind.word, at: SnapshotLayout.kindOffset, in: &header)
        SnapshotLayout.put(kind.version, at: SnapshotLayout.kindVersionOffset, in: &header)
        SnapshotLayout.put(UInt32(entries.count), at: SnapshotLayout.sectionCountOffset, in: &header)
        SnapshotLayout.put(stamp.collectionID, at: SnapshotLayout.collectionOffset, in: &header)
        SnapshotLayout.put(stamp.watermark, at: SnapshotLayout.watermarkOffset, in: &header)
        SnapshotLayout.put(UInt64(position), at: SnapshotLayout.lengthOffset, in: &header)
        let fingerprint = Array(stamp.fingerprint.utf8)
        SnapshotLayout.put(UInt32(fingerprint.count), at: SnapshotLayout.fingerprintLengthOffset, in: &header)
        let start = SnapshotLayout.fingerprintOffset
        header.replaceSubrange(start..<start + fingerprint.count, with: fingerprint)
        for (index, entry) in entries.enumerated() {
            let base = SnapshotLayout.tableOffset + index * SnapshotLayout.entryBytes
            header.replaceSubrange(base..<base + entry.name.utf8.count, with: entry.name.utf8)
            SnapshotLayout.put(UInt64(entry.offset), at: base + 16, in: &header)
            SnapshotLayout.put(UInt64(entry.length), at: base + 24, in: &header)
            SnapshotLayout.put(entry.checksum, at: base + 32, in: &header)
        }
        let checksum = SnapshotLayout.checksum(ofHeader: header)
        SnapshotLayout.put(checksum, at: SnapshotLayout.checksumOffset, in: &header)
        return header
    }
}

// MARK: - System calls

extension SnapshotWriter {
    private func flush() throws(SnapshotError) {
        // Taken out and put back, so that its bytes can be lent while `self` is in use.
        var pending: [UInt8] = []
        swap(&pending, &buffer)
        try unsafe write(pending.span.bytes)
        pending.removeAll(keepingCapacity: true)
        swap(&pending, &buffer)
    }

    private func write(_ bytes: RawSpan) throws(SnapshotError) {
        // A pointer is what the system call takes.
        let written = unsafe bytes.withUnsafeBytes { source -> Bool in
            var done = 0
            while done < source.count {
                guard let base = source.baseAddress else { break }
                #if canImport(Darwin)
                    let count = unsafe Darwin.write(descriptor, base + done, source.count - done)
                #elseif canImport(Musl)
                    let count = unsafe Musl.write(descriptor, base + done, source.count - done)
                #else
                    let count = unsafe Glibc.write(descriptor, base + done, source.count - done)
                #endif
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { return false }
                done += count
            }
            return true
        }
        guard written else { throw failure("writing") }
    }

    private func failure(_ step: String) -> SnapshotError {
        .unwritable(path: path, reason: unsafe "\(step): \(String(cString: strerror(errno)))")
    }

    /// Opens and locks the partial file, empty.
    private static func openLocked(_ partialPath: String, for path: String) throws(SnapshotError) -> CInt {
        let descriptor = unsafe open(partialPath, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw .unwritable(path: path, reason: unsafe String(cString: strerror(errno)))
        }
        var opened = stat()
        var named = stat()
        // The name may have been renamed away between opening and locking: the lock must be on the file of that name.
        let isOurs =
            unsafe flock(descriptor, LOCK_EX | LOCK_NB) == 0 && fstat(descriptor, &opened) == 0
            && stat(partialPath, &named) == 0 && opened.st_ino == named.st_ino
        guard isOurs, ftruncate(descriptor, 0) == 0 else {
            close(descriptor)
            throw .busy(path: path)
        }
        return descriptor
    }

    /// Makes the rename durable: the folder's entry is flushed as well.
    private static func flushFolder(of path: String) throws(SnapshotError) {
        var folder = "."
        if let slash = path.lastIndex(of: "/") {
            folder = slash == path.startIndex ? "/" : String(path[..<slash])
        }
        let descriptor = unsafe open(folder, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw .unwritable(path: path, reason: unsafe "opening its folder: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else {
            throw .unwritable(path: path, reason: unsafe "flushing its folder: \(String(cString: strerror(errno)))")
        }
    }
}
