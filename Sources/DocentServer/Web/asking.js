// Questions, streamed answers, and the passages they rest on.

import { byID, collectionPath, element, readEvents, request, showError } from "/page.js";
import { openDocument } from "/viewer.js";

let asking = null;
const CONTEXTS = { neighbours: { neighbours: 1 }, parent: { parent: true } };

export async function ask(question) {
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
        collapse_duplicates: byID("collapse").checked, context: CONTEXTS[byID("context").value],
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
  const item = element("li", {}, open);
  if (citation.duplicates?.length) item.append(alsoIn(citation.duplicates));
  byID("citations").append(item);
}

// The other places that say the same.
function alsoIn(duplicates) {
  const places = duplicates.map((source) => {
    const open = element("button", { type: "button", textContent: source.title || source.document_id });
    open.onclick = () => openCitation(source);
    return element("li", {}, open);
  });
  return element("details", { className: "also" },
    element("summary", { textContent: places.length === 1 ? "also in 1 other place" : `also in ${places.length} other places` }),
    element("ul", {}, ...places));
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
    const mark = element("button", {
      className: "cite", type: "button", textContent: part, ariaLabel: `Source ${citation.marker}: ${citation.title}`,
    });
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
