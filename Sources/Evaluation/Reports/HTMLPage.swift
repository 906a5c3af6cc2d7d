/// Puts a report's page together: one file, no script, no outside resource.
struct HTMLPage {
    private var body = ""

    mutating func heading(_ text: String, level: Int = 2) {
        body += "<h\(level)>\(Self.escaped(text))</h\(level)>\n"
    }

    mutating func paragraph(_ text: String) {
        body += "<p>\(Self.escaped(text))</p>\n"
    }

    /// A table; cells that are numbers are set right.
    mutating func table(_ columns: [String], _ rows: [[String]]) {
        body +=
            "<table><thead><tr>" + columns.map { "<th>\(Self.escaped($0))</th>" }.joined() + "</tr></thead><tbody>\n"
        for row in rows {
            let cells = row.map { cell in
                Double(cell) == nil ? "<td>\(Self.escaped(cell))</td>" : "<td class=\"n\">\(cell)</td>"
            }
            body += "<tr>\(cells.joined())</tr>\n"
        }
        body += "</tbody></table>\n"
    }

    /// Horizontal bars of values 0...1, with a confidence interval as a thin line where given.
    mutating func bars(_ title: String, _ bars: [(label: String, value: Double, interval: ClosedRange<Double>?)]) {
        let (left, width, step) = (160.0, 420.0, 26.0)
        let height = Double(bars.count) * step + 4
        body += "<figure><figcaption>\(Self.escaped(title))</figcaption>"
        body += "<svg viewBox=\"0 0 660 \(height)\" role=\"img\" aria-label=\"\(Self.escaped(title))\">"
        for (index, bar) in bars.enumerated() {
            let y = Double(index) * step + 4
            let value = min(max(bar.value, 0), 1)
            body += "<text x=\"\(left - 8)\" y=\"\(y + 14)\" text-anchor=\"end\">\(Self.escaped(bar.label))</text>"
            body += "<rect x=\"\(left)\" y=\"\(y)\" width=\"\(value * width)\" height=\"18\"/>"
            if let interval = bar.interval {
                let (low, high) = (left + interval.lowerBound * width, left + interval.upperBound * width)
                body += "<line x1=\"\(low)\" y1=\"\(y + 9)\" x2=\"\(high)\" y2=\"\(y + 9)\"/>"
            }
            body += "<text x=\"\(left + width + 12)\" y=\"\(y + 14)\">\(Self.number(bar.value))</text>"
        }
        body += "</svg></figure>\n"
    }

    /// The whole document.
    func document(title: String) -> String {
        """
        <!DOCTYPE html>
        <html lang="en"><head><meta charset="utf-8"><title>\(Self.escaped(title))</title>
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <style>
        body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; color: #1d2430; }
        table { border-collapse: collapse; margin: 1rem 0; } th, td { padding: .25rem .7rem; text-align: left; }
        th { border-bottom: 2px solid #c5ccd8; } td { border-bottom: 1px solid #e4e8ee; vertical-align: top; }
        td.n { text-align: right; font-variant-numeric: tabular-nums; } figure { margin: 1rem 0; max-width: 42rem; }
        svg text { font-size: 13px; fill: currentColor; } rect { fill: #3d6fb4; } line { stroke: #c2410c; stroke-width: 3; }
        @media (prefers-color-scheme: dark) { body { background: #14181f; color: #dfe5ee; } td { border-color: #2b3340; } }
        </style></head><body>
        <h1>\(Self.escaped(title))</h1>
        \(body)</body></html>

        """
    }

    /// Four digits after the point.
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return "–" }
        let scaled = Int((abs(value) * 10_000).rounded())
        let fraction = String(scaled % 10_000)
        let sign = value < 0 && scaled > 0 ? "-" : ""
        return "\(sign)\(scaled / 10_000).\(String(repeating: "0", count: 4 - fraction.count))\(fraction)"
    }

    static func number(_ value: Double?) -> String {
        value.map { number($0) } ?? "–"
    }

    static func escaped(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
        return result
    }
}
