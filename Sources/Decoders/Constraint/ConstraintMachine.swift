/// Follows a text byte by byte through a constraint's program.
///
/// What the program could be doing after the bytes so far is a set of threads, each with its stack. Such sets become
/// states with numbers, and steps from state to state are remembered: most bytes cost one look into a table.
struct ConstraintMachine: Sendable {
    /// The number of the state that no text leads out of.
    static let dead = 0
    /// States beyond these are forgotten and made anew.
    private static let maxStateCount = 8_192
    /// More ways to read one text than any sensible schema has.
    private static let maxThreadCount = 2_048

    private struct Thread: Hashable, Sendable {
        var place: Int
        /// Return addresses, and counts as numbers below zero.
        var stack: [Int]
    }

    private struct State: Sendable {
        var threads: Set<Thread>
        /// The next state by kind of byte; −1 when it isn't known yet.
        var next: [Int32]
        var isAccepting: Bool
        /// Whether any byte may follow.
        var goesOn: Bool
    }

    private let program: ConstraintProgram
    private var states: [State] = []
    private var numbers: [Set<Thread>: Int] = [:]
    /// The state before the first byte.
    private(set) var start = 0
    /// Grows when states were forgotten: their numbers then mean nothing any more.
    private(set) var generation = 0

    init(_ program: ConstraintProgram) {
        self.program = program
        forget()
        var threads: Set<Thread> = []
        follow(Thread(place: 0, stack: []), into: &threads)
        start = number(of: threads)
    }

    /// Whether the text may end here.
    func isAccepting(_ state: Int) -> Bool { states[state].isAccepting }

    /// Whether any byte may follow.
    func goesOn(_ state: Int) -> Bool { states[state].goesOn }

    /// The state after `byte`, `dead` when it may not follow.
    mutating func step(_ state: Int, _ byte: UInt8) -> Int {
        let kind = Int(program.kinds[Int(byte)])
        let known = states[state].next[kind]
        if known >= 0 { return Int(known) }
        var threads: Set<Thread> = []
        for thread in states[state].threads {
            guard case .bytes(let set) = program.instructions[thread.place], set.contains(byte) else { continue }
            follow(Thread(place: thread.place + 1, stack: thread.stack), into: &threads)
        }
        let next = number(of: threads)
        states[state].next[kind] = Int32(next)
        return next
    }

    /// The number of `state` after forgetting others when there are too many.
    mutating func compacted(_ state: Int) -> Int {
        guard states.count > Self.maxStateCount else { return state }
        let threads = states[state].threads
        forget()
        generation += 1
        return number(of: threads)
    }

    private mutating func forget() {
        states = []
        numbers = [:]
        _ = number(of: [])
    }

    private mutating func number(of threads: Set<Thread>) -> Int {
        if let number = numbers[threads] { return number }
        var isAccepting = false
        var goesOn = false
        for thread in threads {
            if case .accept = program.instructions[thread.place] { isAccepting = true } else { goesOn = true }
        }
        let number = states.count
        states.append(
            State(
                threads: threads, next: Array(repeating: threads.isEmpty ? 0 : -1, count: program.kindCount),
                isAccepting: isAccepting, goesOn: goesOn))
        numbers[threads] = number
        return number
    }

    /// Adds every thread that `first` leads to without taking a byte and that waits for one, or accepts.
    private func follow(_ first: Thread, into threads: inout Set<Thread>) {
        var seen: Set<Thread> = []
        var open = [first]
        while let thread = open.popLast() {
            guard threads.count < Self.maxThreadCount, seen.insert(thread).inserted else { continue }
            let depth = thread.stack.count { $0 >= 0 }
            guard depth + program.need[thread.place] <= ConstraintProgram.maxDepth else { continue }
            var next = thread
            switch program.instructions[thread.place] {
            case .bytes, .accept: threads.insert(thread)
            case .jump(let target):
                next.place = target
                open.append(next)
            case .split(let one, let other):
                next.place = one
                open.append(next)
                next.place = other
                open.append(next)
            case .call(let target):
                next.stack.append(thread.place + 1)
                next.place = target
                open.append(next)
            case .finish:
                guard let place = next.stack.popLast() else { continue }
                next.place = place
                open.append(next)
            case .enter:
                next.stack.append(-1)
                next.place += 1
                open.append(next)
            case .again(let min, let max, let exit):
                guard let top = next.stack.popLast() else { continue }
                let count = -1 - top
                if count >= min { open.append(Thread(place: exit, stack: next.stack)) }
                guard count < max ?? .max else { continue }
                // Without an end only reaching the minimum has to be counted.
                next.stack.append(-1 - (max == nil ? Swift.min(count + 1, min) : count + 1))
                next.place += 1
                open.append(next)
            }
        }
    }
}
