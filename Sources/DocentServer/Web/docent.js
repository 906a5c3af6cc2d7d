// The web page: collections, documents with state and reason, and the parts that other files hold: asking with
// citations (asking.js), taking documents in (intake.js), jobs (jobs.js), text and chunks (viewer.js).
// Plain DOM, no build step.

import { announce, button, byID, collection, collectionPath, element, getJSON, postJSON, request, showError }
  from "/page.js";
import { ask } from "/asking.js";
import { connectIntake } from "/intake.js";
import { loadJobs, whenJobsEnd } from "/jobs.js";
import { openDocument } from "/viewer.js";

const report = (error) => showError("documents-error", error);

// Collections

async function loadCollections(selected) {
  const { collections } = await getJSON("/v1/collections");
  const select = byID("collection");
  const wanted = selected ?? select.value ?? "";
  select.replaceChildren(...collections.map((c) => element("option", { value: c.name, textContent: c.name })));
  if (collections.some((c) => c.name === wanted)) select.value = wanted;
  byID("ask-button").disabled = collections.length === 0;
  byID("delete-collection").disabled = collections.length === 0;
  await collectionChanged();
}

async function collectionChanged() {
  byID("documents").replaceChildren();
  byID("counts").textContent = collection() ? "" : "No collection yet: create one.";
  await loadJobs();
  await refresh();
}

async function refresh() {
  const name = collection();
  if (!name) return;
  const c = await getJSON(collectionPath());
  // Another one may have been chosen meanwhile, or this one deleted.
  if (collection() !== name) return;
  byID("counts").textContent = `${c.documents} documents, ${c.chunks} chunks, encoder ${c.encoder}`;
  await loadDocuments();
}

// Documents

let nextCursor = null;

async function loadDocuments(cursor = null) {
  const name = collection();
  if (!name) return;
  const query = new URLSearchParams({ limit: "50" });
  if (cursor) query.set("cursor", cursor);
  if (byID("state").value) query.set("state", byID("state").value);
  const page = await getJSON(`${collectionPath()}/documents?${query}`);
  if (collection() !== name) return;
  const rows = page.documents.map((d) => {
    const title = d.title || d.id;
    const open = button(title, () => openDocument(d.id, title), "documents-error", { title: d.id });
    const remove = button("delete", () => deleteDocument(d.id), "documents-error", { ariaLabel: `Delete ${d.id}` });
    return element("tr", {},
      element("td", {}, open, element("span", { className: "quiet id", textContent: title === d.id ? "" : d.id })),
      element("td", {
        className: d.state === "failed" ? "error" : "",
        textContent: d.state === "failed" ? `failed: ${d.error}` : d.state,
      }),
      element("td", { className: "number", textContent: d.chunks }),
      element("td", {}, remove));
  });
  if (!cursor) byID("documents").replaceChildren();
  byID("documents").append(...rows);
  nextCursor = page.next_cursor ?? null;
  byID("more").hidden = !nextCursor;
}

async function deleteDocument(id) {
  if (!confirm(`Delete ${id}? Its text is gone from every answer at once.`)) return;
  await request(`${collectionPath()}/documents/${encodeURIComponent(id)}`, { method: "DELETE" });
  announce(`${id} deleted`);
  await refresh();
}

async function deleteCollection() {
  const name = collection();
  if (!name || !confirm(`Delete the collection ${name} with all of its documents?`)) return;
  const path = collectionPath();
  // A job that ends meanwhile must not ask for it any more.
  byID("collection").value = "";
  try {
    await request(path, { method: "DELETE" });
    announce(`Collection ${name} deleted`);
  } finally {
    await loadCollections();
  }
}

async function createCollection() {
  showError("documents-error", null);
  const name = byID("new-name").value.trim();
  await postJSON("/v1/collections", { name });
  byID("new-name").value = "";
  await loadCollections(name);
}

// Wiring

byID("collection").onchange = () => collectionChanged().catch(report);
byID("state").onchange = () => loadDocuments().catch(report);
byID("more").onclick = () => loadDocuments(nextCursor).catch(report);
byID("viewer-close").onclick = () => byID("viewer").close();
byID("delete-collection").onclick = () => deleteCollection().catch(report);
byID("ask").onsubmit = (event) => {
  event.preventDefault();
  const question = byID("question").value.trim();
  if (question) ask(question);
};
byID("new-collection").onsubmit = (event) => {
  event.preventDefault();
  createCollection().catch(report);
};
connectIntake();
whenJobsEnd(() => refresh().catch(report));
loadCollections().catch(report);
