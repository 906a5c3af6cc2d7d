// What the page's other parts share: DOM helpers, requests, Server-Sent Events, the collection that is chosen.
// Text from documents only ever becomes text nodes, never markup.

export const byID = (id) => document.getElementById(id);

export const element = (name, properties = {}, ...children) => {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
};

// A button that reports what its action throws.
export const button = (label, action, errorID, properties = {}) => {
  const node = element("button", { type: "button", textContent: label, ...properties });
  node.onclick = () => Promise.resolve().then(action).catch((error) => showError(errorID, error));
  return node;
};

export const collection = () => byID("collection").value;
export const collectionPath = () => `/v1/collections/${encodeURIComponent(collection())}`;

export async function request(path, options = {}) {
  const response = await fetch(path, options);
  if (response.ok) return response;
  let message = `${response.status} ${response.statusText}`;
  try { message = (await response.json()).error.message; } catch { /* not our JSON: the status has to do */ }
  throw Object.assign(new Error(message), { status: response.status });
}

export const getJSON = async (path, options) => (await request(path, options)).json();

export const postJSON = (path, body) => getJSON(path, {
  method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
});

export function showError(id, error) {
  byID(id).textContent = error ? error.message : "";
  byID(id).hidden = !error;
}

// Tells people who can't see it what has happened.
export function announce(text) { byID("announcements").textContent = text; }

// Server-Sent Events from a response body: calls handle(event, data) for each.
export async function readEvents(response, handle) {
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

export const duration = (seconds) => seconds < 90 ? `${Math.ceil(seconds)} s`
  : seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
