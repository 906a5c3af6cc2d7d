/// Cuts a byte stream of Server-Sent Events into events.
///
/// Source: "Interpreting an event stream" in the HTML standard. `id` and `retry` fields are skipped: nothing here
/// reconnects.
public struct EventStreamParser: Sendable {
    /// The longest event that is kept, in bytes; a longer one is an error of the sender.
    public static let maximumEventBytes = 4 << 20

    /// One event.
    public struct Event: Sendable, Equatable {
        /// The `event` field, "message" when there is none.
        public var name: String
        /// The `data` lines, joined by line feeds.
        public var data: String

        /// Bundles an event.
        public init(name: String, data: String) {
            self.name = name
            self.data = data
        }
    }

    private var line: [UInt8] = []
    private var endedWithCarriageReturn = false
    private var name = ""
    private var data: [String] = []
    private var byteCount = 0

    /// Starts at the beginning of a stream.
    public init() {}

    /// Takes in bytes, however they are cut, and returns the events completed by them.
    /// - Throws: `CurlError.responseTooLarge` for an event over ``maximumEventBytes``.
    public mutating func append(_ bytes: [UInt8]) throws(CurlError) -> [Event] {
        var events: [Event] = []
        for byte in bytes {
            let wasCarriageReturn = endedWithCarriageReturn
            endedWithCarriageReturn = byte == 0x0D
            if byte == 0x0A, wasCarriageReturn { continue }
            if byte == 0x0A || byte == 0x0D {
                if let event = endLine() { events.append(event) }
            } else {
                line.append(byte)
                byteCount += 1
                guard byteCount <= Self.maximumEventBytes else {
                    throw .responseTooLarge(limit: Self.maximumEventBytes)
                }
            }
        }
        return events
    }

    private mutating func endLine() -> Event? {
        defer { line.removeAll(keepingCapacity: true) }
        guard !line.isEmpty else {
            defer {
                name = ""
                data = []
                byteCount = 0
            }
            return data.isEmpty ? nil : Event(name: name.isEmpty ? "message" : name, data: data.joined(separator: "\n"))
        }
        let colon = line.firstIndex(of: UInt8(ascii: ":"))
        let field = String(decoding: line[..<(colon ?? line.endIndex)], as: UTF8.self)
        var value = colon.map { line[($0 + 1)...] } ?? []
        if value.first == 0x20 { value = value.dropFirst() }
        switch field {
        case "data": data.append(String(decoding: value, as: UTF8.self))
        case "event": name = String(decoding: value, as: UTF8.self)
        default: break
        }
        return nil
    }
}
