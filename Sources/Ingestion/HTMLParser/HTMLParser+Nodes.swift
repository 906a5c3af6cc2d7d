// The stack of open elements, and putting nodes into the tree.

extension HTMLParser {
    /// Where the next node goes.
    struct Place {
        var parent: Int
        /// The sibling it goes before, -1: at the end.
        var before: Int32 = -1
    }

    /// The element that takes what comes next.
    var current: Open { open[open.count - 1] }

    /// Whether the innermost open element is an HTML one called `tag`.
    func isCurrent(_ tag: HTMLTag) -> Bool { open[open.count - 1].tag == tag }

    /// Whether an HTML element called `tag` is open anywhere.
    func isOpen(_ tag: HTMLTag) -> Bool { openCounts[Int(tag.rawValue)] > 0 }

    // MARK: Stack

    mutating func push(_ entry: Open) {
        open.append(entry)
        openCounts[Int(entry.tag.rawValue)] += 1
        nodes[Int(entry.node)].isOpen = true
        if open.count > HTMLTree.maxDepth { fail(.tooDeep(limit: HTMLTree.maxDepth)) }
    }

    /// Takes the innermost element off, never the root.
    mutating func pop() {
        guard open.count > 1 else { return }
        let last = open.removeLast()
        openCounts[Int(last.tag.rawValue)] -= 1
        nodes[Int(last.node)].isOpen = false
    }

    mutating func removeFromStack(at index: Int) {
        let entry = open.remove(at: index)
        openCounts[Int(entry.tag.rawValue)] -= 1
        nodes[Int(entry.node)].isOpen = false
        spend(open.count - index)
    }

    /// Takes off all elements up to and with the innermost `tag`, which must be open.
    mutating func popThrough(_ tag: HTMLTag) {
        while open.count > 1 {
            let isLast = isCurrent(tag)
            pop()
            if isLast { return }
        }
    }

    /// Takes elements off until `isEnd` holds for the innermost; the root stays.
    mutating func popUntil(_ isEnd: (HTMLTag) -> Bool) {
        while open.count > 1, !isEnd(current.tag) { pop() }
    }

    /// Whether an element that `matches` is open with none between it and the innermost that `ends` the scope.
    mutating func hasInScope(_ matches: (HTMLTag) -> Bool, endedBy ends: (HTMLTag) -> Bool) -> Bool {
        var index = open.count - 1
        defer { spend(open.count - index) }
        while index >= 0 {
            let entry = open[index]
            if matches(entry.tag) { return true }
            if ends(entry.tag) || entry.isHTMLPoint || entry.isTextPoint { return false }
            index -= 1
        }
        return false
    }

    mutating func hasInScope(_ tag: HTMLTag) -> Bool {
        isOpen(tag) && hasInScope({ $0 == tag }, endedBy: \.endsScope)
    }

    mutating func hasInButtonScope(_ tag: HTMLTag) -> Bool {
        isOpen(tag) && hasInScope({ $0 == tag }, endedBy: { $0.endsScope || $0 == .button })
    }

    mutating func hasInListScope(_ tag: HTMLTag) -> Bool {
        isOpen(tag) && hasInScope({ $0 == tag }, endedBy: { $0.endsScope || $0 == .ol || $0 == .ul })
    }

    /// In a table's scope, which SVG and MathML don't end.
    mutating func hasInTableScope(_ tag: HTMLTag) -> Bool {
        guard isOpen(tag) else { return false }
        var index = open.count - 1
        defer { spend(open.count - index) }
        while index >= 0 {
            let found = open[index].tag
            if found == tag { return true }
            if found == .html || found == .table || found == .template { return false }
            index -= 1
        }
        return false
    }

    /// Closes the elements whose end tags may be missing here.
    mutating func closeImplied(except tag: HTMLTag = .other) {
        while current.tag.hasImpliedEnd, current.tag != tag { pop() }
    }

    /// Closes an open paragraph.
    mutating func closeParagraph() {
        guard hasInButtonScope(.p) else { return }
        closeImplied(except: .p)
        popThrough(.p)
    }

    // MARK: Nodes

    /// Where a node that belongs to the innermost element goes: before the table if that is a table's structure and
    /// what comes doesn't belong into one.
    func place(in target: Open? = nil) -> Place {
        let target = target ?? current
        guard fosters, target.tag.isTableStructure else { return Place(parent: Int(target.node)) }
        var index = open.count - 1
        while index >= 0 {
            if open[index].tag == .template { return Place(parent: Int(open[index].node)) }
            if open[index].tag == .table {
                let table = nodes[Int(open[index].node)]
                // A table that was taken out of the page has no parent.
                if table.parent >= 0 { return Place(parent: Int(table.parent), before: open[index].node) }
                return Place(parent: Int(open[max(index - 1, 0)].node))
            }
            index -= 1
        }
        return Place(parent: Int(open[0].node))
    }

    /// Links a node in, after taking it out of where it was.
    mutating func insert(_ node: Int, at place: Place) {
        detach(node)
        let previous = place.before < 0 ? nodes[place.parent].last : nodes[Int(place.before)].previous
        nodes[node].parent = Int32(place.parent)
        nodes[node].previous = previous
        nodes[node].next = place.before
        if previous < 0 {
            nodes[place.parent].first = Int32(node)
        } else {
            nodes[Int(previous)].next = Int32(node)
        }
        if place.before < 0 {
            nodes[place.parent].last = Int32(node)
        } else {
            nodes[Int(place.before)].previous = Int32(node)
        }
    }

    /// Takes a node out of the tree, with all below it.
    mutating func detach(_ node: Int) {
        let links = nodes[node]
        guard links.parent >= 0 else { return }
        if links.previous < 0 {
            nodes[Int(links.parent)].first = links.next
        } else {
            nodes[Int(links.previous)].next = links.next
        }
        if links.next < 0 {
            nodes[Int(links.parent)].last = links.previous
        } else {
            nodes[Int(links.next)].previous = links.previous
        }
        (nodes[node].parent, nodes[node].previous, nodes[node].next) = (-1, -1, -1)
    }

    private mutating func add(_ node: Node) -> Int {
        if nodes.count >= HTMLTree.maxNodes { fail(.tooManyElements(limit: HTMLTree.maxNodes)) }
        nodes.append(node)
        return nodes.count - 1
    }

    /// Makes the element of a tag, in no place yet.
    mutating func makeElement(_ tag: Tag, namespace: Namespace = .html) -> Int {
        let isKnown = namespace == .html || tag.name == .svg || tag.name == .math
        let node = add(
            Node(
                tag: isKnown ? tag.name : .other, namespace: namespace, isOpen: false, parent: -1,
                start: Int32(tag.firstAttribute), length: Int32(attributes.count - tag.firstAttribute)))
        if keepsAll, nodes[node].tag == .other || tag.name.isUnspoken {
            nodes[node].tag = .other
            elementNames[node] = tag.nameStart..<tag.nameEnd
        }
        return node
    }

    /// Puts a tag's element into the tree and on the stack.
    @discardableResult
    mutating func insertElement(_ tag: Tag) -> Int {
        let node = makeElement(tag)
        insert(node, at: place())
        push(Open(node: Int32(node), tag: tag.name.isUnspoken ? .other : tag.name, namespace: .html, hash: tag.hash))
        return node
    }

    /// Puts an element in that has no tag in the page.
    @discardableResult
    mutating func insertImplied(_ name: HTMLTag) -> Int {
        insertElement(
            Tag(
                name: name, hash: HTMLName.hash(name.name.utf8), nameStart: 0, nameEnd: 0,
                firstAttribute: attributes.count, isSelfClosing: false))
    }

    /// Puts an element in that has no content.
    mutating func insertVoid(_ tag: Tag) {
        insert(makeElement(tag), at: place())
    }

    /// An element like another, for formatting that goes on.
    mutating func copyElement(_ node: Int) -> Int {
        let original = nodes[node]
        return add(
            Node(
                tag: original.tag, namespace: .html, isOpen: false, parent: -1, start: original.start,
                length: original.length))
    }

    /// A comment or doctype, while all is kept.
    mutating func appendLeaf(_ tag: HTMLTag, _ start: Int, _ end: Int, to parent: Int) {
        let node = add(
            Node(
                tag: tag, namespace: .html, isOpen: false, parent: -1, start: Int32(start), length: Int32(end - start)))
        insert(node, at: Place(parent: parent))
    }

    /// Puts text in, together with the text before it.
    mutating func insertText(_ start: Int, _ end: Int) {
        guard start < end else { return }
        let place = place()
        let neighbour = place.before < 0 ? nodes[place.parent].last : nodes[Int(place.before)].previous
        if neighbour >= 0, nodes[Int(neighbour)].tag == .text, join(Int(neighbour), start, end) { return }
        let node = add(
            Node(
                tag: .text, namespace: .html, isOpen: false, parent: -1, start: Int32(start),
                length: Int32(end - start)))
        insert(node, at: place)
    }

    /// Makes a text longer; false where that would copy too much, and the new text is better a node of its own.
    private mutating func join(_ node: Int, _ start: Int, _ end: Int) -> Bool {
        let textStart = Int(nodes[node].start)
        let textEnd = textStart + Int(nodes[node].length)
        if textEnd == start, textStart < source.count ? end <= source.count : true {
            nodes[node].length += Int32(end - start)
            return true
        }
        if textEnd != source.count + side.count || textStart < source.count {
            guard textEnd - textStart <= 256 + end - start else { return false }
            spend(textEnd - textStart)
            nodes[node].start = Int32(source.count + side.count)
            copyToSide(textStart, textEnd)
        }
        copyToSide(start, end)
        nodes[node].length += Int32(end - start)
        return true
    }

    /// Gives an element the attributes of a tag that it hasn't got.
    mutating func merge(_ tag: Tag, into node: Int) {
        let new = tag.firstAttribute..<attributes.count
        let old = Int(nodes[node].start)..<Int(nodes[node].start + nodes[node].length)
        guard !new.isEmpty else { return }
        spend(old.count + new.count)
        let start = attributes.count
        for index in old { keepAgain(index) }
        for index in new where !old.contains(where: { isSameAttribute($0, index) }) { keepAgain(index) }
        nodes[node].start = Int32(start)
        nodes[node].length = Int32(attributes.count - start)
    }

    private mutating func keepAgain(_ index: Int) {
        attributes.append(attributes[index])
        if keepsAll { attributeNames.append(attributeNames[index]) }
    }

    /// Whether two attributes have the same name.
    func isSameAttribute(_ one: Int, _ other: Int) -> Bool {
        attributes[one].name == attributes[other].name
            && (attributes[one].name != .other || isSameName(attributeNames[one], attributeNames[other]))
    }
}

extension HTMLTag {
    /// Not a name that an element can have, though a tag might be called so.
    var isUnspoken: Bool { rawValue <= HTMLTag.doctype.rawValue }
}
