#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The most memory this process has had resident.
enum PeakMemory {
    /// In bytes; 0 when the system doesn't say.
    static var bytes: Int {
        var usage = rusage()
        #if canImport(Glibc)
            guard unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
            return usage.ru_maxrss * 1024
        #else
            guard unsafe getrusage(RUSAGE_SELF, &usage) == 0 else { return 0 }
            return usage.ru_maxrss
        #endif
    }
}
