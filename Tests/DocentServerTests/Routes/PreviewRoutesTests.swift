import HTTPTypes
import Storage
import Testing

@Suite("POST /v1/preview")
struct PreviewRoutesTests {
    private static let page = """
        <!doctype html><html lang="en"><head><title>Returns — Shop</title>
        <link rel="canonical" href="https://shop.example/returns">
        <meta property="article:published_time" content="2024-05-01"></head>
        <body><nav><a href="/">Home</a> <a href="/a">All articles of the shop</a></nav><main><h1>Returns</h1>
        <p>You can return most items within thirty days of delivery, as long as they are unused and complete.</p>
        <h2>How</h2><p>Pack the item, print the label from your account and hand the parcel in at any post office.</p>
        </main><footer>Imprint and terms of the shop</footer></body></html>
        """

    @Test("a page is shown with its metadata, its chunks and what was left out; nothing is stored")
    func page() async throws {
        let shop = try TestShop()
        let store = shop.store
        try await shop.run { client in
            _ = try await client.post("/v1/collections", #"{"name": "help"}"#)
            let reply = try await client.send(
                .post, "/v1/preview?file_name=returns.html&collection=help", Self.page, contentType: "text/html")
            #expect(reply.status == 200)
            let json = reply.json
            #expect(json["state"] == "indexed" && json["id"] == "returns.html" && json["title"] == "Returns")
            #expect(json["language"] == "en" && json["url"] == "https://shop.example/returns")
            #expect(json["content_type"] == "text/html" && json["encoding"] == "UTF-8")
            #expect(json["date"] == json["metadata"]["published"] && json["date"] != .null)
            let text = Array((json["text"].stringValue ?? "").utf8)
            #expect(json["markdown"].stringValue?.contains("## How") == true)
            let chunks = json["chunks"].elements
            #expect(chunks.count == json["chunk_count"].intValue && chunks.count >= 2)
            for chunk in chunks {
                let span = (chunk["span"]["start"].intValue ?? -1)..<(chunk["span"]["end"].intValue ?? -1)
                #expect(String(decoding: text[span], as: UTF8.self) == chunk["text"].stringValue)
                #expect(chunk["embedded_text"].stringValue?.hasPrefix("Returns") == true)
            }
            #expect(chunks.last?["heading_path"].elements.last == "How")
            let dropped = json["dropped"].elements
            #expect(dropped.contains { $0["element"] == "nav" && $0["reason"] == "chrome" })
            #expect(dropped.contains { $0["text"].stringValue?.contains("Imprint") == true })
            #expect(try store.documents(in: try store.collection(named: "help").id).documents.isEmpty)
        }
    }

    @Test("what can't be ingested is shown with the reason; a guessed encoding is a warning")
    func failures() async throws {
        try await TestShop().run { client in
            let empty = try await client.send(.post, "/v1/preview?file_name=a.html", "<p> </p>")
            #expect(empty.status == 200 && empty.json["state"] == "failed")
            #expect(empty.json["error"].stringValue?.isEmpty == false)
            let list = try await client.post(
                "/v1/preview",
                #"{"documents": [{"id": "a", "text": "One line of text."}, {"id": "b", "html": "<p></p>"}]}"#)
            #expect(list.json["documents"].elements.map { $0["state"] } == ["indexed", "failed"])
            #expect(list.json["left_out"] == 0)
            let form =
                "--x\r\nContent-Disposition: form-data; name=\"chunking\"\r\n\r\n{\"max_tokens\": 20}\r\n"
                + "--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.md\"\r\n\r\n# A\n\nText.\r\n--x--\r\n"
            let files = try await client.send(
                .post, "/v1/preview", form, contentType: "multipart/form-data; boundary=x")
            #expect(files.json["documents"][0]["title"] == "A")
        }
    }

    @Test("chunking settings change the cut; bad ones and unknown collections are refused")
    func settings() async throws {
        try await TestShop().run { client in
            let text = (1...40).map { "Sentence number \($0) tells about kettles and their lids." }.joined(
                separator: " ")
            func count(_ query: String) async throws -> Int? {
                try await client.send(.post, "/v1/preview?file_name=a.txt" + query, text).json["chunk_count"].intValue
            }
            let (wide, narrow) = (try await count(""), try await count("&max_tokens=32"))
            #expect((narrow ?? 0) > (wide ?? 0))
            let bad = try await client.send(.post, "/v1/preview?file_name=a.txt&max_tokens=1", text)
            #expect(bad.status == 400 && bad.errorCode == "invalid_input")
            let unknown = try await client.send(.post, "/v1/preview?file_name=a.txt&collection=no", text)
            #expect(unknown.status == 404 && unknown.errorCode == "collection_not_found")
            let nothing = try await client.post("/v1/preview", #"{"documents": []}"#)
            #expect(nothing.errorCode == "no_documents")
        }
    }
}
