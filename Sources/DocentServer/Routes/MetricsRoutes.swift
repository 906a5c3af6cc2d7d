import Encoders
import Hummingbird
import NIOCore

/// `GET /metrics`: counters and gauges in Prometheus' text format.
struct MetricsRoutes {
    let services: ServerServices

    func add(to router: Router<ServerContext>) {
        router.get("/metrics") { _, _ in
            let scheduler = services.scheduler.statistics
            let cache = services.cache.statistics
            var text = ""
            func add(_ name: String, _ type: String, _ help: String, _ value: Int) {
                text += "# HELP docent_\(name) \(help)\n# TYPE docent_\(name) \(type)\ndocent_\(name) \(value)\n"
            }
            add("embedding_cache_hits_total", "counter", "Texts whose vector was known.", cache.hitCount)
            add("embedding_cache_misses_total", "counter", "Texts whose vector was not known.", cache.missCount)
            add("embedding_cache_entries", "gauge", "Vectors held.", cache.entryCount)
            add("embedding_texts_total", "counter", "Texts embedded.", scheduler.textCount)
            add("embedding_query_batches_total", "counter", "Batches of queries.", scheduler.queryBatchCount)
            add("embedding_passage_batches_total", "counter", "Batches of passages.", scheduler.passageBatchCount)
            add("embedding_waiting_texts", "gauge", "Texts that wait to be embedded.", scheduler.waitingTextCount)
            add(
                "embedding_refused_total", "counter", "Requests refused because too much waited.",
                scheduler.refusedCount)
            return Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
        }
    }
}
