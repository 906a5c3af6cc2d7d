import Ingestion
import Testing

/// Rules of main-content extraction, each on a page that has text enough for all of them.
@Suite("Main content")
struct MainContentTests {
    private static let prose =
        "The harbour was built in three years by two hundred people, and it has been widened twice since then, in stone."

    /// The blocks of a page of five paragraphs with `before` and `after` around them.
    private func blocks(before: String = "", after: String = "") throws -> [String] {
        let text = (1...5).map { "<p>\($0): \(Self.prose)</p>" }.joined()
        let document = try extract("<main><h1>The harbour</h1>\(before)\(text)\(after)</main>")
        return document.blocks.map(document.text(of:)).filter { !$0.hasSuffix(Self.prose) && $0 != "The harbour" }
    }

    @Test("an image's text of which less than half is new is left out")
    func repeatingImageText() throws {
        let repeating = "<p><img alt='Photograph showing the harbour built in stone'></p>"
        let own = "<p><img alt='Map with parking places marked green'></p>"
        #expect(try blocks(before: repeating + own) == ["Map with parking places marked green"])
    }

    @Test("the title and first words that stand above the declared text are kept, other parts there aren't")
    func leadAboveScope() throws {
        let text = (1...5).map { "<p>\($0): \(Self.prose)</p>" }.joined()
        let page = { (head: String, inside: String) in
            "<body><div><p>\(Self.prose)</p></div>\(head)<article>\(inside)\(text)</article></body>"
        }
        let lead =
            "<div><h1>A new harbour</h1><p>It is open to ships of any size, and nothing is paid at night.</p></div>"
        let document = try extract(page(lead, ""))
        #expect(document.text.hasPrefix("A new harbour\n\nIt is open to ships of any size"))
        #expect(try extract(page(lead, "<h1>The harbour</h1>")).text.hasPrefix("The harbour"))
    }

    @Test("a page that is read with fewer rules has its lines reviewed too")
    func laxReview() throws {
        let document = try extract(
            """
            <body><div class="sidebar"><p>\(Self.prose)</p><p>\(Self.prose)</p><p>Read more</p></div><p>Only a few words here.</p>
            <div class="banner"><p>\(Self.prose)</p><p>\(Self.prose)</p><p>Photo: Jane Doe</p></div></body>
            """)
        #expect(document.text.contains("Only a few words here."))
        #expect(document.text.contains(Self.prose))
        #expect(!document.text.contains("Read more"))
        #expect(!document.text.contains("Jane Doe"))
    }

    @Test("lines named as about the text are left out unless they are sentences")
    func attribution() throws {
        let byline = "<div class=byline>Jane Doe, staff writer of the morning edition</div>"
        let sentence = "<p class=info>Ships longer than ninety metres wait outside.</p>"
        #expect(try blocks(before: byline + sentence) == ["Ships longer than ninety metres wait outside."])
    }

    @Test(
        "a picture's credit is cut off its caption, what only looks like one isn't",
        arguments: [
            ("A ship enters the harbour at night. (Photo: Jane Doe/AFP)", "A ship enters the harbour at night."),
            ("Ein Schiff im Hafen bei Nacht. Foto: Jörg Müller | CC BY 2.0", "Ein Schiff im Hafen bei Nacht."),
            ("The pier has been painted green.© Jane Doe", "The pier has been painted green."),
            ("A ship (photo: left) enters the harbour at night.", nil),
            ("All ships have to name their source: the port they came from.", nil),
            ("Each picture is an instance of module.Image: it has a size.", nil),
            ("Every copy says Copyright © 2019 and who holds it, in full.", nil),
        ])
    func pictureCredits(caption: String, cut: String?) throws {
        #expect(try blocks(before: "<figure><figcaption>\(caption)</figcaption></figure>") == [cut ?? caption])
    }

    @Test(
        "short lines about other things are left out",
        arguments: [
            "Follow us", "Print", "Subscribe", "Source: City archive", "Quelle: Stadtarchiv", "Read more",
            "Jane Doe / Shutterstock", "Copyright © 2019 The Harbour", "All rights reserved.",
            "Crédits photos : Jane Doe",
            "More information can be found in the handbook.",
            "This page has affiliate links. If you buy something, we earn a small sum, which pays for our work on these pages and for the boats.",
        ])
    func asideLines(line: String) throws {
        #expect(try blocks(before: "<p>\(line)</p>") == [])
    }

    @Test(
        "lines that begin like those but go on as text stay",
        arguments: [
            "Follow these steps to return a boat:", "Print the label and put it on the parcel.",
            "Subscribe to the topic to get its messages.", "Share the link with the people on board.",
            "Published timetables can't be changed.", "Loading the boat takes an hour.",
            "Newsletter subscribers are greeted by name.", "Tags are stuck on the left side.",
            "More information is at www.harbour.example, day and night.",
        ])
    func textLines(line: String) throws {
        #expect(try blocks(before: "<p>\(line)</p>") == [line])
    }

    @Test("what stands below a heading about other pages goes with it, up to the next heading of its level")
    func asideSections() throws {
        let others = "<p>Bridges are built by other people and in other towns.</p>"
        let more = "<h2>Opening hours</h2><p>The harbour is open from dawn to dusk.</p>"
        for heading in ["<h2>Related articles</h2>", "<div><h2>Weitere Themen</h2></div>", "<h2>Lire aussi</h2>"] {
            #expect(
                try blocks(after: heading + others + more) == [
                    "Opening hours", "The harbour is open from dawn to dusk.",
                ])
        }
        // Above the text the words may be meant otherwise.
        #expect(try blocks(before: "<h2>Related articles</h2>" + others).count == 1)
        #expect(try blocks(after: "<h2>Recommended settings</h2>" + others).count == 2)
    }

    @Test("a section of more information goes when it leads elsewhere, and stays when it informs")
    func moreInformation() throws {
        let elsewhere = "<h2>More information</h2><p>All of it is in <a href=/b>the other guide</a>, by the way.</p>"
        let here = "<h2>More information</h2><p>The harbour is open from dawn to dusk.</p>"
        #expect(try blocks(after: elsewhere) == [])
        #expect(try blocks(after: here) == ["More information", "The harbour is open from dawn to dusk."])
    }

    @Test("labels below the text are left out; numbers, addresses, list items and what has text below it stay")
    func closingLabels() throws {
        #expect(try blocks(after: "<div>The harbour in pictures</div><p><a href=/b>Other towns</a> by name</p>") == [])
        for kept in [
            "<div>Telephone 555 0199</div>", "<div>office@harbour.example</div>", "<p>Signed by the harbour master</p>",
            "<ul><li><p>ships <a href=/b>of wood</a></p></li></ul>",
        ] {
            #expect(try blocks(after: kept).count == 1)
        }
        #expect(try blocks(after: "<h2>Ships</h2><b>Anna</b>, <b>Berta</b>") == ["Ships", "Anna, Berta"])
    }

    @Test("a list of a link or two is left out unless a line leads up to it")
    func shortLinkLists() throws {
        let list = "<ul><li><a href=/b>Harbours of the north</a></li></ul>"
        #expect(try blocks(before: list) == [])
        #expect(try blocks(before: "<p>These forms are needed at the gate:</p>" + list).count == 2)
    }
}
