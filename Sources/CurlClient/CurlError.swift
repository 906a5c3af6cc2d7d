/// Why a transfer failed.
///
/// HTTP statuses are no errors here: what a 404 means is the caller's to say. Descriptions name the host at most: never
/// a query, a header or a body, which may hold secrets.
public enum CurlError: Error, Equatable, CustomStringConvertible {
    /// The request can't be sent as it is: not http or https, a line break in a header; the caller is to blame.
    case invalidRequest(reason: String)
    /// The host's name has no address; check the name, or whether this machine is offline.
    case cannotResolve(host: String)
    /// Nobody listens there, or the network refuses.
    case cannotConnect(host: String)
    /// The host has an address that the request may not be sent to: a private one, say.
    case addressRefused(host: String)
    /// Nothing came for too long; `stage` says which limit.
    case timedOut(stage: String)
    /// The certificate or the encryption can't be trusted or agreed on.
    case tls(reason: String)
    /// The response is larger than the caller allows.
    case responseTooLarge(limit: Int)
    /// The connection ended in mid-response.
    case interrupted(reason: String)
    /// The server can't go on from where an earlier download stopped.
    case cannotResume
    /// A file can't be written; `reason` says why.
    case cannotWrite(path: String, reason: String)
    /// The caller stopped it.
    case cancelled
    /// Anything else libcurl reports.
    case failed(code: Int32, reason: String)

    /// One line for the user.
    public var description: String {
        switch self {
        case .invalidRequest(let reason): "the request can't be sent: \(reason)"
        case .cannotResolve(let host):
            "the name '\(host)' can't be resolved: check it, or whether this machine is online"
        case .cannotConnect(let host): "can't connect to \(host)"
        case .addressRefused(let host): "\(host) has a private or reserved address, which must not be fetched"
        case .timedOut(let stage): "timed out (\(stage))"
        case .tls(let reason): "no trusted connection: \(reason)"
        case .responseTooLarge(let limit): "the response is larger than \(limit) bytes"
        case .interrupted(let reason): "the connection broke off: \(reason)"
        case .cannotResume: "the server can't resume the download"
        case .cannotWrite(let path, let reason): "can't write \(path): \(reason)"
        case .cancelled: "cancelled"
        case .failed(let code, let reason): "\(reason) (libcurl \(code))"
        }
    }
}
