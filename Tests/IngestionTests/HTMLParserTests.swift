import Ingestion
import Testing

@Suite("HTML parser")
struct HTMLParserTests {
    /// What stands in the body of a page, as a tree; the head's part for pages without one.
    private func body(_ html: String) throws -> [String] {
        let lines = try HTMLTreeText(Array(html.utf8), charset: "utf-8").text.split(separator: "\n").map(
            String.init)
        let start = try #require(lines.firstIndex(of: "|   <body>"))
        return lines[(start + 1)...].map { String($0.dropFirst(6)) }
    }

    @Test("what a page leaves out is there all the same")
    func implied() throws {
        let tree = try HTMLTreeText(Array("<title>A</title>b".utf8)).text
        let expected = ["| <html>", "|   <head>", "|     <title>", "|       \"A\"", "|   <body>", "|     \"b\""]
        #expect(tree.split(separator: "\n").map(String.init) == expected)
        #expect(try HTMLTreeText([]).text == "| <html>\n|   <head>\n|   <body>")
    }

    @Test(
        "elements whose end tags are missing end where they must",
        arguments: [
            ("<p>a<div>b</div>c", ["<p>", "  \"a\"", "<div>", "  \"b\"", "\"c\""]),
            (
                "<ul><li>a<ul><li>b</ul><li>c",
                [
                    "<ul>", "  <li>", "    \"a\"", "    <ul>", "      <li>", "        \"b\"",
                    "  <li>", "    \"c\"",
                ]
            ),
            ("<dl><dt>a<dd>b<dt>c", ["<dl>", "  <dt>", "    \"a\"", "  <dd>", "    \"b\"", "  <dt>", "    \"c\""]),
            ("<h1>a<h2>b</h1>c", ["<h1>", "  \"a\"", "<h2>", "  \"b\"", "\"c\""]),
            ("<p>a</div>b</p>c", ["<p>", "  \"ab\"", "\"c\""]),
            ("a</p>b", ["\"a\"", "<p>", "\"b\""]),
            (
                "<select><option>a<option>b</select>c",
                [
                    "<select>", "  <option>", "    \"a\"", "  <option>", "    \"b\"",
                    "\"c\"",
                ]
            ),
            ("<my-part>a</other-part>b</my-part>c", ["<my-part>", "  \"ab\"", "\"c\""]),
        ] as [(String, [String])])
    func missingEnds(html: String, expected: [String]) throws {
        #expect(try body("<!DOCTYPE html>" + html) == expected)
    }

    @Test(
        "formatting that is closed out of order goes on where it was meant to",
        arguments: [
            ("<b>a<i>b</b>c</i>d", ["<b>", "  \"a\"", "  <i>", "    \"b\"", "<i>", "  \"c\"", "\"d\""]),
            ("<p><b>a<p>b</b>c", ["<p>", "  <b>", "    \"a\"", "<p>", "  <b>", "    \"b\"", "  \"c\""]),
            ("<b>a<div>b</b>c</div>", ["<b>", "  \"a\"", "<div>", "  <b>", "    \"b\"", "  \"c\""]),
            ("<a href=x>a<a href=y>b</a>", ["<a>", "  href=\"x\"", "  \"a\"", "<a>", "  href=\"y\"", "  \"b\""]),
        ] as [(String, [String])])
    func misnested(html: String, expected: [String]) throws {
        #expect(try body("<!DOCTYPE html>" + html) == expected)
    }

    @Test(
        "what doesn't belong into a table goes before it, and its parts are completed",
        arguments: [
            (
                "<table>a<tr>b<td>c</table>d",
                [
                    "\"ab\"", "<table>", "  <tbody>", "    <tr>", "      <td>", "        \"c\"",
                    "\"d\"",
                ]
            ),
            (
                "<table><td>a<table><td>b</table>c</table>",
                [
                    "<table>", "  <tbody>", "    <tr>", "      <td>",
                    "        \"a\"", "        <table>", "          <tbody>", "            <tr>", "              <td>",
                    "                \"b\"", "        \"c\"",
                ]
            ),
            (
                "<table><div>a</div><td>b",
                [
                    "<div>", "  \"a\"", "<table>", "  <tbody>", "    <tr>", "      <td>",
                    "        \"b\"",
                ]
            ),
            (
                "<table><caption>a<tr><td>b",
                [
                    "<table>", "  <caption>", "    \"a\"", "  <tbody>", "    <tr>",
                    "      <td>", "        \"b\"",
                ]
            ),
        ] as [(String, [String])])
    func tables(html: String, expected: [String]) throws {
        #expect(try body("<!DOCTYPE html>" + html) == expected)
    }

    @Test(
        "comments, raw text and lone signs are read as browsers read them",
        arguments: [
            ("a<!-->b", ["\"a\"", "<!--  -->", "\"b\""]),
            ("a<!--->b--><!-- x --!>c", ["\"a\"", "<!--  -->", "\"b-->\"", "<!--  x  -->", "\"c\""]),
            ("a<?php x ?>b</ y>c</>d", ["\"a\"", "<!-- ?php x ? -->", "\"b\"", "<!--  y -->", "\"cd\""]),
            ("1 < 2 & 3 <4", ["\"1 < 2 & 3 <4\""]),
            (
                "<script><!-- <script></script> --></script>a",
                ["<script>", "  \"<!-- <script></script> -->\"", "\"a\""]
            ),
            ("<script>a</scripty></script>b", ["<script>", "  \"a</scripty>\"", "\"b\""]),
            ("<textarea>\n<b>&amp;</textarea>a", ["<textarea>", "  \"<b>&\"", "\"a\""]),
            ("<pre>\na</pre>", ["<pre>", "  \"a\""]),
            (
                "<svg><title>a</title><![CDATA[<b>]]></svg>b",
                [
                    "<svg svg>", "  <svg title>", "    \"a\"", "  \"<b>\"",
                    "\"b\"",
                ]
            ),
            ("<svg><g><p>a", ["<svg svg>", "  <svg g>", "<p>", "  \"a\""]),
        ] as [(String, [String])])
    func tokens(html: String, expected: [String]) throws {
        #expect(try body("<!DOCTYPE html><body>" + html).joined(separator: "\n") == expected.joined(separator: "\n"))
    }

    @Test(
        "character references, with and without their semicolon",
        arguments: [
            ("&lt;&eacute;&Eacute;&nbsp;|", "<éÉ\u{A0}|"), ("&copy 2020 &notit; &notin;", "© 2020 ¬it; ∉"),
            ("&#233;&#xE9;&#XE9 &#128;&#0;&#xD800;&#x110000;", "éé" + "é €\u{FFFD}\u{FFFD}\u{FFFD}"),
            ("&nosuch; & &; &# &#x;", "&nosuch; & &; &# &#x;"), ("&fjlig;&NotEqualTilde;", "fj≂̸"),
        ])
    func references(html: String, expected: String) throws {
        #expect(try body(html) == ["\"\(expected)\""])
    }

    @Test("a reference in an address counts only where it can be none of its parameters")
    func referencesInAttributes() throws {
        let found = try body("<a href='?a=1&copy=2&lt=3&amp;b=&quot;' title=a&eacute;b>x</a>")
        #expect(found == ["<a>", "  href=\"?a=1&copy=2&lt=3&b=\"\"", "  title=\"aéb\"", "  \"x\""])
    }

    @Test("of two attributes of one name the first counts; a tag that never ends is nothing")
    func attributes() throws {
        #expect(
            try body("<p ID=a id=b class = 'c'/x>d<p title='") == [
                "<p>", "  class=\"c\"", "  id=\"a\"", "  x=\"\"", "  \"d\"",
            ])
    }

    @Test("whatever the bytes, a page is read to its end or refused")
    func anyBytes() throws {
        let parts = [
            "<", ">", "</", "<!", "<!--", "-->", "&", "&#", ";", "'", "\"", "=", " ", "\n", "a", "table", "tr", "td",
            "b",
            "p", "select", "option", "svg", "math", "template", "script", "title", "form", "button", "a ", "/>", "li",
            "frameset", "col", "caption", "desc", "mi", "ruby", "rt", "noscript", "head", "body", "html",
        ]
        var seed: UInt64 = 7
        for _ in 0..<3000 {
            var page = ""
            for _ in 0..<40 {
                seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let part = parts[Int(seed >> 33) % parts.count]
                page += part.first?.isLetter == true && seed >> 32 & 1 == 0 ? "<\(part)>" : part
            }
            #expect(try HTMLTreeText(Array(page.utf8)).text.hasPrefix("| <"))
        }
    }

    @Test("misnesting that would cost its square is bounded")
    func bounded() throws {
        let start = ContinuousClock.now
        let closing = String(repeating: "<span>", count: 4000) + String(repeating: "</div>", count: 1_000_000)
        #expect(try extract(closing + "text").text == "text")
        let scopes = "<div><table><td>" + String(repeating: "<span>", count: 4000)
        #expect(throws: IngestionError.self) {
            try extract(scopes + String(repeating: "</div>", count: 1_000_000)).title
        }
        let formats = "<p>" + (0..<2000).map { "<b class=\($0)>" }.joined()
        #expect(throws: IngestionError.tooManyElements(limit: 6_000_000)) {
            try extract(formats + String(repeating: "</p><p>x", count: 100_000)).title
        }
        let texts = "<table>" + String(repeating: "x<tr><td>&amp;</td></tr>", count: 100_000)
        _ = try extract(texts)
        _ = try extract(String(repeating: "<b><p></b>x", count: 100_000))
        _ = try extract(String(repeating: "<a href=x><div>x", count: 1000) + String(repeating: "</a>", count: 100_000))
        #expect(ContinuousClock.now - start < .seconds(20))
    }
}
