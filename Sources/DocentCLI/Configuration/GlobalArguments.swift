/// Lets global options stand before the subcommand too: `docent --data DIR ask …` is `docent ask … --data DIR`.
enum GlobalArguments {
    private static let options: Set<String> = ["--data", "--models", "--config", "--threads", "--log-level"]
    private static let flags: Set<String> = ["--quiet"]

    /// `arguments` with the global options that come first moved behind the others, but before a `--`.
    static func reordered(_ arguments: [String]) -> [String] {
        var rest = arguments[...]
        var leading: [String] = []
        while let first = rest.first {
            let name = first.prefix { $0 != "=" }
            if flags.contains(first) || (first.contains("=") && options.contains(String(name))) {
                leading.append(first)
                rest = rest.dropFirst()
            } else if options.contains(first), rest.count > 1 {
                leading += rest.prefix(2)
                rest = rest.dropFirst(2)
            } else {
                break
            }
        }
        let end = rest.firstIndex(of: "--") ?? rest.endIndex
        return Array(rest[..<end]) + leading + Array(rest[end...])
    }
}
