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
        #expect(KernelLevel.available.last == .best)
    }

    @Test("a level the machine lacks is refused", arguments: KernelLevel.allCases)
    func refusal(level: KernelLevel) {
        guard !KernelLevel.available.contains(level) else { return }
        let error = #expect(throws: KernelError.self) { try KernelLevel.use(level) }
        #expect(error?.description.contains(level.name) == true)
    }
}
