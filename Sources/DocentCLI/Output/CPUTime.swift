import Foundation

/// How long this process has computed, on all its threads together.
enum CPUTime {
    /// Seconds since it started.
    static var seconds: Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
