// Jobs with their progress as it happens: true counts, reasons of failed items, and what can be done about them.

import { announce, button, byID, collection, duration, element, getJSON, readEvents, request } from "/page.js";

const isFinal = (job) => ["succeeded", "failed", "cancelled"].includes(job.state);
const shownItems = 200;
const shownJobs = 10;

// Cards by job id, and the jobs whose events are being read.
const cards = new Map();
const watched = new Set();
let onEnd = () => {};

// Calls `action` whenever a job of the collection has ended.
export function whenJobsEnd(action) { onEnd = action; }

// Shows the collection's jobs, and goes on watching those that haven't ended.
export async function loadJobs() {
  cards.clear();
  byID("jobs").replaceChildren();
  if (!collection()) return;
  const name = collection();
  let jobs = [];
  try {
    jobs = (await getJSON(`/v1/jobs?collection=${encodeURIComponent(name)}`)).jobs ?? [];
  } catch (error) {
    if (error.status !== 404 && error.status !== 405) throw error;
  }
  if (collection() !== name) return;
  for (const job of jobs.slice(0, shownJobs).reverse()) {
    show(job);
    if (!isFinal(job)) watch(job.id, name);
  }
}

// Shows a new job and follows it to its end.
export function follow(job) {
  show(job);
  return watch(job.id, collection());
}

async function watch(id, name) {
  if (watched.has(id)) return;
  watched.add(id);
  try {
    await readEvents(await request(`/v1/jobs/${id}/events`), (event, data) => {
      if (event === "error") throw new Error(data.error.message);
      if (collection() === name) show(data);
      if (event === "done") announce(`Job ${id} ${data.state}: ${counts(data)}`);
    });
  } finally {
    watched.delete(id);
    if (collection() === name) onEnd();
  }
}

function counts(job) {
  const progress = job.progress;
  // A crawl, or an archive that isn't opened yet, may find more.
  const more = progress.total_is_final === false && !isFinal(job) ? " or more" : "";
  const parts = [`${progress.done} of ${progress.total}${more}`];
  for (const name of ["unchanged", "skipped", "removed", "failed"]) {
    if (progress[name]) parts.push(`${progress[name]} ${name}`);
  }
  return parts.join(", ");
}

function show(job) {
  let card = cards.get(job.id);
  if (!card) {
    card = makeCard(job);
    cards.set(job.id, card);
    byID("jobs").prepend(card.node);
  }
  const state = job.paused && !isFinal(job) ? "paused" : job.state;
  const eta = !isFinal(job) && job.eta_s != null ? `, about ${duration(job.eta_s)} left` : "";
  card.bar.max = Math.max(job.progress.total, 1);
  card.bar.value = job.progress.done;
  card.counts.textContent = `${state}: ${counts(job)}${eta}`;
  card.error.textContent = job.error ?? job.not_removed_reason ?? "";
  card.cancel.hidden = isFinal(job);
  // A server of an earlier version knows no pauses.
  const canPause = "paused" in job;
  card.pause.hidden = !canPause || isFinal(job) || job.paused;
  card.resume.hidden = !canPause || isFinal(job) || !job.paused;
  card.retry.hidden = !canPause || !isFinal(job) || !job.progress.failed;
  if (job.items?.length) showItems(card, job.items);
  else card.details.hidden = !job.progress.total;
}

function makeCard(job) {
  const act = (action) => async () => {
    const reply = await getJSON(`/v1/jobs/${job.id}/${action}`, { method: "POST" });
    const changed = reply.job ?? reply;
    show(changed);
    if (!isFinal(changed)) watch(job.id, collection());
  };
  const card = {
    bar: element("progress", { value: 0, max: 1, ariaLabel: `Progress of job ${job.id}` }),
    counts: element("span", { className: "job-counts" }),
    error: element("p", { className: "error" }),
    list: element("ul", { className: "job-items" }),
    summary: element("summary", { textContent: "Files and pages" }),
    pause: button("Pause", act("pause"), "jobs-error", { hidden: true }),
    resume: button("Resume", act("resume"), "jobs-error", { hidden: true }),
    retry: button("Retry failed", act("retry"), "jobs-error", { hidden: true }),
    cancel: button("Cancel", async () => show(await getJSON(`/v1/jobs/${job.id}`, { method: "DELETE" })), "jobs-error"),
  };
  card.details = element("details", {}, card.summary, card.list);
  card.details.ontoggle = async () => {
    // Listings come without items.
    if (card.details.open && !card.list.children.length) showItems(card, (await getJSON(`/v1/jobs/${job.id}`)).items);
  };
  card.node = element("li", { className: "job" },
    element("div", { className: "job-head" },
      element("strong", { textContent: `${job.kind} ${job.id}` }), card.counts,
      card.pause, card.resume, card.retry, card.cancel),
    card.bar, card.error, card.details);
  return card;
}

// What went wrong first, then what was passed over, then the latest of the rest.
function showItems(card, items) {
  const failed = items.filter((item) => item.state === "failed");
  const skipped = items.filter((item) => item.state !== "failed" && item.error);
  const rest = items.filter((item) => !item.error).reverse();
  const shown = [...failed, ...skipped, ...rest].slice(0, shownItems);
  card.details.hidden = false;
  card.summary.textContent = failed.length ? `Files and pages, ${failed.length} failed` : "Files and pages";
  card.list.replaceChildren(...shown.map((item) => element("li", {
    textContent: `${item.id}: ${item.state}${item.error ? ` (${item.error})` : ""}`,
    className: item.state === "failed" ? "error" : "",
  })));
  if (items.length > shown.length) {
    card.list.append(element("li", { className: "quiet", textContent: `… and ${items.length - shown.length} more` }));
  }
}
