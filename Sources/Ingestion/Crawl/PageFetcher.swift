import CurlClient
import Dispatch
import Foundation
import Synchronization

/// Fetches pages politely and safely: one request at a time, with a pause between two to a host, never to an address that
/// is out of bounds, and never on where a redirect leads.
///
/// Synchronous: call it from a worker's own thread, one call at a time.
final class PageFetcher: Sendable {
    /// How long a site may ask to be left alone before the page counts as failed.
    static let longestWait: Duration = .seconds(60)
    /// The longest `Crawl-delay` that is honoured; a longer one is taken for this.
    static let longestDelay: Duration = .seconds(30)
    /// How often a page is asked for again after 429 and 503.
    private static let retries = 3
    /// The most time for one request.
    private static let pageTimeout: Duration = .seconds(30)

    private struct State {
        var nextRequest: [String: ContinuousClock.Instant] = [:]
        var delays: [String: Duration] = [:]
        var current: CurlFetch?
        var isStopped = false
    }

    private let policy: CrawlPolicy
    private let allowsPrivate: Bool
    private let delay: Duration
    private let state = Mutex(State())
    private let alarm = DispatchSemaphore(value: 0)

    /// Makes a fetcher; private addresses need the consent of both `policy` and `settings`.
    init(policy: CrawlPolicy, settings: CrawlSettings) {
        self.policy = policy
        allowsPrivate = policy.allowsPrivate && settings.allowsPrivate
        delay = .milliseconds(settings.delayMilliseconds)
    }

    /// Whether ``stop()`` was called.
    var isStopped: Bool { state.withLock { $0.isStopped } }

    /// Ends the request under way and every pause; calls after it throw `CurlError.cancelled`.
    func stop() {
        let current = state.withLock { state in
            state.isStopped = true
            return state.current
        }
        current?.cancel()
        alarm.signal()
    }

    /// Honours a site's `Crawl-delay`.
    func slowDown(_ host: String, to seconds: Double) {
        let wanted = min(.seconds(seconds), Self.longestDelay)
        state.withLock { $0.delays[host] = max(delay, wanted) }
    }

    /// Fetches an address; 429 and 503 are asked again after the time they name.
    /// - Parameters:
    ///   - url: the address.
    ///   - headers: sent beside the crawler's own.
    ///   - limit: the most bytes of the body.
    ///   - wantsBody: whether the body of a response is read.
    /// - Returns: the last response, whatever its status.
    /// - Throws: `CurlError`.
    func get(
        _ url: PageURL, headers: [(name: String, value: String)] = [], limit: Int,
        wantsBody: @escaping @Sendable (HTTPResponseHead) -> Bool = { $0.status == 200 }
    ) throws(CurlError) -> HTTPResponse {
        var request = HTTPRequest(
            "GET", url.description,
            headers: [("User-Agent", policy.userAgent), ("Accept", "text/html, application/xhtml+xml, */*;q=0.5")]
                + headers)
        request.followsRedirects = false
        request.timeout = Self.pageTimeout
        request.idleTimeout = .seconds(15)
        request.maximumResponseBytes = limit
        if !allowsPrivate { request.admitsAddress = { $0.isPublic } }
        var attempt = 0
        while true {
            let response = try send(request, to: url.host, wantsBody: wantsBody)
            guard response.status == 429 || response.status == 503, attempt < Self.retries else { return response }
            let wait = Self.retryAfter(response.head) ?? .seconds(1 << attempt)
            guard wait <= Self.longestWait else { return response }
            attempt += 1
            try pause(wait)
        }
    }

    private func send(
        _ request: HTTPRequest, to host: String, wantsBody: @escaping @Sendable (HTTPResponseHead) -> Bool
    ) throws(CurlError) -> HTTPResponse {
        let clock = ContinuousClock()
        if let next = state.withLock({ $0.nextRequest[host] }), next > clock.now { try pause(next - clock.now) }
        let fetch = try CurlFetch(request, wantsBody: wantsBody)
        let isStopped = state.withLock { state in
            if !state.isStopped { state.current = fetch }
            return state.isStopped
        }
        if isStopped { throw .cancelled }
        defer {
            state.withLock { state in
                state.current = nil
                state.nextRequest[host] = clock.now + (state.delays[host] ?? delay)
            }
        }
        return try fetch.run()
    }

    private func pause(_ duration: Duration) throws(CurlError) {
        let milliseconds = Int(duration / .milliseconds(1))
        if !isStopped { _ = alarm.wait(timeout: .now() + .milliseconds(milliseconds)) }
        if isStopped { throw .cancelled }
    }

    /// The time that `Retry-After` names, in seconds or as a date.
    static func retryAfter(_ head: HTTPResponseHead, now: Date = Date()) -> Duration? {
        guard let text = head.headers["retry-after"] else { return nil }
        if let seconds = Int(text) { return .seconds(max(0, min(seconds, 1 << 30))) }
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
        return formatter.date(from: text).map { .seconds(max(0, Int($0.timeIntervalSince(now).rounded(.up)))) }
    }
}
