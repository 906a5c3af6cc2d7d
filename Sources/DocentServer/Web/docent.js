// The first web page: collections, upload with progress, a streamed answer, citations shown in their document.
// Plain DOM, no build step; text from documents only ever becomes text nodes, never markup.
"use strict";

const byID = (id) => document.getElementById(id);
const element = (name, properties = {}, ...children) => {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
};
const collectionPath = () => `/v1/collections/${encodeURIComponent(byID("collection").value)}`;

async function request(path, options = {}) {
  const response = await fetch(path, options);
  if (response.ok) return response;
  let message = `${response.status} ${response.statusText}`;
  try { message = (await response.json()).error.message; } catch { /* not our JSON: the status has to do */ }
  throw new Error(message);
}
const getJSON = async (path, options) => (await request(path, options)).json();

function showError(id, error) {
  byID(id).textContent = error ? error.message : "";
  byID(id).hidden = !error;
}

// Server-Sent Events from a response body: calls handle(event, data) for each.
async function readEvents(response, handle) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    buffer += value;
    let end;
    while ((end = buffer.indexOf("\n\n")) >= 0) {
      let event = "message";
      const data = [];
      for (const line of buffer.slice(0, end).split("\n")) {
        if (line.startsWith("event:")) event = line.slice(6).trim();
        if (line.startsWith("data:")) data.push(line.slice(5).trimStart());
      }
      buffer = buffer.slice(end + 2);
      if (data.length) handle(event, JSON.parse(data.join("\n")));
    }
  }
}

// Collections

async function loadCollections(selected) {
  const { collections } = await getJSON("/v1/collections");
  const select = byID("collection");
  const wanted = selected ?? select.value ?? "";
  select.replaceChildren(...collections.map((c) => element("option", { value: c.name, textContent: c.name })));
  if (collections.some((c) => c.name === wanted)) select.value = wanted;
  byID("ask-button").disabled = collections.length === 0;
  await collectionChanged();
}

async function collectionChanged() {
  byID("documents").replaceChildren();
  byID("counts").textContent = "";
  if (!byID("collection").value) return;
  const c = await getJSON(collectionPath());
  byID("counts").textContent = `${c.documents} documents, ${c.chunks} chunks, encoder ${c.encoder}`;
  await loadDocuments();
}

// Documents

let nextCursor = null;

async function loadDocuments(cursor = null) {
  const query = new URLSearchParams({ limit: "50" });
  if (cursor) query.set("cursor", cursor);
  const page = await getJSON(`${collectionPath()}/documents?${query}`);
  const rows = page.documents.map((d) => {
    const open = element("button", { type: "button", textContent: d.title || d.id, title: d.id });
    open.onclick = () => openDocument(d.id, d.title || d.id, [], null);
    const remove = element("button", { type: "button", textContent: "delete", ariaLabel: `Delete ${d.id}` });
    remove.onclick = async () => {
      if (!confirm(`Delete ${d.id}?`)) return;
      try {
        await request(`${collectionPath()}/documents/${encodeURIComponent(d.id)}`, { method: "DELETE" });
        await collectionChanged();
      } catch (error) { showError("documents-error", error); }
    };
    return element("tr", {},
      element("td", {}, open),
      element("td", { textContent: d.state === "failed" ? `failed: ${d.error}` : d.state }),
      element("td", { className: "number", textContent: d.chunks }),
      element("td", {}, remove));
  });
  if (!cursor) byID("documents").replaceChildren();
  byID("documents").append(...rows);
  nextCursor = page.next_cursor ?? null;
  byID("more").hidden = !nextCursor;
}

async function openDocument(id, title, headingPath, span) {
  const response = await request(`${collectionPath()}/documents/${encodeURIComponent(id)}/content`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  const text = (start, end) => new TextDecoder().decode(bytes.subarray(start, end));
  const target = byID("viewer-text");
  target.replaceChildren();
  if (span) {
    const mark = element("mark", { textContent: text(span.start, span.end) });
    target.append(text(0, span.start), mark, text(span.end));
    byID("viewer").showModal();
    mark.scrollIntoView({ block: "center" });
  } else {
    target.append(text(0));
    byID("viewer").showModal();
  }
  byID("viewer-title").textContent = title;
  byID("viewer-path").textContent = [id, ...headingPath].join(" › ");
}

// Upload

let currentJob = null;

async function upload(files) {
  if (!files.length || !byID("collection").value) return;
  showError("documents-error", null);
  const form = new FormData();
  for (const file of files) form.append("file", file, file.webkitRelativePath || file.name);
  try {
    const { job } = await getJSON(`${collectionPath()}/documents`, { method: "POST", body: form });
    currentJob = job.id;
    byID("job").hidden = false;
    byID("job-cancel").hidden = false;
    showJob(job);
    await readEvents(await request(`/v1/jobs/${job.id}/events`), (event, data) => {
      if (event === "error") throw new Error(data.error.message);
      showJob(data);
    });
  } catch (error) { showError("documents-error", error); }
  byID("job-cancel").hidden = true;
  await collectionChanged();
}

function showJob(job) {
  const { done, total, failed } = job.progress;
  byID("job-progress").max = Math.max(total, 1);
  byID("job-progress").value = done;
  byID("job-counts").textContent = `${job.state}: ${done} of ${total}` + (failed ? `, ${failed} failed` : "");
  const items = job.items ?? [];
  const shown = [...items.filter((i) => i.error), ...items.filter((i) => !i.error).slice(-20)];
  byID("job-items").replaceChildren(...shown.map((i) =>
    element("li", { textContent: `${i.id}: ${i.state}${i.error ? ` (${i.error})` : ""}`,
      className: i.error ? "error" : "" })));
}

// Asking

let asking = null;

async function ask(question) {
  asking?.abort();
  asking = new AbortController();
  showError("ask-error", null);
  const panel = byID("answer");
  panel.hidden = false;
  panel.classList.remove("refused");
  byID("answer-text").textContent = "";
  byID("answer-facts").textContent = "searching…";
  byID("citations").replaceChildren();
  byID("citations-title").textContent = "Sources";
  const citations = new Map();
  const started = performance.now();
  try {
    const response = await request(`${collectionPath()}/answer`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({
        question, stream: true, generator: byID("generator").value, top_k: Number(byID("top-k").value),
      }),
      signal: asking.signal,
    });
    await readEvents(response, (event, data) => {
      if (event === "token") byID("answer-text").textContent += data.text;
      if (event === "citation") { citations.set(data.marker, data); addCitation(data); }
      if (event === "error") throw new Error(data.error.message);
      if (event === "done") showAnswer(data, citations, performance.now() - started);
    });
  } catch (error) {
    if (error.name === "AbortError") return;
    byID("answer-facts").textContent = "";
    showError("ask-error", error);
  }
}

function addCitation(citation) {
  const open = element("button", { type: "button" },
    `[${citation.marker}] ${[citation.title, ...citation.heading_path].filter(Boolean).join(" › ")}`,
    element("q", { textContent: citation.quote }));
  open.onclick = () => openCitation(citation);
  byID("citations").append(element("li", {}, open));
}

const openCitation = (citation) =>
  openDocument(citation.document_id, citation.title, citation.heading_path, citation.span)
    .catch((error) => showError("ask-error", error));

function showAnswer(answer, citations, elapsed) {
  const panel = byID("answer");
  panel.classList.toggle("refused", answer.refused);
  for (const citation of answer.citations) citations.set(citation.marker, citation);
  const parts = answer.answer.split(/(\[\d{1,3}\])/).map((part) => {
    const citation = citations.get(Number(part.slice(1, -1)));
    if (!/^\[\d+\]$/.test(part) || !citation) return part;
    const mark = element("button", { className: "cite", type: "button", textContent: part });
    mark.onclick = () => openCitation(citation);
    return mark;
  });
  byID("answer-text").replaceChildren(...parts);
  byID("citations").replaceChildren();
  if (answer.refused) {
    byID("citations-title").textContent = "Nearest passages";
    for (const [index, hit] of answer.passages.entries()) {
      addCitation({ ...hit, marker: index + 1, quote: hit.text.slice(0, 240) });
    }
  } else {
    for (const citation of answer.citations) addCitation(citation);
  }
  const facts = [`${answer.generator}`, `confidence ${answer.confidence.toFixed(2)}`, `${Math.round(elapsed)} ms`];
  byID("answer-facts").textContent = [...facts, ...answer.notes].join(" · ");
}

// Wiring

byID("collection").onchange = () => collectionChanged().catch((error) => showError("documents-error", error));
byID("more").onclick = () => loadDocuments(nextCursor).catch((error) => showError("documents-error", error));
byID("viewer-close").onclick = () => byID("viewer").close();
byID("ask").onsubmit = (event) => {
  event.preventDefault();
  const question = byID("question").value.trim();
  if (question) ask(question);
};
byID("new-collection").onsubmit = async (event) => {
  event.preventDefault();
  showError("documents-error", null);
  try {
    const name = byID("new-name").value.trim();
    await request("/v1/collections", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ name }),
    });
    byID("new-name").value = "";
    await loadCollections(name);
  } catch (error) { showError("documents-error", error); }
};
byID("job-cancel").onclick = () => request(`/v1/jobs/${currentJob}`, { method: "DELETE" })
  .catch((error) => showError("documents-error", error));
byID("files").onchange = (event) => upload([...event.target.files]).then(() => { event.target.value = ""; });
byID("drop").onclick = () => byID("files").click();
byID("drop").onkeydown = (event) => { if (event.key === "Enter" || event.key === " ") byID("files").click(); };
byID("drop").ondragover = (event) => { event.preventDefault(); byID("drop").classList.add("over"); };
byID("drop").ondragleave = () => byID("drop").classList.remove("over");
byID("drop").ondrop = (event) => {
  event.preventDefault();
  byID("drop").classList.remove("over");
  upload([...event.dataTransfer.files]);
};
loadCollections().catch((error) => showError("documents-error", error));
