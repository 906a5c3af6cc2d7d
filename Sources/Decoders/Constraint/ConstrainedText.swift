import Tokenizers

/// A model's tokens in the order of their bytes, so that tokens that begin alike are looked at together.
struct VocabularyOrder: Sendable {
    /// Tokens that may be written: with bytes, and no control tokens.
    let ids: [TokenID]
    /// Where each token's bytes begin in `bytes`; one more at the end.
    let starts: [Int]
    let bytes: [UInt8]
    /// How many bytes each token shares with the one before it.
    let shared: [Int]
    /// Where each token stands in the order, by id; −1 for those that may not be written.
    let places: [Int32]

    init(tokenizer: any Tokenizer) {
        var tokens: [(id: TokenID, bytes: [UInt8])] = []
        for id in 0..<TokenID(tokenizer.vocabularySize) where !tokenizer.isSpecial(id) {
            let bytes = tokenizer.bytes(of: id)
            if !bytes.isEmpty { tokens.append((id, bytes)) }
        }
        tokens.sort { $0.bytes.lexicographicallyPrecedes($1.bytes) }
        ids = tokens.map(\.id)
        var places = [Int32](repeating: -1, count: tokenizer.vocabularySize)
        for (place, token) in tokens.enumerated() { places[Int(token.id)] = Int32(place) }
        self.places = places
        var starts = [0]
        var bytes: [UInt8] = []
        var shared: [Int] = []
        var previous: [UInt8] = []
        for token in tokens {
            bytes += token.bytes
            starts.append(bytes.count)
            shared.append(zip(previous, token.bytes).prefix { $0 == $1 }.count)
            previous = token.bytes
        }
        self.starts = starts
        self.bytes = bytes
        self.shared = shared
    }
}

/// A text under way that has to keep to a constraint: which tokens may come next.
struct ConstrainedText: Sendable {
    /// Masks of states that come again, as the inside of a string does.
    private static let maxMaskCount = 32

    private let endTokens: Set<TokenID>
    private let order: VocabularyOrder
    private var machine: ConstraintMachine
    private var state: Int
    /// The tokens allowed, in rising order, by state.
    private var masks: [Int: [TokenID]] = [:]
    private var generation = 0

    init(_ constraint: OutputConstraint, model: DecoderModel) {
        endTokens = model.endTokens
        order = model.vocabularyOrder
        machine = ConstraintMachine(constraint.program)
        state = machine.start
    }

    /// Whether the text is whole and nothing may follow.
    var isComplete: Bool { machine.isAccepting(state) && !machine.goesOn(state) }

    /// Whether `id` may come next.
    mutating func allows(_ id: TokenID) -> Bool {
        if endTokens.contains(id) { return machine.isAccepting(state) }
        return after(id) != ConstraintMachine.dead
    }

    /// Takes the next token.
    mutating func append(_ id: TokenID) {
        if !endTokens.contains(id) { state = machine.compacted(after(id)) }
    }

    /// Every token that may come next, in rising order; empty when none may.
    mutating func allowed() -> [TokenID] {
        if generation != machine.generation {
            masks = [:]
            generation = machine.generation
        }
        if let mask = masks[state] { return mask }
        if masks.count >= Self.maxMaskCount { masks = [:] }
        let mask = computeMask()
        masks[state] = mask
        return mask
    }

    private mutating func after(_ id: TokenID) -> Int {
        guard order.places.indices.contains(Int(id)), order.places[Int(id)] >= 0 else { return ConstraintMachine.dead }
        let place = Int(order.places[Int(id)])
        var next = state
        for index in order.starts[place]..<order.starts[place + 1] where next != ConstraintMachine.dead {
            next = machine.step(next, order.bytes[index])
        }
        return next
    }

    private mutating func computeMask() -> [TokenID] {
        var mask = machine.isAccepting(state) ? Array(endTokens) : []
        // The states after each byte of the token before.
        var path = [state]
        // How many of its bytes lead nowhere.
        var deadCount = Int.max
        for (index, id) in order.ids.enumerated() {
            let shared = order.shared[index]
            if shared >= deadCount { continue }
            deadCount = .max
            path.removeLast(path.count - 1 - min(shared, path.count - 1))
            for place in (order.starts[index] + shared)..<order.starts[index + 1] {
                let next = machine.step(path[path.count - 1], order.bytes[place])
                if next == ConstraintMachine.dead {
                    deadCount = path.count
                    break
                }
                path.append(next)
            }
            if deadCount == .max { mask.append(id) }
        }
        mask.sort()
        return mask
    }
}
