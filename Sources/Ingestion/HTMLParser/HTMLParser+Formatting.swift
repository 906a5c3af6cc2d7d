// The list of active formatting elements: what goes on behind a paragraph's end, and the adoption agency algorithm.

extension HTMLParser {
    /// Puts a marker that formatting doesn't reach over: cells, captions, objects.
    mutating func markFormatting() { formatting.append(Formatting(node: -1, tag: .other)) }

    /// Forgets the formatting elements back to the last marker.
    mutating func clearFormatting() {
        while let last = formatting.popLast(), last.node >= 0 {}
    }

    /// Puts an element and notes it as formatting; of three alike the first is forgotten.
    mutating func insertFormatting(_ tag: Tag) {
        let node = insertElement(tag)
        var alike = 0
        var earliest = -1
        var index = formatting.count - 1
        while index >= 0, formatting[index].node >= 0 {
            if formatting[index].tag == tag.name, haveSameAttributes(Int(formatting[index].node), node) {
                alike += 1
                earliest = index
            }
            index -= 1
        }
        spend(formatting.count - index)
        if alike >= 3 { formatting.remove(at: earliest) }
        formatting.append(Formatting(node: Int32(node), tag: tag.name))
    }

    private func haveSameAttributes(_ one: Int, _ other: Int) -> Bool {
        guard nodes[one].length == nodes[other].length else { return false }
        let first = Int(nodes[one].start)..<Int(nodes[one].start + nodes[one].length)
        let second = Int(nodes[other].start)..<Int(nodes[other].start + nodes[other].length)
        return first.allSatisfy { a in
            second.contains { b in
                isSameAttribute(a, b) && sameBytes(attributes[a].range, attributes[b].range)
            }
        }
    }

    private func sameBytes(_ one: Range<Int>, _ other: Range<Int>) -> Bool {
        one.count == other.count && zip(one, other).allSatisfy { byte($0) == byte($1) }
    }

    /// Opens again the formatting elements that were closed by the end of something else.
    mutating func reopenFormatting() {
        guard let last = formatting.last, last.node >= 0, !nodes[Int(last.node)].isOpen else { return }
        var index = formatting.count - 1
        while index > 0, formatting[index - 1].node >= 0, !nodes[Int(formatting[index - 1].node)].isOpen { index -= 1 }
        while index < formatting.count, failure == nil {
            let entry = formatting[index]
            let node = copyElement(Int(entry.node))
            insert(node, at: place())
            push(
                Open(
                    node: Int32(node), tag: entry.tag, namespace: .html, hash: HTMLName.hash(entry.tag.name.utf8)))
            formatting[index].node = Int32(node)
            index += 1
        }
    }

    /// The end tag of a formatting element, wherever it stands: the adoption agency algorithm.
    mutating func adopt(_ tag: Tag) {
        if isCurrent(tag.name), !formatting.contains(where: { $0.node == current.node }) { return pop() }
        for _ in 0..<8 {
            guard let listed = formatting.lastIndex(where: { $0.node < 0 || $0.tag == tag.name }),
                formatting[listed].node >= 0
            else { return endOther(tag) }
            let element = formatting[listed].node
            guard nodes[Int(element)].isOpen, let stacked = open.lastIndex(where: { $0.node == element }) else {
                formatting.remove(at: listed)
                return
            }
            spend(open.count - stacked + formatting.count)
            if !isInScope(stacked) { return }
            guard let furthest = open[stacked...].firstIndex(where: { isSpecial($0) }) else {
                while open.count > stacked { pop() }
                formatting.remove(at: listed)
                return
            }
            move(from: stacked, listed: listed, furthest: furthest)
            if failure != nil { return }
        }
    }

    private func isInScope(_ index: Int) -> Bool {
        !open[(index + 1)...].contains { $0.tag.endsScope || $0.isHTMLPoint || $0.isTextPoint }
    }

    /// Whether a stack entry is one of the standard's special elements.
    func isSpecial(_ entry: Open) -> Bool { entry.tag.isSpecial || entry.isHTMLPoint || entry.isTextPoint }

    /// One round: the furthest block moves out of the formatting element, whose formatting goes on inside it.
    private mutating func move(from stacked: Int, listed: Int, furthest: Int) {
        let element = Int(open[stacked].node)
        let block = Int(open[furthest].node)
        let ancestor = open[stacked - 1]
        var bookmark = listed
        var last = block
        var index = furthest
        var round = 0
        while index - 1 > stacked {
            index -= 1
            round += 1
            let node = open[index].node
            var entry = formatting.lastIndex { $0.node == node }
            if round > 3, let found = entry {
                formatting.remove(at: found)
                if found < bookmark { bookmark -= 1 }
                entry = nil
            }
            guard let entry else {
                removeFromStack(at: index)
                continue
            }
            let copy = copyElement(Int(node))
            formatting[entry].node = Int32(copy)
            nodes[Int(node)].isOpen = false
            nodes[copy].isOpen = true
            open[index].node = Int32(copy)
            if last == block { bookmark = entry + 1 }
            insert(last, at: Place(parent: copy))
            last = copy
        }
        detach(last)
        fostersInside(ancestor) { $0.insert(last, at: $0.place(in: ancestor)) }
        let copy = copyElement(element)
        while nodes[block].first >= 0 { insert(Int(nodes[block].first), at: Place(parent: copy)); spend(1) }
        insert(copy, at: Place(parent: block))
        relist(element, copy, at: bookmark)
        restack(element, copy, above: block)
    }

    private mutating func fostersInside(_ ancestor: Open, _ body: (inout HTMLParser) -> Void) {
        let before = fosters
        fosters = true
        body(&self)
        fosters = before
    }

    private mutating func relist(_ element: Int, _ copy: Int, at bookmark: Int) {
        guard let old = formatting.lastIndex(where: { $0.node == Int32(element) }) else { return }
        let tag = formatting[old].tag
        formatting.remove(at: old)
        let index = old < bookmark ? bookmark - 1 : bookmark
        formatting.insert(Formatting(node: Int32(copy), tag: tag), at: min(index, formatting.count))
    }

    private mutating func restack(_ element: Int, _ copy: Int, above block: Int) {
        guard let old = open.lastIndex(where: { $0.node == Int32(element) }) else { return }
        var entry = open.remove(at: old)
        nodes[element].isOpen = false
        entry.node = Int32(copy)
        nodes[copy].isOpen = true
        let index = open.lastIndex { $0.node == Int32(block) } ?? open.count - 1
        open.insert(entry, at: index + 1)
        spend(open.count - old)
    }
}
