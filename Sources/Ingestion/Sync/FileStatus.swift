#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What the file system says of a path without reading it.
struct FileStatus: Sendable, Equatable {
    /// What there is.
    enum Kind: Sendable {
        case file, folder, link, other
    }

    let kind: Kind
    let device: UInt64
    let inode: UInt64
    let byteCount: Int
    /// Nanoseconds since 1970: when the contents changed, and when they or the file's owner, name or rights did.
    let modified: Int64
    let changed: Int64

    /// A file changed less than this before it is looked at may change again without showing another time: some file
    /// systems count in steps of two seconds.
    static let unsafeAge: Int64 = 2_000_000_000

    /// Looks at `path`; nil if there is nothing or it may not be looked at.
    /// - Parameters:
    ///   - path: the path.
    ///   - followsLinks: whether a symbolic link stands for what it leads to.
    init?(_ path: String, followsLinks: Bool = true) {
        var status = stat()
        // Both calls fill the structure on this frame and keep nothing.
        guard unsafe (followsLinks ? stat(path, &status) : lstat(path, &status)) == 0 else { return nil }
        switch status.st_mode & S_IFMT {
        case S_IFREG: kind = .file
        case S_IFDIR: kind = .folder
        case S_IFLNK: kind = .link
        default: kind = .other
        }
        device = UInt64(truncatingIfNeeded: status.st_dev)
        inode = UInt64(truncatingIfNeeded: status.st_ino)
        byteCount = Int(status.st_size)
        #if canImport(Darwin)
            (modified, changed) = (Self.nanoseconds(status.st_mtimespec), Self.nanoseconds(status.st_ctimespec))
        #else
            (modified, changed) = (Self.nanoseconds(status.st_mtim), Self.nanoseconds(status.st_ctim))
        #endif
    }

    /// Tells this version of the file from every other.
    ///
    /// The time of the last change of any kind is part of it, which no program can set back, and so are device and
    /// inode, which a file that is moved over another brings along.
    /// - Parameters:
    ///   - recipe: what else the document is made from.
    ///   - now: nanoseconds since 1970, read before the file was looked at.
    /// - Returns: nil for a file so young that its times can't tell, and for what is no file.
    func stamp(recipe: String, now: Int64) -> String? {
        guard kind == .file, now - max(modified, changed) >= Self.unsafeAge else { return nil }
        return "\(recipe) \(device):\(inode) \(byteCount) \(modified) \(changed)"
    }

    /// Now, in nanoseconds since 1970, by the clock that file systems use.
    static func now() -> Int64 {
        var time = timespec()
        // Fills the structure on this frame.
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return nanoseconds(time)
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
