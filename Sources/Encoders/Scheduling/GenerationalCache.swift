/// A small cache that forgets what was not asked for lately, in constant time and without links.
///
/// Two dictionaries: entries are written to the young one and move back there when they are read; when it is full it
/// becomes the old one, and what was left in the old one is forgotten. So an entry survives at least `capacity / 2`
/// newer ones.
package struct GenerationalCache<Key: Hashable, Value> {
    /// The most entries held.
    package let capacity: Int
    private var young: [Key: Value] = [:]
    private var old: [Key: Value] = [:]

    /// Makes an empty cache of at least 2 entries.
    package init(capacity: Int) {
        precondition(capacity >= 2, "a cache holds something")
        self.capacity = capacity
    }

    /// How many entries it holds.
    package var count: Int { young.count + old.count }

    /// The value of a key, which thereby stays longer.
    package mutating func value(for key: Key) -> Value? {
        if let value = young[key] { return value }
        guard let value = old.removeValue(forKey: key) else { return nil }
        insert(value, for: key)
        return value
    }

    /// Remembers a value.
    package mutating func insert(_ value: Value, for key: Key) {
        if young[key] == nil, young.count >= capacity / 2 {
            old = young
            young = [:]
        }
        old[key] = nil
        young[key] = value
    }

    /// Forgets all.
    package mutating func removeAll() {
        young = [:]
        old = [:]
    }
}
