import CCurl
import Foundation
import Synchronization

/// One transfer on a thread of its own, from start to end, cancellable at any time.
///
/// It drives libcurl's multi interface with a single easy handle, because only that one can be woken while it waits:
/// a cancelled transfer ends at once rather than at the next byte.
final class Transfer: Sendable {
    /// What the transfer reports; called on its thread, in this order.
    struct Handlers: Sendable {
        /// The head of the final response, before the first byte of its body.
        var head: @Sendable (HTTPResponseHead) -> Void
        /// Body bytes; an error stops the transfer and becomes its result.
        var bytes: @Sendable ([UInt8]) -> CurlError?
        /// The end; nil when all went well.
        var end: @Sendable (CurlError?) -> Void
    }

    /// How long one wait for the network lasts at most, in milliseconds.
    private static let pollMilliseconds: Int32 = 250

    private let request: HTTPRequest
    private let handlers: Handlers
    private let isCancelled = Atomic<Bool>(false)
    /// The multi handle while the thread waits on it; only `curl_multi_wakeup`, which is thread-safe, is called on it.
    private let waiting = Mutex<UInt>(0)

    init(_ request: HTTPRequest, _ handlers: Handlers) {
        self.request = request
        self.handlers = handlers
    }

    /// Starts the thread.
    func start() {
        let thread = Thread { [self] in handlers.end(perform()) }
        thread.name = "docent-http"
        thread.start()
    }

    /// Ends the transfer as soon as its thread wakes up.
    func cancel() {
        isCancelled.store(true, ordering: .relaxed)
        waiting.withLock { address in
            // The thread takes its handle out of `waiting` under this lock before it frees it.
            if let multi = unsafe UnsafeMutableRawPointer(bitPattern: address) { _ = unsafe curl_multi_wakeup(multi) }
        }
    }

    /// Does the transfer on the calling thread.
    func perform() -> CurlError? {
        Self.initialiseLibrary()
        guard let easy = unsafe curl_easy_init() else {
            return .failed(code: -1, reason: "libcurl has no handle to give")
        }
        defer { unsafe curl_easy_cleanup(easy) }
        guard let multi = unsafe curl_multi_init() else {
            return .failed(code: -1, reason: "libcurl has no handle to give")
        }
        defer {
            unsafe curl_multi_remove_handle(multi, easy)
            unsafe curl_multi_cleanup(multi)
        }
        let reception = Reception(
            limit: request.maximumResponseBytes, admitsAddress: request.admitsAddress, handlers: handlers)
        // An empty "Expect" keeps libcurl from asking leave, and waiting a second for it, before it sends a large body.
        var list = unsafe curl_slist_append(nil, "Expect:")
        defer { unsafe curl_slist_free_all(list) }
        for (name, value) in request.headers {
            unsafe list = curl_slist_append(list, value.isEmpty ? "\(name);" : "\(name): \(value)")
        }
        unsafe configure(easy, list, reception)
        // The body's buffer has to live as long as the transfer.
        let result = unsafe (request.body ?? []).withUnsafeBytes { body in
            if request.body != nil {
                unsafe docent_curl_set_offset(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count))
                unsafe docent_curl_set_pointer(
                    easy, CURLOPT_POSTFIELDS, UnsafeMutableRawPointer(mutating: body.baseAddress))
            }
            return unsafe run(easy, multi)
        }
        if let failure = reception.failure { return failure }
        if isCancelled.load(ordering: .relaxed) { return .cancelled }
        guard let result else { return .failed(code: -1, reason: "libcurl stopped without a result") }
        if result == CURLE_COULDNT_CONNECT, reception.hasRefusedAddress { return .addressRefused(host: request.host) }
        if result != CURLE_OK { return error(for: result) }
        reception.deliverHead()
        return nil
    }

    private func configure(
        _ easy: UnsafeMutableRawPointer, _ headers: UnsafeMutablePointer<curl_slist>?, _ reception: Reception
    ) {
        unsafe docent_curl_set_string(easy, CURLOPT_URL, request.url)
        unsafe docent_curl_set_string(easy, CURLOPT_PROTOCOLS_STR, "http,https")
        unsafe docent_curl_set_string(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https")
        unsafe docent_curl_set_string(easy, CURLOPT_USERAGENT, "docent")
        if request.acceptsCompression { unsafe docent_curl_set_string(easy, CURLOPT_ACCEPT_ENCODING, "") }
        unsafe docent_curl_set_long(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        if request.body != nil { unsafe docent_curl_set_long(easy, CURLOPT_POST, 1) }
        if request.method == "HEAD" {
            unsafe docent_curl_set_long(easy, CURLOPT_NOBODY, 1)
        } else {
            unsafe docent_curl_set_string(easy, CURLOPT_CUSTOMREQUEST, request.method)
        }
        unsafe docent_curl_set_long(easy, CURLOPT_NOSIGNAL, 1)
        unsafe docent_curl_set_long(easy, CURLOPT_FOLLOWLOCATION, request.followsRedirects ? 1 : 0)
        unsafe docent_curl_set_long(easy, CURLOPT_MAXREDIRS, 10)
        unsafe docent_curl_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, request.connectTimeout.milliseconds)
        unsafe docent_curl_set_long(easy, CURLOPT_LOW_SPEED_LIMIT, 1)
        unsafe docent_curl_set_long(easy, CURLOPT_LOW_SPEED_TIME, max(1, request.idleTimeout.milliseconds / 1000))
        if let timeout = request.timeout {
            unsafe docent_curl_set_long(easy, CURLOPT_TIMEOUT_MS, max(1, timeout.milliseconds))
        }
        unsafe docent_curl_set_list(easy, CURLOPT_HTTPHEADER, headers)
        // `reception` outlives the transfer: perform() holds it.
        let context = unsafe Unmanaged.passUnretained(reception).toOpaque()
        unsafe docent_curl_set_pointer(easy, CURLOPT_HEADERDATA, context)
        unsafe docent_curl_set_write_callback(easy, CURLOPT_HEADERFUNCTION) { data, size, count, context in
            guard let data = unsafe data, let context = unsafe context else { return 0 }
            let line = unsafe UnsafeRawBufferPointer(start: data, count: size * count)
            unsafe Unmanaged<Reception>.fromOpaque(context).takeUnretainedValue().header(unsafe Array(line))
            return size * count
        }
        unsafe docent_curl_set_pointer(easy, CURLOPT_WRITEDATA, context)
        unsafe docent_curl_set_write_callback(easy, CURLOPT_WRITEFUNCTION) { data, size, count, context in
            guard let data = unsafe data, let context = unsafe context else { return 0 }
            let bytes = unsafe UnsafeRawBufferPointer(start: data, count: size * count)
            let isWanted = unsafe Unmanaged<Reception>.fromOpaque(context).takeUnretainedValue()
                .body(unsafe Array(bytes))
            return isWanted ? size * count : 0
        }
        if request.admitsAddress != nil { unsafe guardConnections(easy, context) }
    }

    /// Has each address checked before a connection to it is made.
    private func guardConnections(_ easy: UnsafeMutableRawPointer, _ context: UnsafeMutableRawPointer) {
        unsafe docent_curl_set_string(easy, CURLOPT_PROXY, "")
        unsafe docent_curl_set_pointer(easy, CURLOPT_OPENSOCKETDATA, context)
        unsafe docent_curl_set_open_socket_callback(easy) { context, _, address in
            guard let context = unsafe context, let address = unsafe address else { return docent_curl_no_socket() }
            var bytes = [UInt8](repeating: 0, count: 16)
            let count = unsafe Int(docent_curl_address(address, &bytes))
            let reception = unsafe Unmanaged<Reception>.fromOpaque(context).takeUnretainedValue()
            guard reception.admits(NetworkAddress(bytes: Array(bytes.prefix(count)))) else {
                return docent_curl_no_socket()
            }
            return unsafe docent_curl_open_socket(address)
        }
    }

    /// Drives the transfer to its end; nil when it was cancelled.
    private func run(_ easy: UnsafeMutableRawPointer, _ multi: UnsafeMutableRawPointer) -> CURLcode? {
        unsafe curl_multi_add_handle(multi, easy)
        waiting.withLock { $0 = UInt(bitPattern: multi) }
        defer { waiting.withLock { $0 = 0 } }
        var running: Int32 = 0
        repeat {
            guard !isCancelled.load(ordering: .relaxed) else { return nil }
            guard unsafe curl_multi_perform(multi, &running) == CURLM_OK else { return nil }
            if running > 0 { unsafe curl_multi_poll(multi, nil, 0, Self.pollMilliseconds, nil) }
        } while running > 0
        var left: Int32 = 0
        while let message = unsafe curl_multi_info_read(multi, &left) {
            if unsafe message.pointee.msg == CURLMSG_DONE { return unsafe message.pointee.data.result }
        }
        return nil
    }

    private func error(for code: CURLcode) -> CurlError {
        let reason = unsafe String(cString: curl_easy_strerror(code))
        switch code {
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL: return .invalidRequest(reason: reason)
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: return .cannotResolve(host: request.host)
        case CURLE_COULDNT_CONNECT: return .cannotConnect(host: request.host)
        case CURLE_OPERATION_TIMEDOUT: return .timedOut(stage: "no answer from \(request.host) in time")
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE:
            return .tls(reason: reason)
        case CURLE_PARTIAL_FILE, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING, CURLE_HTTP2_STREAM:
            return .interrupted(reason: reason)
        default: return .failed(code: Int32(code.rawValue), reason: reason)
        }
    }

    /// libcurl wants its global set-up done once, before any other thread uses it.
    private static func initialiseLibrary() {
        _ = library
    }

    private static let library: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK
}

/// Collects header lines and hands on body bytes.
///
/// Touched by the transfer's thread alone.
private final class Reception {
    private let limit: Int
    private let admitsAddress: (@Sendable (NetworkAddress) -> Bool)?
    private let handlers: Transfer.Handlers
    private var status = 0
    private var headers: [String: String] = [:]
    private var hasDeliveredHead = false
    private var byteCount = 0
    /// Why the transfer was stopped from this side.
    private(set) var failure: CurlError?
    /// Whether an address was met that must not be connected to.
    private(set) var hasRefusedAddress = false

    init(
        limit: Int, admitsAddress: (@Sendable (NetworkAddress) -> Bool)?, handlers: Transfer.Handlers
    ) {
        self.limit = limit
        self.admitsAddress = admitsAddress
        self.handlers = handlers
    }

    /// Whether a connection may be made to an address; one of an unknown family may not.
    func admits(_ address: NetworkAddress?) -> Bool {
        guard let admitsAddress else { return true }
        let isAdmitted = address.map(admitsAddress) ?? false
        if !isAdmitted { hasRefusedAddress = true }
        return isAdmitted
    }

    /// One header line, line end included.
    ///
    /// A status line starts a new response: a redirect's, or after "100 Continue".
    func header(_ line: [UInt8]) {
        let text = String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        if text.hasPrefix("HTTP/") {
            let fields = text.split(separator: " ")
            status = fields.count > 1 ? Int(fields[1]) ?? 0 : 0
            headers = [:]
        } else if let colon = text.firstIndex(of: ":") {
            let name = text[..<colon].lowercased()
            let value = text[text.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            headers[name] = headers[name].map { $0 + ", " + value } ?? value
        }
    }

    /// Body bytes; false stops the transfer.
    func body(_ bytes: [UInt8]) -> Bool {
        deliverHead()
        byteCount += bytes.count
        failure = byteCount > limit ? .responseTooLarge(limit: limit) : handlers.bytes(bytes)
        return failure == nil
    }

    /// Reports the head once; at the end too, for responses without a body.
    func deliverHead() {
        guard !hasDeliveredHead else { return }
        hasDeliveredHead = true
        handlers.head(HTTPResponseHead(status: status, headers: headers))
    }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    var milliseconds: Int {
        Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)
    }
}
