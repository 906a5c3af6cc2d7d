import ArgumentParser
import Foundation
import Generation
import Kernels
import ModelCatalog
import Storage

/// `docent doctor`: what is installed, what is missing, and what to do about it.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Checks the installation and says what to do.")

    @Flag(help: "Prints one JSON document.")
    var json = false
    @OptionGroup var global: GlobalOptions

    /// Less free disk than this is worth a word.
    private static let comfortableBytes: Int64 = 2_000_000_000

    struct Check: Encodable {
        enum Outcome: String, Encodable {
            case ok
            case warning
            case problem
        }
        var name: String
        var outcome: Outcome
        var detail: String
        var advice: String?
    }

    func run() async throws {
        let settings = try await Settings(global)
        var checks = [processor(settings), disk(settings), database(settings)]
        checks += models(settings)
        checks.append(remote(settings))
        if json {
            try Terminal.printJSON(checks)
        } else {
            for check in checks {
                Terminal.print(Table.row([check.outcome.rawValue, check.name, check.detail], [8, 24, 0]))
                if let advice = check.advice { Terminal.print("         → \(advice)") }
            }
        }
        if checks.contains(where: { $0.outcome == .problem }) { throw ExitCode(1) }
    }

    private func processor(_ settings: Settings) -> Check {
        let levels = KernelLevel.available.map(\.name).joined(separator: ", ")
        return Check(
            name: "processor", outcome: KernelLevel.best == .scalar ? .warning : .ok,
            detail: "\(settings.threads) threads, kernels \(KernelLevel.active.name) (this machine has \(levels))",
            advice: KernelLevel.best == .scalar ? "without AVX2 or NEON everything works, slowly" : nil)
    }

    private func disk(_ settings: Settings) -> Check {
        var folder = URL(fileURLWithPath: settings.dataFolder)
        while !FileManager.default.fileExists(atPath: folder.path), folder.path != "/" {
            folder.deleteLastPathComponent()
        }
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: folder.path)
        let free = (attributes?[.systemFreeSize] as? NSNumber)?.int64Value ?? 0
        let isWritable = FileManager.default.isWritableFile(atPath: folder.path)
        if !isWritable {
            return Check(
                name: "data folder", outcome: .problem, detail: "\(settings.dataFolder) can't be written",
                advice: "mend the permissions of \(folder.path), or choose another folder with --data")
        }
        return Check(
            name: "data folder", outcome: free < Self.comfortableBytes ? .warning : .ok,
            detail: "\(settings.dataFolder), \(ByteCount.text(Int(free))) free",
            advice: free < Self.comfortableBytes ? "free some disk space before ingesting much" : nil)
    }

    private func database(_ settings: Settings) -> Check {
        let path = settings.dataFolder + "/docent.sqlite"
        guard FileManager.default.fileExists(atPath: path) else {
            return Check(
                name: "database", outcome: .ok, detail: "none yet",
                advice: "'docent ingest PATH --collection NAME' makes it")
        }
        do {
            let store = try Runtime.store(settings)
            let collections = try store.collections()
            let chunks = try collections.reduce(0) { try $0 + store.statistics(of: $1.id).chunkCount }
            let waiting = try store.unfinishedJobs().count
            return Check(
                name: "database", outcome: waiting > 0 ? .warning : .ok,
                detail: "\(collections.count) collections, \(chunks) chunks",
                advice: waiting > 0 ? "\(waiting) jobs wait: 'docent serve' or 'docent ingest' goes on with them" : nil)
        } catch {
            return Check(name: "database", outcome: .problem, detail: "\(path) can't be opened", advice: "\(error)")
        }
    }

    private func models(_ settings: Settings) -> [Check] {
        do {
            let store = try Runtime.models(settings)
            return [(settings.encoder, true), (settings.decoder, false)].map { name, isRequired in
                do {
                    return Check(
                        name: "model \(name)", outcome: .ok, detail: try store.path(ofModel: name), advice: nil)
                } catch {
                    return Check(
                        name: "model \(name)", outcome: isRequired ? .problem : .warning, detail: "not here",
                        advice: "\(error)")
                }
            }
        } catch {
            return [Check(name: "models", outcome: .problem, detail: "no catalogue", advice: "\(error)")]
        }
    }

    private func remote(_ settings: Settings) -> Check {
        guard let remote = settings.remote else {
            return Check(
                name: "remote model", outcome: .ok, detail: "none",
                advice: "DOCENT_REMOTE_URL and DOCENT_REMOTE_MODEL set one up")
        }
        return Check(
            name: "remote model", outcome: .ok,
            detail: "\(remote.model) at \(remote.baseURL), \(remote.apiKey == nil ? "without" : "with") a key",
            advice: nil)
    }
}
