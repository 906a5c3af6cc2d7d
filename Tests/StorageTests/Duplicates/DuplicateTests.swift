import GRDB
import Storage
import TestSupport
import Testing

/// Which chunks are taken to say the same, and that this holds whatever comes and goes.
struct DuplicateTests {
    private static let policy = """
        You can return most items within 30 days of delivery when they are unused and in the box they came in. Start the
        return from the order page of the shop, print the label and bring the parcel to a branch of the post. The money
        goes back to the card that you paid with, and that takes about five days after the parcel has come to us in
        Hamburg. Opened boxes are checked by a colleague, who writes to you when something is missing from them, and the
        cost of the label is taken off the amount that is paid back to you for parcels from abroad.
        """

    private static func replacing(_ text: String, _ other: String) -> String { policy.replacing(text, with: other) }

    /// Whether two texts end up in one group, as chunks of two documents.
    private func areGrouped(_ first: String, _ second: String, titles: (String, String) = ("T", "T")) throws -> Bool {
        let samples = try Samples()
        try samples.store.replaceDocument(Samples.document("a", [first], title: titles.0), in: samples.id)
        try samples.store.replaceDocument(Samples.document("b", [second], title: titles.1), in: samples.id)
        #expect(try samples.store.check() == [])
        return try !samples.groups().isEmpty
    }

    private static let sameTexts = [
        policy, policy.replacing("\n", with: "  "), policy.replacing(".", with: " ."), policy + "\n\n",
        replacing("Start the", "start the"), replacing("the order page", "“the order page”"),
        replacing("parcel to", "par\u{AD}cel to"), replacing("the box they", "that box they"),
        replacing("Opened boxes", "Opened cardboard boxes"),
        policy + " We wish you a nice weekend and hope to see you soon.", replacing(", and that takes", ". That takes"),
    ]

    @Test(
        "a text with other white space, punctuation, an ordinary word or a short addition is the same",
        arguments: sameTexts)
    func same(variant: String) throws {
        #expect(try areGrouped(Self.policy, variant))
        #expect(try areGrouped(variant, Self.policy, titles: ("Returns", "Returns, a copy")))
    }

    private static let otherTexts = [
        replacing("30 days", "14 days"), replacing("30 days", "-30 days"), replacing("five days", "six days"),
        replacing("30 days", "30 % days"), replacing("30 days", "30.5 days"), replacing("30 days", "30 weeks"),
        replacing("You can return", "You cannot return"), replacing("You can return", "You can't return"),
        replacing("they are unused", "they are not unused"), replacing("within 30", "after 30"),
        replacing("Hamburg", "Bremen"), replacing("in\nHamburg", "in\nhamburg"), replacing("the post", "the DHL post"),
        replacing("most items", "all items"), replacing("Opened", "Closed"), replacing("the shop", "shop.example"),
        replacing("colleague", "robot"), replacing("a colleague", "a robot") + " Bring it soon.",
        policy + " This does not hold for earrings.", policy + " In Austria too.", policy + " It costs 3 €.",
    ]

    @Test(
        "a text that differs in a figure, a unit, a negation, a name or has one word for another is another one",
        arguments: otherTexts)
    func other(variant: String) throws {
        #expect(try !areGrouped(Self.policy, variant))
        #expect(try !areGrouped(variant, Self.policy))
    }

    private static let pairTexts = [
        ("The server of version 3.11.2 ", "The server of version 3.11.3 "),
        ("Figures from 5 to 10 ", "Figures from 10 to 5 "),
        ("Das Gerät wird nicht ersetzt ", "Das Gerät wird ersetzt "), ("日本語の文章です。", "日本語の文書です。"),
        ("The fee is $5 ", "The fee is €5 "), ("call snake_case ", "call snake_case2 "),
        ("see node.js ", "see deno.js "),
        ("feature is enabled ", "feature is disabled "), ("write to a@shop.example ", "write to b@shop.example "),
    ]

    @Test("versions, order, currencies, identifiers and languages without capitals count too", arguments: pairTexts)
    func pairs(first: String, second: String) throws {
        let rest = """
             and then some words follow which are the very same in both of the texts that are to be compared here, so
            many of them that only a small part of all differs and the overlap is large indeed for the two of them
            """
        #expect(try !areGrouped(first + rest, second + rest))
        #expect(try areGrouped(first + rest, first + "  " + rest))
    }

    @Test("a text that adds something is the same only below the same heading, equal words are below any")
    func belowAnotherHeading() throws {
        for (text, isGrouped) in [(Self.policy + " We hope to see you soon.", false), (Self.policy, true)] {
            let samples = try Samples()
            var other = Samples.document("b", [text])
            other.chunks[0].headingPath = ["Another"]
            try samples.store.replaceDocument(Samples.document("a", [Self.policy]), in: samples.id)
            try samples.store.replaceDocument(other, in: samples.id)
            #expect(try samples.groups().isEmpty != isGrouped)
        }
    }

    @Test("half of another text is another text")
    func half() throws {
        let half = String(Self.policy.prefix(Self.policy.count / 2))
        #expect(try !areGrouped(Self.policy, half))
    }

    @Test("a short text is the same only below the same title and headings")
    func short() throws {
        #expect(try areGrouped("It takes five days.", "It takes five days"))
        #expect(try !areGrouped("It takes five days.", "It takes five days.", titles: ("Refunds", "Delivery")))
        #expect(try !areGrouped("It takes five days.", "It takes six days."))
        #expect(try !areGrouped("It is quick as lightning.", "It is quick like lightning."))
        #expect(try !areGrouped("---", "---"), "a text without words says nothing")
    }

    @Test("where to call or write to is the same below any title")
    func addresses() throws {
        let pages = ("Returns", "Delivery")
        for text in ["Call us: +49 (0)30 123-4567.", "Questions? Write to help@shop.example", "Tel. +1 555 010 9999"] {
            #expect(try areGrouped(text, text, titles: pages))
        }
        #expect(try !areGrouped("Call us: +49 30 1234567.", "Call us: +49 30 1234568.", titles: pages))
        #expect(try !areGrouped("Write to help@shop.example", "Write to sales@shop.example", titles: pages))
        #expect(try !areGrouped("It costs +5 a month.", "It costs +5 a month.", titles: pages))
    }

    @Test("collections are kept apart")
    func collections() throws {
        let samples = try Samples()
        let other = try samples.store.createCollection(Samples.newCollection("other"))
        try samples.store.replaceDocument(Samples.document("a", [Self.policy]), in: samples.id)
        try samples.store.replaceDocument(Samples.document("a", [Self.policy]), in: other.id)
        #expect(try samples.groups().isEmpty)
    }

    @Test("when the leader goes its followers find together again")
    func leaderGoes() throws {
        let samples = try Samples()
        let variants = [
            Self.policy, Self.policy + " We hope to see you soon.",
            Self.policy.replacing("\n", with: "  "),
        ]
        for (index, text) in variants.enumerated() {
            try samples.store.replaceDocument(Samples.document("d\(index)", [text]), in: samples.id)
        }
        #expect(try samples.groups() == [["d0", "d1", "d2"]])
        try samples.store.deleteDocument(externalID: "d0", in: samples.id)
        #expect(try samples.groups() == [["d1", "d2"]])
        try samples.store.replaceDocument(Samples.document("d2", ["something else"]), in: samples.id)
        #expect(try samples.groups().isEmpty)
        try samples.store.replaceDocument(Samples.document("d3", [Self.policy]), in: samples.id)
        #expect(try samples.groups() == [["d1", "d3"]])
        #expect(try samples.store.check() == [])
    }

    @Test("after any history the groups are those of a fresh database with the same documents")
    func churn() throws {
        let samples = try Samples()
        var generator = SeededGenerator(seed: 5)
        var held: [String: [String]] = [:]
        for step in 0..<400 {
            let id = "d\(Int.random(in: 0..<12, using: &generator))"
            if Int.random(in: 0..<4, using: &generator) == 0 {
                if held.removeValue(forKey: id) != nil {
                    try samples.store.deleteDocument(externalID: id, in: samples.id)
                }
            } else {
                let texts = (0..<3).map { _ in
                    "\(Self.policy) Number \(Int.random(in: 0..<5, using: &generator))."
                }
                held[id] = texts
                try samples.store.replaceDocument(Samples.document(id, texts), in: samples.id)
            }
            if step % 50 == 49 { #expect(try samples.store.check() == []) }
        }
        let fresh = try Samples()
        for (id, texts) in held.sorted(by: { $0.key < $1.key }) {
            try fresh.store.replaceDocument(Samples.document(id, texts), in: fresh.id)
        }
        #expect(try samples.groups() == (try fresh.groups()))
        #expect(try !samples.groups().isEmpty)
    }

    @Test("a database from before groups has them once it is opened")
    func migration() throws {
        let samples = try Samples()
        for id in ["a", "b", "c"] {
            try samples.store.replaceDocument(Samples.document(id, [Self.policy, "of \(id) alone"]), in: samples.id)
        }
        let before = try samples.groups()
        try samples.sql { db in
            try db.execute(
                sql: """
                    DROP TABLE duplicate_keys; DROP TABLE duplicate_chunks;
                    DELETE FROM grdb_migrations WHERE identifier = '6 duplicates';
                    """)
        }
        let store = try samples.reopened()
        #expect(try samples.groups() == before && before == [["a", "b", "c"]])
        #expect(try store.check() == [])
    }

    @Test(
        "groups that were broken by hand are found",
        arguments: [
            "DELETE FROM duplicate_keys WHERE chunk_id = (SELECT min(chunk_id) FROM duplicate_keys)",
            "UPDATE duplicate_keys SET key = key + 1 WHERE chunk_id = (SELECT max(chunk_id) FROM duplicate_keys)",
            "INSERT INTO duplicate_keys SELECT chunk_id, 7 FROM duplicate_chunks",
            "UPDATE duplicate_chunks SET leader_id = (SELECT max(id) FROM chunks)",
            "INSERT INTO duplicate_chunks SELECT max(id), (SELECT chunk_id FROM duplicate_chunks) FROM chunks",
            "DELETE FROM duplicate_chunks",
        ])
    func broken(sql: String) throws {
        let samples = try Samples()
        for id in ["a", "b"] { try samples.store.replaceDocument(Samples.document(id, [Self.policy]), in: samples.id) }
        try samples.store.replaceDocument(Samples.document("c", ["something else"]), in: samples.id)
        try samples.sql { try $0.execute(sql: sql) }
        let findings = try samples.store.check()
        #expect(!findings.isEmpty && findings.allSatisfy { $0.check == .duplicates }, "\(findings)")
    }

    @Test("hundreds of copies can be stored and deleted one after the other")
    func manyCopies() throws {
        let samples = try Samples()
        for number in 0..<300 {
            try samples.store.replaceDocument(Samples.document("d\(number)", [Self.policy]), in: samples.id)
        }
        #expect(try samples.groups().map(\.count) == [300])
        for number in 0..<299 { try samples.store.deleteDocument(externalID: "d\(number)", in: samples.id) }
        #expect(try samples.groups().isEmpty)
        #expect(try samples.store.check() == [])
    }
}

extension Samples {
    /// The documents of each group of chunks that say the same, in order.
    func groups() throws -> [[String]] {
        try sql { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT g.leader_id, d.external_id FROM (
                        SELECT chunk_id, leader_id FROM duplicate_chunks
                        UNION SELECT leader_id, leader_id FROM duplicate_chunks) g
                    JOIN chunks c ON c.id = g.chunk_id JOIN documents d ON d.id = c.document_id
                    """)
            return Dictionary(grouping: rows) { $0[0] as Int64 }.values
                .map { $0.map { $0[1] as String }.sorted() }.sorted { $0.lexicographicallyPrecedes($1) }
        }
    }
}
