// Taking documents in: files, folders and archives, dropped or chosen; a look at a file before it is added; crawls.

import { announce, byID, collection, collectionPath, getJSON, postJSON, showError } from "/page.js";
import { follow } from "/jobs.js";
import { openPreviews } from "/viewer.js";

// A request holds so much at most; more files go in several.
const mostFiles = 1000;
const mostBytes = 64 << 20;

function* batches(files) {
  let batch = [];
  let size = 0;
  for (const entry of files) {
    if (batch.length && (batch.length >= mostFiles || size + entry.file.size > mostBytes)) {
      yield batch;
      [batch, size] = [[], 0];
    }
    batch.push(entry);
    size += entry.file.size;
  }
  if (batch.length) yield batch;
}

// Uploads `files`, each {file, name} with its path as the name.
async function upload(files) {
  if (!files.length) return;
  showError("intake-error", null);
  if (!collection()) throw new Error("Create a collection first, then add documents to it.");
  const isSync = byID("upload-sync").checked;
  const parts = [...batches(files)];
  // Each request is a job, and a job that syncs takes what it wasn't given for gone.
  if (isSync && parts.length > 1) {
    throw new Error("To remove what is gone, all files have to come at once: send a zip, or use 'docent ingest --sync'.");
  }
  announce(`Uploading ${files.length} files`);
  for (const batch of parts) {
    const form = new FormData();
    for (const { file, name } of batch) form.append("file", file, name);
    const { job } = await getJSON(
      `${collectionPath()}/documents${isSync ? "?sync=true" : ""}`, { method: "POST", body: form });
    follow(job).catch((error) => showError("jobs-error", error));
  }
}

const report = (error) => showError("intake-error", error);
const chosen = (list) => [...list].map((file) => ({ file, name: file.webkitRelativePath || file.name }));

// The files of what was dropped; folders are walked through.
async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return chosen(transfer.files);
  const found = [];
  while (entries.length) {
    const entry = entries.shift();
    if (entry.isFile) {
      const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
      found.push({ file, name: entry.fullPath.replace(/^\//, "") });
    } else {
      const reader = entry.createReader();
      for (;;) {
        const part = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
        if (!part.length) break;
        entries.push(...part);
      }
    }
  }
  return found;
}

async function preview(file) {
  showError("intake-error", null);
  const query = new URLSearchParams({ file_name: file.name });
  if (collection()) query.set("collection", collection());
  const headers = { "Content-Type": file.type || "application/octet-stream" };
  const reply = await getJSON(`/v1/preview?${query}`, { method: "POST", headers, body: file });
  openPreviews(reply.documents ?? [reply], reply.left_out ?? 0, () => upload(chosen([file])).catch(report));
}

async function crawl() {
  showError("intake-error", null);
  if (!collection()) throw new Error("Create a collection first, then crawl into it.");
  const body = {
    url: byID("crawl-url").value.trim(), max_pages: Number(byID("crawl-pages").value),
    delay_ms: Number(byID("crawl-delay").value), scope: byID("crawl-scope").value, sync: byID("crawl-sync").checked,
  };
  const { job } = await postJSON(`${collectionPath()}/crawl`, body);
  byID("crawl-url").value = "";
  announce(`Crawling ${body.url}`);
  follow(job).catch((error) => showError("jobs-error", error));
}

// Connects the controls.
export function connectIntake() {
  for (const id of ["files", "folder"]) {
    byID(id).onchange = (event) => {
      const files = chosen(event.target.files);
      event.target.value = "";
      upload(files).catch(report);
    };
  }
  byID("preview-file").onchange = (event) => {
    const [file] = event.target.files;
    event.target.value = "";
    if (file) preview(file).catch(report);
  };
  byID("choose-files").onclick = () => byID("files").click();
  byID("choose-folder").onclick = () => byID("folder").click();
  byID("choose-preview").onclick = () => byID("preview-file").click();
  const drop = byID("drop");
  drop.ondragover = (event) => { event.preventDefault(); drop.classList.add("over"); };
  drop.ondragleave = () => drop.classList.remove("over");
  drop.ondrop = (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    dropped(event.dataTransfer).then(upload).catch(report);
  };
  byID("crawl").onsubmit = (event) => {
    event.preventDefault();
    crawl().catch(report);
  };
}
