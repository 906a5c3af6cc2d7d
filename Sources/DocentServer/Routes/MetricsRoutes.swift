import Decoders
import Encoders
import Generation
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
            addDecoder(services.decoder?.statistics ?? DecoderScheduler.Statistics(), add)
            if let breaker = services.breaker { addRemote(breaker.statistics, add) }
            return Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
        }
    }

    private func addDecoder(
        _ decoder: DecoderScheduler.Statistics, _ add: (String, String, String, Int) -> Void
    ) {
        add("decoder_running_texts", "gauge", "Texts that the local decoder writes.", decoder.runningCount)
        add("decoder_waiting_texts", "gauge", "Texts that wait for the local decoder.", decoder.waitingCount)
        add("decoder_texts_total", "counter", "Texts that ended.", decoder.endedCount)
        add("decoder_cancelled_total", "counter", "Texts that were given up.", decoder.cancelledCount)
        add("decoder_refused_total", "counter", "Texts refused because too many waited.", decoder.refusedCount)
        add("decoder_prompt_tokens_total", "counter", "Tokens of prompts read.", decoder.readTokenCount)
        add(
            "decoder_reused_tokens_total", "counter", "Tokens of prompts known from others.",
            decoder.reusedTokenCount)
        add("decoder_written_tokens_total", "counter", "Tokens written.", decoder.writtenTokenCount)
        add("decoder_accepted_tokens_total", "counter", "Guesses that came true.", decoder.acceptedTokenCount)
        add("decoder_passes_total", "counter", "Forward passes.", decoder.passCount)
    }

    private func addRemote(
        _ remote: CircuitBreaker.Statistics, _ add: (String, String, String, Int) -> Void
    ) {
        let state = [CircuitBreaker.State.closed: 0, .halfOpen: 1, .open: 2][remote.state] ?? 0
        add("remote_circuit_state", "gauge", "0 closed, 1 half-open, 2 open.", state)
        add("remote_circuit_opened_total", "counter", "How often the circuit opened.", remote.openedCount)
        add("remote_requests_total", "counter", "Answers asked of the remote model.", remote.requestCount)
        add("remote_failures_total", "counter", "Of those, the ones that failed.", remote.failureCount)
        add("remote_rejected_total", "counter", "Answers it was not asked for.", remote.rejectedCount)
    }
}
