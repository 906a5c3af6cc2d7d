// What `docent generate --raw --json --logprobs` prints, from the decoder alone; built by decoder_order.py.
import Decoders
import Foundation
import Kernels

struct Output: Encodable {
    var prompt_tokens: Int
    var prompt_logprobs: [Float]
    var tokens: [Int32]
    var logprobs: [Float]
}

func option(_ name: String) -> String? {
    let words = CommandLine.arguments
    return words.firstIndex(of: name).flatMap { words.indices.contains($0 + 1) ? words[$0 + 1] : nil }
}

guard let path = option("--model"), let prompt = option("--prompt"),
    let count = option("--max-tokens").flatMap(Int.init)
else {
    print("usage: generate --model FILE.gguf --prompt TEXT --max-tokens N")
    exit(64)
}
let model = try DecoderModel(path: path, pool: ThreadPool(threadCount: 2))
let ids = model.encode(prompt: prompt)
let text = try model.generate(prompt: ids, parameters: SamplingParameters(maxTokens: count, logprobs: true))
let output = Output(
    prompt_tokens: ids.count, prompt_logprobs: try model.logProbabilities(of: ids), tokens: text.tokens,
    logprobs: text.logprobs)
print(String(decoding: try JSONEncoder().encode(output), as: UTF8.self))
