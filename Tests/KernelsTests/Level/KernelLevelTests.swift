import Kernels
import Testing

@Suite struct KernelLevelTests {
    @Test("names and levels belong together", arguments: KernelLevel.allCases)
    func names(level: KernelLevel) {
        #expect(KernelLevel(name: level.name) == level)
    }

    @Test("an unknown name is no level")
    func unknownName() {
        #expect(KernelLevel(name: "sse2") == nil)
    }

    @Test("every machine has the scalar level and its best one")
    func available() {
        #expect(KernelLevel.available.contains(.scalar))
        #expect(KernelLevel.available.contains(.best))
    }

    @Test("the best level is the highest one, or that below BF16 where a processor multiplies it slowly")
    func best() {
        let highest = KernelLevel.available.last
        #expect(KernelLevel.best == highest || highest == .avx512bf16 && KernelLevel.best == .avx512vnni)
    }

    @Test("a level the machine lacks is refused", arguments: KernelLevel.allCases)
    func refusal(level: KernelLevel) {
        guard !KernelLevel.available.contains(level) else { return }
        let error = #expect(throws: KernelError.self) { try KernelLevel.use(level) }
        #expect(error?.description.contains(level.name) == true)
    }
}
