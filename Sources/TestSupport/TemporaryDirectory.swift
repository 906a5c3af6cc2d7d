public import Foundation

/// A fresh folder that one test owns, removed when the value goes out of scope.
public final class TemporaryDirectory: Sendable {
    /// The folder's location.
    public let url: URL

    /// The folder's path.
    public var path: String { url.path }

    /// Makes the folder below the system's temporary folder.
    /// - Throws: whatever the file system reports.
    public init() throws {
        url = FileManager.default.temporaryDirectory
            .appendingPathComponent("docent-test-\(UUID().uuidString)", isDirectory: true)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    /// The path of `name` inside the folder.
    public func file(_ name: String) -> String {
        url.appendingPathComponent(name).path
    }

    /// Writes `bytes` to `name` inside the folder and returns its path.
    /// - Throws: whatever the file system reports.
    @discardableResult
    public func write(_ bytes: some Sequence<UInt8>, to name: String) throws -> String {
        let target = url.appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: target)
        return target.path
    }

    /// Writes `text` as UTF-8 to `name` inside the folder and returns its path.
    /// - Throws: whatever the file system reports.
    @discardableResult
    public func write(_ text: String, to name: String) throws -> String {
        try write(Array(text.utf8), to: name)
    }
}
