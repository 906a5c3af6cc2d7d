import Foundation
import Storage
import Synchronization
import TestSupport
import Testing

@Suite("Syncs")
struct SyncTests {
    private func item(_ id: String, source: String = "/docs|", hash: String? = nil) -> NewJobItem {
        NewJobItem(
            externalID: id, payload: .path("/docs/" + id),
            origin: JobItemOrigin(source: source, stamp: "s:" + id, contentHash: hash))
    }

    /// Takes items in as a job that ends well, but for those in `failing`.
    @discardableResult
    private func ingest(
        _ items: [NewJobItem], sync: SyncScope? = nil, failing: Set<String> = [], in samples: Samples
    ) throws -> JobRecord {
        let job = try samples.store.createJob(kind: "ingest", in: samples.id, sync: sync, items: items)
        while let claimed = try samples.store.claimNextItem(job: job.id) {
            let id = claimed.item.externalID
            if failing.contains(id) {
                try samples.store.recordFailure(
                    externalID: id, in: samples.id, error: "unreadable", finishing: claimed.id)
            } else {
                try samples.store.replaceDocument(
                    Samples.document(id, ["text of " + id]), in: samples.id, finishing: claimed.id)
            }
        }
        if sync != nil { while try !samples.store.removeGone(job: job.id, limit: 2).isDone {} }
        return try samples.store.job(id: job.id)
    }

    private func documents(_ samples: Samples) throws -> [String] {
        try samples.store.documents(in: samples.id).documents.map(\.externalID)
    }

    @Test("what is gone from its source is removed, in steps, and listed; other sources' documents stay")
    func removes() throws {
        let samples = try Samples()
        try ingest((0..<7).map { item("d\($0)") } + [item("other", source: "/else|")], in: samples)
        try samples.store.replaceDocument(Samples.document("put", ["by hand"]), in: samples.id)
        let job = try ingest([item("d1"), item("d9")], sync: SyncScope(sources: ["/docs|"]), in: samples)
        #expect(try documents(samples) == ["d1", "other", "put", "d9"])
        #expect(job.state == .succeeded && job.removed == ["d0", "d2", "d3", "d4", "d5", "d6"])
        #expect(job.progress.removed == 6 && job.syncNote == nil)
        let changes = try samples.store.changes(after: 0, in: samples.id, limit: 100)
        #expect(changes.filter { $0.kind == .removed }.count == 6)
        #expect(try samples.store.check().isEmpty)
    }

    @Test("a job is not done before its removals, and another process goes on with them")
    func resumes() throws {
        let samples = try Samples()
        try ingest((0..<5).map { item("d\($0)") }, in: samples)
        let jobID: Int64
        do {
            let store = try samples.reopened()
            jobID = try store.createJob(
                kind: "ingest", in: samples.id, sync: SyncScope(sources: ["/docs|"]), items: [item("d0")]
            ).id
            let claimed = try #require(try store.claimNextItem(job: jobID))
            try store.finishItem(claimed.id, state: .unchanged)
            #expect(try store.job(id: jobID).state == .running)
            #expect(try store.check().isEmpty)
            #expect(try store.removeGone(job: jobID, limit: 1).removed == ["d1"])
        }
        #expect(try samples.store.unfinishedJobs().map(\.id) == [jobID])
        while try !samples.store.removeGone(job: jobID, limit: 1).isDone {}
        let job = try samples.store.job(id: jobID)
        #expect(job.state == .succeeded && job.removed == ["d1", "d2", "d3", "d4"])
        #expect(try documents(samples) == ["d0"])
    }

    @Test("nothing is removed when an item failed, and the reason is said; a retry that goes well removes")
    func failure() throws {
        let samples = try Samples()
        try ingest([item("a"), item("b"), item("c")], in: samples)
        let scope = SyncScope(sources: ["/docs|"])
        let job = try ingest([item("a"), item("b")], sync: scope, failing: ["b"], in: samples)
        #expect(job.state == .succeeded && job.removed.isEmpty)
        #expect(job.syncNote == "1 of its items could not be taken in (b: unreadable)")
        #expect(try documents(samples) == ["a", "b", "c"])
        #expect(try samples.store.retryJob(job.id).count == 1)
        let claimed = try #require(try samples.store.claimNextItem(job: job.id))
        try samples.store.replaceDocument(Samples.document("b", ["mended"]), in: samples.id, finishing: claimed.id)
        #expect(try samples.store.removeGone(job: job.id).removed == ["c"])
        #expect(try samples.store.job(id: job.id).syncNote == nil)
    }

    @Test("nothing is removed against an obstacle, and nothing that was not looked for")
    func obstacle() throws {
        let samples = try Samples()
        try ingest([item("a"), item("sub/b"), item("sub2/c")], in: samples)
        let obstacle = SyncScope(sources: ["/docs|"], obstacle: "no disk")
        #expect(try ingest([], sync: obstacle, in: samples).syncNote == "no disk")
        #expect(try documents(samples).count == 3)
        let scope = SyncScope(sources: ["/docs|"], keeping: ["sub/"])
        #expect(try ingest([item("a")], sync: scope, in: samples).removed == ["sub2/c"])
        #expect(try ingest([], sync: SyncScope(), in: samples).state == .succeeded)
        #expect(try documents(samples) == ["a", "sub/b"])
    }

    @Test("a scope of prefixes takes ids that begin with one, byte by byte")
    func prefixes() throws {
        let samples = try Samples()
        try ingest(["z.zip/a", "z.zip/é", "z.zip", "z.zip0", "y"].map { item($0, source: "upload") }, in: samples)
        let job = try ingest([item("z.zip/new")], sync: SyncScope(prefixes: ["z.zip/"]), in: samples)
        #expect(job.removed == ["z.zip/a", "z.zip/é"])
        #expect(try Set(documents(samples)) == ["z.zip", "z.zip0", "y", "z.zip/new"])
    }

    @Test("what another job brought after this one was made stays")
    func laterDocuments() throws {
        let folder = try TemporaryDirectory()
        let time = Mutex(1_000_000.0)
        let store = try DocumentStore(
            path: folder.file("docent.sqlite"),
            clock: {
                time.withLock { now in
                    now += 1
                    return Date(timeIntervalSince1970: now)
                }
            })
        let id = try store.createCollection(Samples.newCollection("c")).id
        try store.replaceDocument(Samples.document("p/old", ["x"]), in: id)
        let job = try store.createJob(kind: "ingest", in: id, sync: SyncScope(prefixes: ["p/"]), items: [])
        try store.replaceDocument(Samples.document("p/new", ["y"]), in: id)
        #expect(try store.removeGone(job: job.id).removed == ["p/old"])
        #expect(try store.documents(in: id).documents.map(\.externalID) == ["p/new"])
    }

    @Test("a job that is tried again after others removes nothing that they have seen")
    func staleRetry() throws {
        let samples = try Samples()
        try ingest([item("a"), item("b"), item("c")], in: samples)
        let hash = try #require(try samples.store.contentHash(externalID: "b", in: samples.id))
        let scope = SyncScope(sources: ["/docs|"])
        let stale = try ingest([item("a")], sync: scope, failing: ["a"], in: samples)
        try ingest([item("b", hash: hash)], in: samples)
        #expect(try samples.store.retryJob(stale.id).count == 1)
        let claimed = try #require(try samples.store.claimNextItem(job: stale.id))
        try samples.store.finishItem(claimed.id, state: .unchanged)
        #expect(try samples.store.removeGone(job: stale.id).removed == ["c"])
        #expect(try documents(samples) == ["a", "b"])
    }

    @Test("an item whose hash is stored has ended from the start, unless a job that waits may change its document")
    func unchanged() throws {
        let samples = try Samples()
        try ingest([item("a")], in: samples)
        let hash = try #require(try samples.store.contentHash(externalID: "a", in: samples.id))
        let known = try samples.store.createJob(kind: "ingest", in: samples.id, items: [item("a", hash: hash)])
        #expect(known.state == .succeeded && known.items.map(\.state) == [.unchanged])
        let other = try samples.store.createJob(kind: "ingest", in: samples.id, items: [item("a", hash: "another")])
        #expect(other.items.map(\.state) == [.queued])
        let behind = try samples.store.createJob(kind: "ingest", in: samples.id, items: [item("a", hash: hash)])
        #expect(behind.items.map(\.state) == [.queued])
    }

    @Test("a job that is one of many over the same files forgets what was as before")
    func dropsUnchanged() throws {
        let samples = try Samples()
        try ingest([item("a"), item("b"), item("c")], in: samples)
        let hash = try #require(try samples.store.contentHash(externalID: "a", in: samples.id))
        let scope = SyncScope(sources: ["/docs|"], dropsUnchanged: true)
        let job = try ingest([item("a", hash: hash), item("b")], sync: scope, in: samples)
        #expect(job.state == .succeeded && job.removed == ["c"] && job.items.map(\.externalID) == ["b"])
    }

    @Test("a stamp is known only for the version that it belongs to")
    func stamps() throws {
        let samples = try Samples()
        try ingest([item("a"), item("b"), item("c")], failing: ["c"], in: samples)
        try samples.store.replaceDocument(Samples.document("b", ["put by hand"]), in: samples.id)
        let stamps = try samples.store.documentStamps(externalIDs: ["a", "b", "c", "d"], in: samples.id)
        #expect(stamps.mapValues(\.stamp) == ["a": "s:a"])
    }
}
