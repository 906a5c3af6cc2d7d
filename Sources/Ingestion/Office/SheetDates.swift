/// Which cells of a spreadsheet are dates, and how a serial number reads as one.
///
/// Source: ECMA-376 part 1, sections 18.8.30 (number formats) and 18.17.4 (dates and times).
struct SheetDates {
    /// Whether the cell format of an index is a date's.
    private var isDate: [Bool] = []
    /// Whether days count from 1904.
    let starts1904: Bool

    /// Reads `styles.xml`, which may be missing.
    init(styles: XMLTree?, starts1904: Bool) {
        self.starts1904 = starts1904
        guard let styles else { return }
        var custom: [Int: Bool] = [:]
        for format in styles.all("numFmt") {
            guard let id = styles.value("numFmtId", of: format).flatMap({ Int($0) }),
                let code = styles.value("formatCode", of: format)
            else { continue }
            custom[id] = Self.isDateCode(code)
        }
        guard let formats = styles.first("cellXfs") else { return }
        for format in styles.children(of: formats) {
            let id = styles.value("numFmtId", of: format).flatMap { Int($0) } ?? 0
            isDate.append(custom[id] ?? ((14...22).contains(id) || (45...47).contains(id)))
        }
    }

    private static func isDateCode(_ code: String) -> Bool {
        var inQuotes = false
        var inBrackets = false
        for character in code.lowercased() {
            switch character {
            case "\"": inQuotes.toggle()
            case "[": inBrackets = true
            case "]": inBrackets = false
            case "y", "d", "h", "s", "m": if !inQuotes, !inBrackets { return true }
            default: break
            }
        }
        return false
    }

    /// A number as its cell shows it: ISO 8601 for dates and times, without digits that say nothing for others.
    func text(_ value: String, format: Int?) -> String {
        guard let number = Double(value) else { return value }
        if let format, isDate.indices.contains(format), isDate[format], number >= 0, number < 2_958_466 {
            return date(number)
        }
        if number == number.rounded(), abs(number) < 1e15 { return String(Int64(number)) }
        return value.utf8.count > 12 ? Self.shortened(number) : value
    }

    /// Binary fractions carry digits that nobody typed: 0.30000000000000004.
    private static func shortened(_ number: Double) -> String {
        let scaled = (number * 1e10).rounded() / 1e10
        return scaled == 0 ? String(number) : String(scaled)
    }

    private func date(_ number: Double) -> String {
        let seconds = Int(((number - number.rounded(.down)) * 86_400).rounded())
        var days = Int(number.rounded(.down)) + seconds / 86_400
        let time = seconds % 86_400
        let clock = Self.padded(time / 3600) + ":" + Self.padded(time / 60 % 60)
        if days == 0, !starts1904 { return clock }
        // Days since 1970-01-01; the other calendar starts 1900 with a leap day that never was.
        days += starts1904 ? -24_107 : days < 60 ? -25_568 : -25_569
        let (year, month, day) = Self.civil(days)
        let text = "\(year)-\(Self.padded(month))-\(Self.padded(day))"
        return time == 0 ? text : text + " " + clock
    }

    private static func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// Year, month and day of a day number, 0 for 1970-01-01, in the Gregorian calendar.
    private static func civil(_ days: Int) -> (Int, Int, Int) {
        let shifted = days + 719_468
        let era = shifted / 146_097
        let day = shifted - era * 146_097
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365
        let dayOfYear = day - (365 * year + year / 4 - year / 100)
        let month = (5 * dayOfYear + 2) / 153
        let isLate = month >= 10
        return (
            year + era * 400 + (isLate ? 1 : 0), isLate ? month - 9 : month + 3, dayOfYear - (153 * month + 2) / 5 + 1
        )
    }
}
