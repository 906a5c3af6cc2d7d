import Storage
import Tensors

extension SearchService {
    /// Changes behind the snapshots that a short command leaves to whoever opens the collection next: they take that one
    /// a fraction of a second, while opening and saving takes the command as long however little it has changed.
    public static let mostLag = 500

    /// As ``noteCommit(_:)``, but only once the snapshots are more than ``mostLag`` changes behind, or missing.
    ///
    /// For a command that ends soon and searches nothing itself; nothing is lost, the change log keeps what is missing.
    /// - Parameter collectionID: the collection's row id.
    public func noteCommitIfFar(_ collectionID: Int64) {
        if isFarBehind(collectionID) { noteCommit(collectionID) }
    }

    private func isFarBehind(_ collectionID: Int64) -> Bool {
        guard statistics(collectionID).state == .closed else { return true }
        let folder = Self.folder(of: collectionID, in: dataDirectory)
        var watermark = Int64.max
        for path in [IndexBuilder.vectorPath(folder), IndexBuilder.lexicalPath(folder)] {
            guard let stamp = SnapshotFile.stamp(at: path), stamp.collectionID == collectionID else { return true }
            watermark = min(watermark, stamp.watermark)
        }
        guard let latest = try? store.latestSequence(in: collectionID) else { return true }
        return latest < watermark || latest - watermark > Int64(min(Self.mostLag, rules.snapshotChanges))
    }
}
