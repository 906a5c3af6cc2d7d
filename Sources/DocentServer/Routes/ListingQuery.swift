import HTTPTypes
import Hummingbird

/// The parameters that listings share.
enum ListingQuery {
    /// `limit`, 100 without one.
    /// - Throws: `HTTPFailure` 400 `invalid_limit`.
    static func limit(_ query: Parameters, most: Int) throws -> Int {
        guard let text = query["limit"] else { return 100 }
        guard let number = Int(text), (1...most).contains(number) else {
            throw HTTPFailure(.badRequest, "invalid_limit", "limit is '\(text)' and must be from 1 to \(most)")
        }
        return number
    }

    /// `state`, nil without one.
    /// - Throws: `HTTPFailure` 400 `invalid_state` that says which states there are.
    static func state<State: RawRepresentable & CaseIterable>(_ query: Parameters) throws -> State?
    where State.RawValue == String {
        guard let text = query["state"] else { return nil }
        guard let known = State(rawValue: String(text)) else {
            let names = State.allCases.map(\.rawValue).joined(separator: " or ")
            throw HTTPFailure(.badRequest, "invalid_state", "state is '\(text)': use \(names)")
        }
        return known
    }
}
