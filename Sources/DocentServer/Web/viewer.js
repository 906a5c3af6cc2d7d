// A document's extracted text beside its chunks, stored or as a preview; the passage in question is marked.

import { byID, collectionPath, element, getJSON, request } from "/page.js";

// Spans are in bytes of UTF-8, so the text is kept as bytes.
let bytes = new Uint8Array();
const slice = (start, end) => new TextDecoder().decode(bytes.subarray(start, end));

function showText(span) {
  const target = byID("viewer-text");
  if (!span) {
    target.replaceChildren(slice(0));
    return;
  }
  const mark = element("mark", { textContent: slice(span.start, span.end) });
  target.replaceChildren(slice(0, span.start), mark, slice(span.end));
  mark.scrollIntoView({ block: "center" });
}

function showChunks(chunks, total, selected) {
  byID("viewer-chunk-count").textContent = total === 1 ? "1 chunk" : `${total} chunks`;
  byID("viewer-chunks").replaceChildren(...chunks.map((chunk) => {
    const open = element("button", { type: "button", ariaPressed: "false" },
      element("strong", { textContent: chunk.heading_path.join(" › ") || "(no heading)" }),
      element("span", { className: "quiet", textContent: ` ${chunk.tokens} tokens` }),
      element("span", { className: "chunk-text", textContent: chunk.text }));
    if (chunk.embedded_text) open.title = `What is embedded:\n${chunk.embedded_text}`;
    const choose = () => {
      for (const other of byID("viewer-chunks").querySelectorAll("button")) other.ariaPressed = "false";
      open.ariaPressed = "true";
      showText(chunk.span);
    };
    open.onclick = choose;
    if (selected && chunk.span.start <= selected.start && selected.end <= chunk.span.end) open.ariaPressed = "true";
    return element("li", {}, open);
  }));
}

function showFacts(facts) {
  byID("viewer-facts").replaceChildren(...facts.filter(([, value]) => value).flatMap(([name, value]) =>
    [element("dt", { textContent: name }), element("dd", { textContent: value })]));
}

function show(title, path, text, isPreview) {
  byID("viewer-title").textContent = title;
  byID("viewer-path").textContent = path;
  bytes = text;
  byID("viewer-preview").hidden = !isPreview;
  byID("viewer-dropped").hidden = true;
  byID("viewer-warnings").replaceChildren();
  if (!byID("viewer").open) byID("viewer").showModal();
}

const metadataText = (metadata) => Object.entries(metadata ?? {})
  .map(([key, value]) => `${key}: ${typeof value === "string" ? value : JSON.stringify(value)}`).join("\n");

export async function openDocument(id, title, headingPath = [], span = null) {
  const path = `${collectionPath()}/documents/${encodeURIComponent(id)}`;
  const [content, record] = await Promise.all([request(`${path}/content`), getJSON(path)]);
  show(title || id, [id, ...headingPath].join(" › "), new Uint8Array(await content.arrayBuffer()), false);
  showFacts([
    ["State", record.state === "failed" ? `failed: ${record.error}` : record.state], ["Address", record.url],
    ["Language", record.language], ["Type", record.content_type], ["Metadata", metadataText(record.metadata)],
  ]);
  showChunks(record.chunk_list, record.chunks, span);
  showText(span);
}

// Previews as POST /v1/preview gives them; more than one can be chosen from.
export function openPreviews(previews, leftOut, add) {
  const choice = byID("viewer-choice");
  choice.replaceChildren(...previews.map((preview, index) => element("option", {
    value: index, textContent: `${preview.state === "failed" ? "✗ " : ""}${preview.title || preview.id}`,
  })));
  choice.parentElement.hidden = previews.length < 2;
  choice.onchange = () => showPreview(previews[Number(choice.value)], leftOut);
  byID("viewer-add").onclick = () => {
    byID("viewer").close();
    add();
  };
  showPreview(previews[0], leftOut);
}

function showPreview(preview, leftOut) {
  show(preview.title || preview.id, `Preview: ${preview.id}`, new TextEncoder().encode(preview.text ?? ""), true);
  const warnings = [...preview.warnings];
  if (preview.error) warnings.unshift(`This can't be taken in: ${preview.error}`);
  if (leftOut) warnings.push(`${leftOut} more documents are not shown; all are taken in.`);
  byID("viewer-warnings").replaceChildren(...warnings.map((text) => element("li", { textContent: text })));
  showFacts([
    ["Address", preview.url], ["Date", preview.date], ["Language", preview.language], ["Type", preview.content_type],
    ["Encoding", preview.encoding], ["Size", `${preview.bytes} bytes, ${preview.token_count ?? 0} tokens`],
    ["Metadata", metadataText(preview.metadata)],
  ]);
  const dropped = preview.dropped ?? [];
  byID("viewer-dropped").hidden = !dropped.length;
  byID("viewer-dropped-count").textContent = `${dropped.length} parts left out as no main content`;
  byID("viewer-dropped-list").replaceChildren(...dropped.map((part) =>
    element("li", {}, element("code", { textContent: `<${part.element}>` }), ` ${part.reason}: ${part.text}`)));
  showChunks(preview.chunks ?? [], preview.chunk_count ?? 0, null);
  showText(null);
}
