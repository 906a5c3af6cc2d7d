/// What can go wrong in storage.
///
/// ``description`` is the line a user reads.
public enum StorageError: Error, Equatable {
    /// Caller: there is no collection of that name. Create it or mend the name.
    case collectionNotFound(name: String)
    /// Caller: the name is taken. Choose another, or use the collection.
    case collectionExists(name: String)
    /// Caller: the collection has no document of that id.
    case documentNotFound(id: String)
    /// Caller: there is no such job.
    case jobNotFound(id: Int64)
    /// Caller: there is no such answer, or it is too old to be kept.
    case answerNotFound(id: String)
    /// Caller: a value is out of range; the reason says which range.
    case invalidInput(field: String, reason: String)
    /// Caller: a vector's length is not the collection's.
    case wrongDimension(expected: Int, actual: Int)
    /// Another process works on the job; wait for it or stop it.
    case jobBusy(id: Int64)
    /// The log no longer reaches back to where an index stands; build the index anew.
    case changesPruned(through: Int64)
    /// Machine: another process has kept the database locked for longer than the time-out.
    case databaseLocked(path: String)
    /// Machine: the disk is full; nothing of the transaction was kept.
    case diskFull(path: String)
    /// Machine: the folder or file can't be written.
    case notWritable(path: String)
    /// Machine: the file can't be opened.
    case cannotOpen(path: String, reason: String)
    /// Data: the file is not a Docent database.
    case notADatabase(path: String)
    /// Data: the database is damaged. Restore a backup.
    case corrupt(path: String, detail: String)
    /// Data: a newer Docent has written the database. Use that one.
    case newerSchema(path: String)
    /// SQLite reported something else.
    case failed(detail: String)
}

extension StorageError: CustomStringConvertible {
    /// One line: what was wrong and what to do.
    public var description: String {
        switch self {
        case .collectionNotFound(let name):
            "there is no collection '\(name)': create it, or see 'docent collections list'"
        case .collectionExists(let name): "a collection '\(name)' exists already: choose another name or use it"
        case .documentNotFound(let id): "there is no document '\(id)' in the collection"
        case .jobNotFound(let id): "there is no job \(id)"
        case .answerNotFound(let id): "there is no answer '\(id)', or it is no longer kept"
        case .invalidInput(let field, let reason): "\(field): \(reason)"
        case .wrongDimension(let expected, let actual):
            "the vector has \(actual) values where the collection's have \(expected): "
                + "embed with the encoder the collection was made with"
        case .jobBusy(let id): "another Docent process is working on job \(id): wait for it, or stop that process"
        case .changesPruned(let sequence): "the change log starts after \(sequence): the index must be built anew"
        case .databaseLocked(let path):
            "another process keeps the database '\(path)' locked: try again when it is done"
        case .diskFull(let path): "the disk that holds '\(path)' is full: free some space; nothing stored is lost"
        case .notWritable(let path): "'\(path)' can't be written: check the permissions of the file and its folder"
        case .cannotOpen(let path, let reason): "the database '\(path)' can't be opened: \(reason)"
        case .notADatabase(let path): "'\(path)' is not a Docent database: point --data at another folder"
        case .corrupt(let path, let detail):
            "the database '\(path)' is damaged (\(detail)): restore it from a backup"
        case .newerSchema(let path):
            "the database '\(path)' was written by a newer version of Docent: upgrade, or restore an older backup"
        case .failed(let detail): "the database reported: \(detail)"
        }
    }
}
