/// Dates that documents state, in the one form in which filters can compare them.
enum DocumentDate {
    /// A date in ISO 8601, `2026-03-09` or with its time, `2026-03-09T08:30:00+01:00`; nil for anything else.
    ///
    /// Days and months must exist; `20260309` and a space before the time are written out.
    static func normalised(_ text: String) -> String? {
        let bytes = Array(text.utf8.drop { $0 == 0x20 })
        func number(_ start: Int, _ count: Int) -> Int? {
            guard start + count <= bytes.count else { return nil }
            var value = 0
            for byte in bytes[start..<(start + count)] {
                guard byte &- 0x30 < 10 else { return nil }
                value = value * 10 + Int(byte - 0x30)
            }
            return value
        }
        let isPlain = bytes.count >= 8 && bytes[4] != 0x2D
        guard let year = number(0, 4), let month = number(isPlain ? 4 : 5, 2), let day = number(isPlain ? 6 : 8, 2),
            (1000...2999).contains(year), (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        if !isPlain, bytes[7] != 0x2D { return nil }
        func padded(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let date = "\(year)-\(padded(month))-\(padded(day))"
        let time = bytes[(isPlain ? 8 : 10)...]
        guard let first = time.first else { return date }
        guard first == 0x54 || first == 0x74 || first == 0x20, time.count >= 6 else {
            return first &- 0x30 < 10 ? nil : date
        }
        let clock = time.dropFirst().prefix { $0 > 0x20 }
        guard clock.count >= 5, clock.allSatisfy({ $0 &- 0x30 < 10 || [0x2B, 0x2D, 0x2E, 0x3A, 0x5A].contains($0) })
        else { return date }
        return date + "T" + String(decoding: clock, as: UTF8.self)
    }
}
