import Foundation
import Storage
import TestSupport
import Testing

struct JobTests {
    private func items(_ count: Int) -> [NewJobItem] {
        (0..<count).map { NewJobItem(externalID: "d\($0)", payload: .bytes(Array("bytes \($0)".utf8))) }
    }

    @Test("items are taken in order with all they were added with")
    func claims() throws {
        let samples = try Samples()
        let sent = [
            NewJobItem(
                externalID: "a", payload: .bytes([0, 255, 7]), contentType: "text/html", fileName: "a.html",
                title: "A", url: "https://example.org/a", metadata: ["k": "v"]),
            NewJobItem(externalID: "b", payload: .path("/tmp/b.md")),
        ]
        let job = try samples.store.createJob(
            kind: "ingest", in: samples.id, options: ["prefix": "p/"], items: sent)
        #expect(job.state == .queued && job.progress.total == 2 && job.options == ["prefix": "p/"])
        let first = try #require(try samples.store.claimNextItem(job: job.id))
        let second = try #require(try samples.store.claimNextItem(job: job.id))
        #expect([first.item, second.item] == sent && first.collectionID == samples.id && first.attempt == 1)
        #expect(try samples.store.claimNextItem(job: job.id) == nil)
        #expect(try samples.store.job(id: job.id).state == .running)
    }

    @Test("the last item to end ends the job")
    func ends() throws {
        let samples = try Samples()
        let job = try samples.store.createJob(kind: "ingest", in: samples.id, items: items(4))
        let claimed = try (0..<4).map { _ in try #require(try samples.store.claimNextItem(job: job.id)) }
        try samples.store.replaceDocument(Samples.document("d0", ["x", "y"]), in: samples.id, finishing: claimed[0].id)
        try samples.store.finishItem(claimed[1].id, state: .unchanged)
        try samples.store.recordFailure(
            externalID: "d2", in: samples.id, error: "unreadable", finishing: claimed[2].id)
        #expect(try samples.store.job(id: job.id).state == .running)
        try samples.store.failItem(claimed[3].id, error: "no")
        let ended = try samples.store.job(id: job.id)
        #expect(ended.state == .succeeded && ended.finishedAt != nil)
        #expect(ended.progress == JobProgress(done: 4, total: 4, failed: 2, unchanged: 1))
        #expect(ended.items.map(\.state) == [.succeeded, .unchanged, .failed, .failed])
        #expect(ended.items[0].chunkCount == 2 && ended.items[2].error == "unreadable")
        #expect(try samples.rowCounts()["job_payloads"] == 2, "bytes are let go of with their item, unless it failed")
        #expect(try samples.store.claimNextItem(job: job.id) == nil)
    }

    @Test("a job fails when every item did, and succeeds at once without items")
    func outcomes() throws {
        let samples = try Samples()
        let job = try samples.store.createJob(kind: "ingest", in: samples.id, items: items(1))
        let item = try #require(try samples.store.claimNextItem(job: job.id))
        try samples.store.failItem(item.id, error: "no")
        #expect(try samples.store.job(id: job.id).state == .failed)
        #expect(try samples.store.createJob(kind: "ingest", in: samples.id, items: []).state == .succeeded)
    }

    @Test("items of a process that is gone wait again; nothing is lost or done twice")
    func recovery() throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("docent.sqlite")
        var (jobID, collectionID): (Int64, Int64) = (0, 0)
        do {
            let store = try DocumentStore(path: path)
            collectionID = try store.createCollection(Samples.newCollection("c")).id
            jobID = try store.createJob(kind: "ingest", in: collectionID, items: items(3)).id
            let first = try #require(try store.claimNextItem(job: jobID))
            try store.replaceDocument(Samples.document("d0", ["x"]), in: collectionID, finishing: first.id)
            _ = try store.claimNextItem(job: jobID)
        }
        let store = try DocumentStore(path: path)
        #expect(try store.unfinishedJobs().map(\.id) == [jobID])
        var taken: [String] = []
        while let item = try store.claimNextItem(job: jobID) {
            taken.append(item.item.externalID)
            #expect(item.item.payload == .bytes(Array("bytes \(taken.count)".utf8)))
            #expect(item.attempt == (taken.count == 1 ? 2 : 1))
            try store.replaceDocument(
                Samples.document(item.item.externalID, ["x"]), in: collectionID, finishing: item.id)
        }
        #expect(taken == ["d1", "d2"])
        #expect(try store.job(id: jobID).state == .succeeded)
        #expect(try store.documents(in: collectionID).documents.count == 3)
    }

    @Test("two living processes never work on one job; two jobs run side by side")
    func exclusive() throws {
        let samples = try Samples()
        let other = try samples.reopened()
        let job = try samples.store.createJob(kind: "ingest", in: samples.id, items: items(2))
        let second = try samples.store.createJob(kind: "ingest", in: samples.id, items: items(2))
        _ = try samples.store.claimNextItem(job: job.id)
        #expect(throws: StorageError.jobBusy(id: job.id)) { _ = try other.claimNextItem(job: job.id) }
        #expect(try other.unfinishedJobs().map(\.id) == [second.id])
        #expect(try other.claimNextItem(job: second.id) != nil)
        try samples.store.releaseJob(job.id)
        let handed = try #require(try other.claimNextItem(job: job.id))
        #expect(handed.item.externalID == "d0" && handed.attempt == 1, "an orderly hand-over counts no attempt")
    }

    @Test("several threads share a job's items without taking one twice")
    func threads() async throws {
        let samples = try Samples()
        let job = try samples.store.createJob(kind: "ingest", in: samples.id, items: items(60))
        let taken = try await withThrowingTaskGroup(of: [Int64].self) { group in
            for _ in 0..<4 {
                group.addTask { [store = samples.store] in
                    var ids: [Int64] = []
                    while let item = try store.claimNextItem(job: job.id) {
                        ids.append(item.id)
                        try store.finishItem(item.id)
                    }
                    return ids
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(taken.count == 60 && Set(taken).count == 60)
        #expect(try samples.store.job(id: job.id).state == .succeeded)
    }

    @Test("an item that ends the process again and again fails at last")
    func poison() throws {
        let folder = try TemporaryDirectory()
        let path = folder.file("docent.sqlite")
        let collection = try DocumentStore(path: path).createCollection(Samples.newCollection("c"))
        let jobID = try DocumentStore(path: path).createJob(kind: "ingest", in: collection.id, items: items(2)).id
        for attempt in 1...DocumentStore.maximumAttempts {
            // A store that goes away with an item in hand is a process that was killed.
            let item = try DocumentStore(path: path).claimNextItem(job: jobID)
            #expect(item?.item.externalID == "d0" && item?.attempt == attempt)
        }
        let store = try DocumentStore(path: path)
        #expect(try store.claimNextItem(job: jobID)?.item.externalID == "d1")
        let items = try store.job(id: jobID).items
        #expect(items[0].state == .failed && items[0].error?.contains("\(DocumentStore.maximumAttempts) times") == true)
    }

    @Test("a cancelled job's waiting items are cancelled, the running one may end")
    func cancellation() throws {
        let samples = try Samples()
        let job = try samples.store.createJob(kind: "ingest", in: samples.id, items: items(3))
        let running = try #require(try samples.store.claimNextItem(job: job.id))
        let cancelled = try samples.store.cancelJob(job.id)
        #expect(cancelled.state == .cancelled && cancelled.items.map(\.state) == [.running, .cancelled, .cancelled])
        #expect(try samples.store.claimNextItem(job: job.id) == nil)
        try samples.store.finishItem(running.id)
        let after = try samples.store.cancelJob(job.id)
        #expect(after.state == .cancelled && after.items[0].state == .succeeded)
        #expect(throws: StorageError.jobNotFound(id: 99)) { try samples.store.cancelJob(99) }
    }

    @Test("documents found inside an item take its place in the job")
    func expansion() throws {
        let samples = try Samples()
        let job = try samples.store.createJob(kind: "ingest", in: samples.id, items: items(1))
        let container = try #require(try samples.store.claimNextItem(job: job.id))
        try samples.store.addItems(
            [
                NewJobItem(externalID: "in/1", payload: .bytes([1])),
                NewJobItem(externalID: "in/2", payload: .bytes([2])),
            ],
            to: job.id, replacing: container.id)
        #expect(try samples.store.job(id: job.id).progress == JobProgress(done: 0, total: 2, failed: 0, unchanged: 0))
        #expect(try samples.store.claimNextItem(job: job.id)?.item.externalID == "in/1")
        try samples.store.cancelJob(job.id)
        #expect(throws: StorageError.self) {
            try samples.store.addItems([NewJobItem(externalID: "x", payload: .bytes([]))], to: job.id)
        }
    }

    @Test("a job whose file held only bad documents has failed")
    func failedExpansion() throws {
        let samples = try Samples()
        let job = try samples.store.createJob(kind: "ingest", in: samples.id, items: items(1))
        let container = try #require(try samples.store.claimNextItem(job: job.id))
        try samples.store.addItems([NewJobItem(externalID: "in/1", payload: .bytes([1]))], to: job.id)
        let inner = try #require(try samples.store.claimNextItem(job: job.id))
        try samples.store.failItem(inner.id, error: "malformed")
        #expect(try samples.store.job(id: job.id).state == .running)
        try samples.store.addItems([], to: job.id, replacing: container.id)
        let ended = try samples.store.job(id: job.id)
        #expect(ended.state == .failed && ended.items.map(\.externalID) == ["in/1"])
    }

    @Test("a job is written as the API shows it")
    func wireForm() throws {
        let samples = try Samples()
        let job = try samples.store.createJob(kind: "ingest", in: samples.id, items: items(1))
        let json = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(job))
        guard case .object(let members) = json else { return #expect(Bool(false), "an object") }
        #expect(members["state"] == "queued" && members["id"] == .int(job.id))
        #expect(
            members["progress"] == [
                "done": 0, "total": 1, "failed": 0, "unchanged": 0, "skipped": 0, "removed": 0, "total_is_final": true,
            ])
        #expect(members["paused"] == false && members["collection"] == "help")
        #expect(members["rate"] == nil && members["eta_s"] == nil && members["removed"] == nil)
        #expect(members["items"] == [["id": "d0", "state": "queued"]])
    }
}
