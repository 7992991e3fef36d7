// The page of all jobs: recordings are dropped, progress moves, tabs are opened.
"use strict";

const RUNNING = { queued: true, running: true };
const home = { rows: new Map(), source: null, awaited: null, recorder: null };

function byId(id) {
  return document.getElementById(id);
}

function element(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function trouble(error) {
  byId("trouble").hidden = !error;
  byId("trouble").textContent = error?.message ?? "";
}

// Runs what a click or a drop wants; what the studio says against it is shown.
async function attempt(action) {
  trouble(null);
  try {
    return await action();
  } catch (error) {
    trouble(error);
    return null;
  }
}

async function refresh() {
  const { jobs } = await ask("api/jobs");
  for (const [id, row] of home.rows) {
    if (jobs.some((job) => job.id === id)) continue;
    row.remove();
    home.rows.delete(id);
  }
  for (const job of jobs) show(job);
  byId("none").hidden = jobs.length > 0;
  follow(jobs.find((job) => RUNNING[job.state]));
}

// A browser keeps few connections open; one job runs at a time, so one is enough.
function follow(job) {
  if (job && home.source?.job === job.id && home.source.readyState !== EventSource.CLOSED) return;
  home.source?.close();
  home.source = null;
  if (!job) return;
  const source = new EventSource(`api/jobs/${job.id}/events`);
  source.job = job.id;
  home.source = source;
  source.addEventListener("message", (event) => {
    const told = JSON.parse(event.data);
    show(told);
    if (RUNNING[told.state]) return;
    source.close();
    if (told.state === "done" && told.id === home.awaited) location.href = `jobs/${told.id}`;
    else attempt(refresh);
  });
}

// A row is made once and changed in place: a button that is replaced under the finger is not clicked.
function rowOf(job) {
  const row = document.createElement("li");
  row.name = row.appendChild(element("span", "name", job.name));
  row.words = row.appendChild(element("span", "what"));
  row.words.setAttribute("aria-live", "polite");
  row.button = row.appendChild(element("button", ""));
  row.button.type = "button";
  row.button.addEventListener("click", () => act(row.job));
  row.bar = row.appendChild(element("progress", ""));
  row.bar.max = 1;
  row.draft = null;
  home.rows.set(job.id, row);
  byId("jobs").prepend(row);
  return row;
}

function show(job) {
  const row = home.rows.get(job.id) ?? rowOf(job);
  row.job = job;
  row.className = job.state;
  if (job.state === "done" && row.name.tagName !== "A") {
    const link = element("a", "name", job.name);
    link.href = `jobs/${job.id}`;
    row.name.replaceWith(link);
    row.name = link;
  }
  row.words.textContent = words(job);
  row.button.textContent = RUNNING[job.state] ? "Cancel" : "Delete";
  row.button.setAttribute("aria-label", `${row.button.textContent} ${job.name}`);
  row.bar.hidden = job.state !== "running";
  row.bar.value = job.share;
  row.bar.setAttribute("aria-label", `${job.name}: ${job.stage}`);
  showDraft(row, job);
}

// What was heard so far, until the tab is there.
function showDraft(row, job) {
  if (job.state !== "running") {
    row.draft?.element.remove();
    row.draft = null;
  } else if (job.draft) {
    row.draft ??= new DraftTab();
    if (!row.draft.element.isConnected) row.append(row.draft.element);
    row.draft.take(job.draft);
  }
}

function words(job) {
  if (job.state === "running") return `${job.stage} · ${Math.round(100 * job.share)} %`;
  if (job.state === "failed") return job.message;
  return { queued: "waits for its turn", done: "ready", cancelled: "cancelled" }[job.state];
}

// Cancels a job that goes on, deletes one that has ended.
function act(job) {
  const running = RUNNING[job.state];
  if (!running && !confirm(`Delete ${job.name} and its tab?`)) return;
  const asked = running ? [`api/jobs/${job.id}/cancel`, "POST"] : [`api/jobs/${job.id}`, "DELETE"];
  attempt(() => ask(asked[0], { method: asked[1] }).then(refresh));
}

// What the player knows of the recording, as options of the pipeline.
function known() {
  const options = {};
  for (const [name, text] of new FormData(byId("new"))) {
    if (!text || typeof text !== "string") continue;
    options[name] = name === "capo" || name === "bpm" ? Number(text) : text;
  }
  return options;
}

async function sendFiles(files) {
  for (const file of files) {
    const query = new URLSearchParams({ name: file.name, options: JSON.stringify(known()) });
    const type = "application/octet-stream";
    const job = await ask(`api/jobs?${query}`, { method: "POST", body: file, type });
    home.awaited = files.length === 1 ? job.id : null;
    await refresh();
  }
}

async function sendPath(path) {
  const job = await ask("api/jobs", { method: "POST", json: { path, options: known() } });
  home.awaited = job.id;
  byId("path").value = "";
  await refresh();
}

// The microphone as it is: what telephones do for voices spoils a guitar.
async function startRecording() {
  const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const stream = await navigator.mediaDevices.getUserMedia({ audio }).catch((error) => {
    throw new Error(`There is no microphone to record with: ${error.message}`);
  });
  const recorder = new MediaRecorder(stream, { audioBitsPerSecond: 192_000 });
  const parts = [];
  const began = Date.now();
  const timer = setInterval(() => showRecording((Date.now() - began) / 1000), 250);
  recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
  recorder.addEventListener("stop", () => {
    clearInterval(timer);
    for (const track of stream.getTracks()) track.stop();
    home.recorder = null;
    showRecording(null);
    const suffix = recorder.mimeType.includes("mp4") ? "m4a" : "webm";
    const name = `Take ${new Date().toLocaleString("sv").replaceAll(":", ".")}.${suffix}`;
    attempt(() => sendFiles([new File(parts, name)]));
  });
  home.recorder = recorder;
  recorder.start();
  showRecording(0);
}

function showRecording(seconds) {
  byId("record").setAttribute("aria-pressed", String(seconds !== null));
  const time = seconds === null ? "" : `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
  byId("record-text").textContent = seconds === null ? "Record" : `Stop ${time}`;
}

function start() {
  const drop = byId("drop");
  byId("file").addEventListener("change", (event) => {
    const files = [...event.target.files];
    event.target.value = "";
    attempt(() => sendFiles(files));
  });
  byId("new").addEventListener("submit", (event) => {
    event.preventDefault();
    const path = byId("path").value.trim();
    if (path) attempt(() => sendPath(path));
  });
  byId("record").addEventListener("click", () => {
    if (home.recorder) home.recorder.stop();
    else attempt(startRecording);
  });
  for (const type of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(type, (event) => {
      event.preventDefault();
      drop.classList.toggle("over", type === "dragover");
    });
  }
  document.addEventListener("drop", (event) => {
    const files = [...event.dataTransfer.files];
    if (files.length) attempt(() => sendFiles(files));
  });
  drop.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") byId("file").click();
  });
  attempt(refresh);
}

start();
