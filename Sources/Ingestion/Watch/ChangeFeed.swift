import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Tells that something below some folders may have changed; what it was, the next listing finds out.
///
/// With inotify(7) the kernel says so: of folders and of their sub-folders, once ``arm(_:)`` has seen them. A file that is
/// given itself is watched by its folder, because editors put a new file in the old one's place. Events that the kernel
/// had to drop count as a change. Without inotify, or where its limit on watches is reached, `isPolling` says that
/// listings have to be compared at intervals.
final class ChangeFeed {
    /// Why there are no events, in one line; nil where there are.
    private(set) var pollingReason: String?
    /// Whether changes have to be looked for.
    var isPolling: Bool { pollingReason != nil }

    private var descriptor: Int32 = -1
    private static let bufferBytes = 64 << 10

    /// Opens the feed; nothing is watched yet.
    init(allowsEvents: Bool = true) {
        #if os(Linux)
            descriptor = allowsEvents ? inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC)) : -1
            if descriptor < 0 { pollingReason = allowsEvents ? Self.reason(errno) : "events are switched off" }
        #else
            pollingReason = "this system has no inotify"
        #endif
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Watches folders, those that are watched already included; the ones that are gone are left out.
    func arm(_ folders: some Sequence<String>) {
        #if os(Linux)
            guard !isPolling else { return }
            let mask =
                IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF
            for folder in folders {
                // The kernel reads the path during the call.
                guard unsafe inotify_add_watch(descriptor, folder, UInt32(mask)) < 0 else { continue }
                guard errno == ENOSPC || errno == ENOMEM else { continue }
                pollingReason = Self.reason(errno)
                close(descriptor)
                descriptor = -1
                return
            }
        #endif
    }

    /// Whether anything has happened since the last call.
    func hasChanged() -> Bool {
        var isChanged = false
        #if os(Linux)
            guard descriptor >= 0 else { return false }
            var buffer = [UInt8](repeating: 0, count: Self.bufferBytes)
            while true {
                // The kernel fills the array, which outlives the call.
                let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
                guard count > 0 else { break }
                if Self.events(in: buffer[..<count]).contains(where: \.isOfInterest) { isChanged = true }
            }
        #endif
        return isChanged
    }

    /// An event as the kernel wrote it.
    struct Event: Equatable {
        var mask: UInt32
        var name: String

        /// Whether a listing could come out differently; not so for hidden files and those that hold no document.
        var isOfInterest: Bool {
            #if os(Linux)
                if mask & UInt32(IN_Q_OVERFLOW) != 0 { return true }
                if name.hasPrefix(".") { return false }
                if name.isEmpty || mask & UInt32(IN_ISDIR) != 0 { return mask & UInt32(IN_IGNORED) == 0 }
            #endif
            return FileCollector.reasonToSkip(name) == nil
        }
    }

    /// The events in what was read: watch, mask, cookie and length of the name, four bytes each, then the name, padded.
    static func events(in bytes: ArraySlice<UInt8>) -> [Event] {
        func word(_ start: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << (8 * UInt32($1)) }
        }
        var events: [Event] = []
        var start = bytes.startIndex
        while start + 16 <= bytes.endIndex {
            let end = start + 16 + Int(word(start + 12))
            guard end <= bytes.endIndex else { break }
            let name = bytes[(start + 16)..<end].prefix { $0 != 0 }
            events.append(Event(mask: word(start + 4), name: String(decoding: name, as: UTF8.self)))
            start = end
        }
        return events
    }

    #if os(Linux)
        private static func reason(_ code: Int32) -> String {
            switch code {
            case ENOSPC: "the limit on watches is reached (fs.inotify.max_user_watches)"
            case EMFILE, ENFILE: "the limit on inotify instances is reached (fs.inotify.max_user_instances)"
            default: "inotify can't be used here (\(code))"
            }
        }
    #endif
}
