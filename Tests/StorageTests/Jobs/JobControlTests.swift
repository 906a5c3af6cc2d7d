import Foundation
import GRDB
import Storage
import Synchronization
import TestSupport
import Testing

@Suite("Steering jobs")
struct JobControlTests {
    private func items(_ count: Int) -> [NewJobItem] {
        (0..<count).map { NewJobItem(externalID: "d\($0)", payload: .bytes(Array("bytes \($0)".utf8))) }
    }

    @Test("a paused job gives out no item, stays paused over a restart, and goes on when it is resumed")
    func pause() throws {
        let samples = try Samples()
        let job = try samples.store.createJob(kind: "ingest", in: samples.id, items: items(3))
        let first = try #require(try samples.store.claimNextItem(job: job.id))
        #expect(try samples.store.pauseJob(job.id).isPaused)
        #expect(try samples.store.claimNextItem(job: job.id) == nil)
        try samples.store.finishItem(first.id)
        try samples.store.releaseJob(job.id)
        let store = try samples.reopened()
        #expect(try store.unfinishedJobs().isEmpty)
        #expect(try store.claimNextItem(job: job.id) == nil)
        let resumed = try store.resumeJob(job.id)
        #expect(!resumed.isPaused && resumed.state == .running)
        #expect(try store.claimNextItem(job: job.id)?.item.externalID == "d1")
        #expect(try store.cancelJob(job.id).state == .cancelled)
        #expect(try !store.pauseJob(job.id).isPaused, "a job that has ended can't be paused")
    }

    @Test("a retry has failed items wait again with their bytes, and nothing else")
    func retry() throws {
        let samples = try Samples()
        let job = try samples.store.createJob(kind: "ingest", in: samples.id, items: items(4))
        for number in 0..<4 {
            let item = try #require(try samples.store.claimNextItem(job: job.id))
            if number == 1 {
                try samples.store.finishItem(item.id)
            } else {
                try samples.store.recordFailure(
                    externalID: item.item.externalID, in: samples.id, error: "no", finishing: item.id)
            }
        }
        // A later job has taken one of them in: the old bytes must not come back.
        try samples.sql { try $0.execute(sql: "UPDATE job_items SET finished_at = finished_at - 1000") }
        try samples.store.replaceDocument(Samples.document("d3", ["newer"]), in: samples.id)
        let (retried, count) = try samples.store.retryJob(job.id)
        #expect(count == 2 && retried.state == .queued && retried.finishedAt == nil)
        #expect(retried.items.map(\.state) == [.queued, .succeeded, .queued, .failed])
        let item = try #require(try samples.store.claimNextItem(job: job.id))
        #expect(item.item.payload == .bytes(Array("bytes 0".utf8)) && item.attempt == 1)
        #expect(throws: StorageError.jobNotFound(id: 99)) { try samples.store.retryJob(99) }
    }

    @Test("the bytes of old failures are let go of, and they can't be tried again")
    func oldPayloads() throws {
        let samples = try Samples()
        let job = try samples.store.createJob(kind: "ingest", in: samples.id, items: items(1))
        let item = try #require(try samples.store.claimNextItem(job: job.id))
        try samples.store.failItem(item.id, error: "no")
        try samples.sql { try $0.execute(sql: "UPDATE job_items SET finished_at = finished_at - 8 * 86400000") }
        _ = try samples.store.createJob(kind: "ingest", in: samples.id, items: [])
        #expect(try samples.rowCounts()["job_payloads"] == 0)
        #expect(try samples.store.retryJob(job.id).count == 0)
        #expect(try samples.store.job(id: job.id).state == .failed)
    }

    @Test("jobs are listed newest first, in pages, by collection and state")
    func listing() throws {
        let samples = try Samples()
        let other = try samples.store.createCollection(Samples.newCollection("other")).id
        for number in 0..<5 {
            _ = try samples.store.createJob(kind: "ingest", in: number == 3 ? other : samples.id, items: items(1))
        }
        try samples.store.cancelJob(2)
        let first = try samples.store.jobs(limit: 3)
        #expect(first.jobs.map(\.id) == [5, 4, 3] && first.jobs[0].items.isEmpty)
        let second = try samples.store.jobs(after: first.nextCursor, limit: 3)
        #expect(second.jobs.map(\.id) == [2, 1] && second.nextCursor == nil)
        #expect(try samples.store.jobs(in: other).jobs.map(\.collectionName) == ["other"])
        #expect(try samples.store.jobs(state: .cancelled).jobs.map(\.id) == [2])
        #expect(throws: StorageError.self) { try samples.store.jobs(after: "d1") }
    }

    @Test("a job's pace is said once some items have ended, its end once all items and sizes are known")
    func pace() throws {
        let folder = try TemporaryDirectory()
        let time = Mutex(1_000_000.0)
        let store = try DocumentStore(
            path: folder.file("docent.sqlite"), clock: { Date(timeIntervalSince1970: time.withLock { $0 }) })
        let id = try store.createCollection(Samples.newCollection("c")).id
        var waiting = (0..<10).map { number in
            NewJobItem(externalID: "d\(number)", payload: .bytes([UInt8](repeating: 0, count: number < 5 ? 100 : 300)))
        }
        waiting[9].origin.isContainer = true
        let job = try store.createJob(kind: "ingest", in: id, items: waiting)
        #expect(try store.job(id: job.id).pace == nil)
        for _ in 0..<5 {
            let item = try #require(try store.claimNextItem(job: job.id))
            time.withLock { $0 += 2 }
            try store.finishItem(item.id)
        }
        let half = try store.job(id: job.id)
        #expect(half.pace?.itemsPerSecond == 0.5 && half.pace?.secondsLeft == nil && !half.progress.isTotalFinal)
        for _ in 0..<4 {
            let item = try #require(try store.claimNextItem(job: job.id))
            time.withLock { $0 += 6 }
            try store.finishItem(item.id)
        }
        let container = try #require(try store.claimNextItem(job: job.id))
        try store.addItems(
            [NewJobItem(externalID: "in", payload: .bytes([UInt8](repeating: 0, count: 600)))], to: job.id,
            replacing: container.id)
        // In the last 30 seconds four items of 300 bytes ended and four of 100.
        let late = try store.job(id: job.id)
        #expect(late.progress.isTotalFinal && late.pace?.secondsLeft == 11.3)
        time.withLock { $0 += 40 }
        #expect(try store.job(id: job.id).pace == nil, "nothing has ended lately")
    }

    @Test("jobs that ended long ago are let go of when a new one is made; what they stored stays")
    func retentionByAge() throws {
        let samples = try Samples()
        let now = Mutex(Date(timeIntervalSince1970: 1_000_000_000))
        let store = try DocumentStore(
            path: samples.store.path, jobRetention: JobRetention(days: 2, count: 0), clock: { now.withLock { $0 } })
        func make(_ id: String) throws -> Int64 {
            try store.createJob(
                kind: "ingest", in: samples.id, items: [NewJobItem(externalID: id, payload: .bytes([1]))]
            ).id
        }
        let (old, open) = (try make("a"), try make("b"))
        let item = try #require(try store.claimNextItem(job: old))
        try store.replaceDocument(Samples.document("a", ["one"]), in: samples.id, finishing: item.id)
        now.withLock { $0.addTimeInterval(47 * 3600) }
        let young = try make("c")
        #expect(try store.job(id: old).state == .succeeded)
        try store.cancelJob(young)
        now.withLock { $0.addTimeInterval(2 * 3600) }
        _ = try make("d")
        #expect(throws: StorageError.jobNotFound(id: old)) { try store.job(id: old) }
        #expect(try store.job(id: open).state == .queued && store.job(id: young).state == .cancelled)
        #expect(try store.document(externalID: "a", in: samples.id).chunkCount == 1)
        #expect(try store.check() == [])
    }

    @Test("of the jobs that have ended the newest are kept")
    func retentionByCount() throws {
        let samples = try Samples()
        let store = try DocumentStore(path: samples.store.path, jobRetention: JobRetention(days: 0, count: 3))
        let ids = try (0..<8).map { _ in
            try store.cancelJob(
                try store.createJob(
                    kind: "ingest", in: samples.id, items: [NewJobItem(externalID: "x", payload: .bytes([1]))]
                ).id
            ).id
        }
        _ = try store.createJob(kind: "ingest", in: samples.id, items: [])
        #expect(try store.jobs().jobs.map(\.id).dropFirst() == ids.suffix(3).reversed()[...])
    }
}
