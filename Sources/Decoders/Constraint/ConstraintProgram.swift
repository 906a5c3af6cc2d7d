/// A compiled constraint: instructions over bytes, run by ``ConstraintMachine``.
///
/// A machine with a stack, since JSON nests: the stack holds return addresses and the counts of repetitions under way.
///
/// Source: Pike's and Thompson's virtual machines for regular expressions as told by Cox, "Regular Expression Matching:
/// the Virtual Machine Approach" (2009), with calls and counters added.
struct ConstraintProgram: Sendable {
    enum Instruction: Sendable {
        /// Takes one byte of a set and goes on.
        case bytes(ByteSet)
        case jump(Int)
        case split(Int, Int)
        /// Puts the next address on the stack.
        case call(Int)
        case finish
        /// Puts a count of 0 on the stack.
        case enter
        /// Counts and goes on with the next instruction, or takes the count off and goes to `exit`.
        case again(min: Int, max: Int?, exit: Int)
        case accept
    }

    /// The most instructions.
    static let maxCount = 200_000
    /// The deepest nesting of calls: of `$ref` and of values of any kind.
    static let maxDepth = 24

    private(set) var instructions: [Instruction] = []
    /// The calls that are still to come, at the least, on the way from each instruction to the end of its rule.
    ///
    /// A way that would go deeper than allowed isn't begun, so that no text gets stuck in it.
    private(set) var need: [Int] = []
    /// The kind of each byte: bytes of one kind are in the same sets, so that one step stands for all of them.
    private(set) var kinds = [UInt8](repeating: 0, count: 256)
    private(set) var kindCount = 1

    /// Compiles the first of `rules`, which may call the others.
    /// - Throws: `invalidSchema` when it is too large, or can't end within the deepest nesting.
    init(_ rules: [ConstraintRule]) throws(DecoderError) {
        var starts: [Int] = []
        instructions = [.call(0), .accept]
        for rule in rules {
            starts.append(instructions.count)
            try emit(rule)
            instructions.append(.finish)
        }
        for (place, instruction) in instructions.enumerated() {
            if case .call(let rule) = instruction { instructions[place] = .call(starts[rule]) }
        }
        computeNeeds()
        computeKinds()
        guard need[0] <= Self.maxDepth else {
            throw .invalidSchema(
                path: "#", reason: "no value of at most \(Self.maxDepth) nested references satisfies it")
        }
    }

    private mutating func emit(_ rule: ConstraintRule) throws(DecoderError) {
        guard instructions.count < Self.maxCount else {
            throw .invalidSchema(path: "#", reason: "it is too large; use fewer properties or alternatives")
        }
        switch rule {
        case .bytes(let set): instructions.append(.bytes(set))
        case .literal(let bytes): for byte in bytes { instructions.append(.bytes(ByteSet(byte...byte))) }
        case .sequence(let parts): for part in parts { try emit(part) }
        case .call(let number): instructions.append(.call(number))
        case .choice(let options):
            var jumps: [Int] = []
            for (index, option) in options.enumerated() {
                let isLast = index == options.count - 1
                let split = instructions.count
                if !isLast { instructions.append(.jump(0)) }
                try emit(option)
                guard !isLast else { continue }
                jumps.append(instructions.count)
                instructions.append(.jump(0))
                instructions[split] = .split(split + 1, instructions.count)
            }
            for jump in jumps { instructions[jump] = .jump(instructions.count) }
        case .repeated(let body, let min, let max):
            instructions.append(.enter)
            let again = instructions.count
            instructions.append(.jump(0))
            try emit(body)
            instructions.append(.jump(again))
            instructions[again] = .again(min: min, max: max, exit: instructions.count)
        }
    }

    /// Splits the kinds along every set.
    private mutating func computeKinds() {
        var sets: Set<ByteSet> = []
        for case .bytes(let set) in instructions { sets.insert(set) }
        for set in sets {
            var numbers: [UInt16: UInt8] = [:]
            for byte in 0...UInt8.max {
                let key = UInt16(kinds[Int(byte)]) << 1 | (set.contains(byte) ? 1 : 0)
                let number = numbers[key] ?? UInt8(numbers.count)
                numbers[key] = number
                kinds[Int(byte)] = number
            }
            kindCount = numbers.count
        }
    }

    /// The least solution, from "impossible" down.
    private mutating func computeNeeds() {
        let impossible = Int.max / 2
        need = Array(repeating: impossible, count: instructions.count)
        var hasChanged = true
        while hasChanged {
            hasChanged = false
            for place in instructions.indices.reversed() {
                let value =
                    switch instructions[place] {
                    case .accept, .finish: 0
                    case .bytes, .enter: need[place + 1]
                    case .jump(let target): needAfterJump(to: target)
                    case .split(let one, let other): Swift.min(need[one], need[other])
                    case .call(let target): Swift.min(impossible, Swift.max(need[target] + 1, need[place + 1]))
                    case .again(let min, _, let exit): min > 0 ? need[place + 1] : need[exit]
                    }
                if value < need[place] {
                    need[place] = value
                    hasChanged = true
                }
            }
        }
    }

    /// A jump back to a repetition may be the last one, or it would have no end.
    private func needAfterJump(to target: Int) -> Int {
        if case .again(_, _, let exit) = instructions[target] { return need[exit] }
        return need[target]
    }
}
