/// Reads HTML as browsers do: a tokenizer over UTF-8 bytes that hands each token to tree construction at once.
///
/// Files: this one has the state; `+Tokens` cuts tags, text and comments from the bytes, `+References` decodes character
/// references, `+Modes` has the insertion modes but `+Body`, `+BodyEnd` and `+Tables`, `+Foreign` SVG and MathML,
/// `+Formatting` the list of active formatting elements, `+Nodes` the stack of open elements and the nodes.
///
/// Text is not copied: a node names its range of the page; where it had character references, of `side`, whose offsets
/// follow the page's. Nothing recurses, and depth, size and steps have limits (``HTMLTree``).
///
/// Left out: scripting (`<noscript>` is read), `document.write`, the form element pointer's effect on forms, fragment
/// parsing, parse errors.
///
/// Source: WHATWG HTML standard, section 13.2 "Parsing HTML documents".
struct HTMLParser {
    /// The insertion modes; raw text has none, it is read at once.
    enum Mode: UInt8 {
        case initial, beforeHTML, beforeHead, inHead, inHeadNoscript, afterHead, inBody, inTable, inCaption
        case inColumnGroup, inTableBody, inRow, inCell, inTemplate, afterBody, inFrameset, afterFrameset
        case afterAfterBody, afterAfterFrameset
    }

    /// Whose element it is.
    enum Namespace: UInt8 { case html, svg, math }

    /// A tag as it was read.
    struct Tag {
        var name: HTMLTag
        /// The hash of the name, for the names that `name` doesn't know.
        var hash: UInt64
        var nameStart: Int
        var nameEnd: Int
        /// Where its attributes start in `attributes`; they go to the end while the tag is at hand.
        var firstAttribute: Int
        var isSelfClosing: Bool
    }

    /// A node under construction, linked to its neighbours: nodes move when mark-up is misnested.
    struct Node {
        var tag: HTMLTag
        var namespace: Namespace
        var isOpen: Bool
        var parent: Int32
        var first: Int32 = -1
        var last: Int32 = -1
        var previous: Int32 = -1
        var next: Int32 = -1
        var start: Int32
        var length: Int32
    }

    /// An entry of the stack of open elements.
    struct Open {
        var node: Int32
        /// `.other` for all elements that aren't HTML, so that no rule about HTML's takes one for its own.
        var tag: HTMLTag
        var namespace: Namespace
        var isHTMLPoint = false
        var isTextPoint = false
        var hash: UInt64
    }

    /// An entry of the list of active formatting elements; a marker has no node.
    struct Formatting {
        var node: Int32
        var tag: HTMLTag
    }

    let source: [UInt8]
    let keepsAll: Bool
    var position = 0
    var side: [UInt8] = []
    var nodes: [Node] = []
    var attributes: [HTMLTree.Attribute] = []
    /// The names of attributes and of unknown elements, while all is kept.
    var attributeNames: [Range<Int>] = []
    var elementNames: [Int: Range<Int>] = [:]

    var mode = Mode.initial
    var templateModes: [Mode] = []
    var open: [Open] = []
    /// How many HTML elements of each tag are open: most questions about scope end here.
    var openCounts = [Int32](repeating: 0, count: HTMLTag.count)
    var formatting: [Formatting] = []
    var head: Int32 = -1
    var form: Int32 = -1
    var framesetIsFine = true
    var isQuirky = false
    var fosters = false
    var skipsNewline = false
    /// What searches of the stack and copies of text have cost.
    var steps = 0
    var failure: IngestionError?

    let tagNames = HTMLName.tags
    let attributeNameTable = HTMLName.attributes

    /// Prepares to read a page; `keepsAll`: comments, doctype, all attributes and names, for comparing trees.
    init(_ source: [UInt8], keepsAll: Bool) {
        self.source = source
        self.keepsAll = keepsAll
        nodes.reserveCapacity(source.count / 40 + 16)
        attributes.reserveCapacity(source.count / 100 + 16)
        open.reserveCapacity(64)
        nodes.append(Node(tag: .document, namespace: .html, isOpen: true, parent: 0, start: 0, length: 0))
    }

    /// Reads the whole page.
    mutating func run() throws(IngestionError) {
        guard source.count < Int(Int32.max) / 2 else {
            throw .tooLarge(byteCount: source.count, limit: Int(Int32.max) / 2)
        }
        // The page is held here: a span of it that depends on self would bar every change to self.
        let page = source
        let span = page.span
        while position < span.count, failure == nil { token(span) }
        finish()
        if let failure { throw failure }
    }

    /// Stops the reading; the first reason counts.
    mutating func fail(_ error: IngestionError) {
        if failure == nil { failure = error }
        position = source.count
    }

    /// Counts work that isn't bounded by the page's length alone.
    mutating func spend(_ count: Int) {
        steps += count
        if steps > HTMLTree.mostSteps { fail(.tooManyElements(limit: HTMLTree.maxNodes)) }
    }
}

extension HTMLParser {
    /// The byte at an offset of the page or, beyond it, of `side`.
    @inline(__always)
    func byte(_ offset: Int) -> UInt8 { offset < source.count ? source[offset] : side[offset - source.count] }

    /// The first byte of a range that is no white space, or its end.
    func skipSpace(_ start: Int, _ end: Int) -> Int {
        var index = start
        while index < end, byte(index).isHTMLSpace { index += 1 }
        return index
    }

    /// Appends the bytes of a range to `side`.
    mutating func copyToSide(_ start: Int, _ end: Int) {
        if start < source.count {
            side.append(contentsOf: source[start..<end])
        } else {
            side.append(contentsOf: Array(side[(start - source.count)..<(end - source.count)]))
        }
    }

    /// Whether the page goes on with `text`, in lower case, in any case.
    func follows(_ text: StaticString, at index: Int) -> Bool {
        let count = text.utf8CodeUnitCount
        guard source.count - index >= count else { return false }
        return text.withUTF8Buffer { letters in
            for offset in 0..<count where unsafe source[index + offset].lowercased != letters[offset] { return false }
            return true
        }
    }
}
