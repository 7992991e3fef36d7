// Joins the page of a tab and its mending: what is clicked and typed becomes edits.
"use strict";

const SHIFT = "1/4"; // of a beat
const FINEST_ADDED = 4; // parts of a beat where new notes may stand

function openStudio() {
  const data = JSON.parse(byId("data").textContent);
  placeParts();
  const recording = data.recording ? () => recordingOf(data) : null;
  openPage(data, new URL("../static/Bravura.woff2", location).href, recording);
  const page = window.fretscribe;
  const mending = new Mending(page, () => showMending(mending));
  page.mending = mending;
  page.noteChosen = (note) => showNoteMending(mending, note);
  wireMending(mending);
  wireMendingKeys(mending);
  fillOnce(mending);
  showMending(mending);
}

async function recordingOf(data) {
  const answer = await fetch(`../api/jobs/${data.editing.job}/recording`);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  return wavUrl(await decoded(bytes, data.recording.duration_s), SYNTH_RATE);
}

function placeParts() {
  document.querySelector(".head").append(byId("mending"));
  byId("note").append(byId("note-mending"));
  byId("whole").open = window.innerWidth > 720; // a phone has no room for all of it
  byId("keys").querySelector("tbody").append(byId("mending-keys").content);
}

// Runs what a hand wants; what the studio says against it is said aloud.
async function attempt(action) {
  try {
    return await action();
  } catch (error) {
    say(error.message);
    return null;
  }
}

function fillOnce(mending) {
  const { formats } = mending.page.song.data.editing;
  byId("save").append(...formats.map((format) => new Option(format.suffix, format.name)));
  const toggles = Object.entries(TECHNIQUES).map(([name, text]) => {
    const toggle = element("button", "", text);
    toggle.dataset.name = name;
    toggle.addEventListener("click", () => attempt(() => flipTechnique(mending, name)));
    return toggle;
  });
  byId("techniques").append(...toggles);
}

// After whatever changed in the tab.
function showMending(mending) {
  const { page, busy, comparing } = mending;
  const { tuning, tempo_bpm: tempo, meter } = page.song.data;
  const still = busy || comparing !== null;
  byId("mending").setAttribute("aria-busy", String(busy));
  byId("undo").disabled = still || mending.state === 0;
  byId("redo").disabled = still || mending.state === mending.last;
  byId("first").disabled = busy || (!comparing && mending.state === 0);
  byId("learn").disabled = still || !page.song.notes.length;
  byId("add").disabled = still || tempo === null;
  press("first", comparing !== null);
  document.body.classList.toggle("comparing", comparing !== null);
  if (busy) return;
  const { warnings } = page.song.data;
  byId("warnings").hidden = !warnings.length;
  byId("warnings").textContent = warnings.join("; ");
  const form = byId("anew");
  form.tuning.value = tuning.name;
  form.capo.value = tuning.capo;
  form.bpm.value = tempo ?? "";
  form.meter.value = meter ?? "";
  for (const field of form.elements) field.disabled = still;
  rechoose(page);
}

// The note of the new state that stands where the chosen one stood.
function rechoose(page) {
  const old = page.chosen;
  if (!old || page.song.notes.includes(old)) return;
  const near = page.song.notes.filter((note) => Math.abs(note.start_s - (page.wanted_s ?? old.start_s)) < 0.02);
  const same = near.find((note) => note.pitch === old.pitch) ?? near.find((note) => note.string === old.string);
  page.wanted_s = null;
  choose(page, same ?? null);
}

async function showNoteMending(mending, note) {
  const panel = byId("note-mending");
  panel.hidden = !note || mending.comparing !== null;
  if (panel.hidden) return;
  for (const toggle of byId("techniques").children) {
    toggle.setAttribute("aria-pressed", String(note.techniques.includes(toggle.dataset.name)));
  }
  const positions = await attempt(() => mending.positions(note));
  if (!positions || mending.page.chosen !== note) return; // another note was chosen in the meantime
  mending.places = positions;
  byId("places").replaceChildren(...positions.map((place, i) => placeButton(mending, note, place, i)));
}

function placeButton(mending, note, place, i) {
  const { song } = mending.page;
  const share = place.p ?? 0;
  const here = place.string === note.string && place.fret === note.fret;
  const made = element("button", "place");
  made.style.setProperty("--share", share);
  made.setAttribute("aria-pressed", String(here));
  made.title = i < 9 ? `Play it here (${i + 1})` : "Play it here";
  made.append(
    element("span", "", `${stringText(song, place.string)}, fret ${place.fret}`),
    element("span", "share", share < 0.01 ? "under 1 %" : percent(share)),
  );
  made.addEventListener("click", () => attempt(() => placeAt(mending, place)));
  return made;
}

// --- edits of the chosen note ---

function chosenIndex(mending) {
  const { chosen, song } = mending.page;
  return chosen ? song.notes.indexOf(chosen) : -1;
}

// Why the chosen note cannot be mended; null where it can.
function whyNot(mending) {
  if (chosenIndex(mending) < 0) return "Choose a note first.";
  if (mending.comparing) return "This is what was heard first: press a for your own.";
  return null;
}

async function editChosen(mending, edit, wanted_s = null) {
  const refusal = whyNot(mending);
  if (refusal) return say(refusal);
  mending.page.wanted_s = wanted_s;
  return mending.edit({ ...edit, note: chosenIndex(mending) });
}

async function placeAt(mending, { string, fret }) {
  return editChosen(mending, { kind: "place", string, fret });
}

async function moveFret(mending, by) {
  const note = mending.page.chosen;
  if (!note) return say("Choose a note first.");
  if (note.fret + by < 0) return say("It is the open string.");
  return placeAt(mending, { string: note.string, fret: note.fret + by });
}

async function shift(mending, sign) {
  const { chosen: note, song } = mending.page;
  if (!note) return say("Choose a note first.");
  const wanted = song.timeAt(song.beatAt(note.start_s) + (sign === "-" ? -0.25 : 0.25));
  return editChosen(mending, { kind: "shift", beats: `${sign}${SHIFT}` }, wanted);
}

// Beats that were heard half a beat off, or bars that begin elsewhere: all of them move there.
async function beginBar(mending) {
  const refusal = whyNot(mending);
  if (refusal) return say(refusal);
  const { chosen, song } = mending.page;
  if (song.data.tempo_bpm === null) return say("There are no beats to move.");
  return mending.edit({ kind: "retab", downbeat_s: chosen.start_s });
}

async function removeChosen(mending) {
  return editChosen(mending, { kind: "delete" });
}

async function flipTechnique(mending, name) {
  const had = mending.page.chosen?.techniques ?? [];
  const techniques = had.includes(name) ? had.filter((other) => other !== name) : [...had, name];
  return editChosen(mending, { kind: "techniques", techniques });
}

// --- a new note, the whole tab ---

function addNote(mending, time) {
  const { song } = mending.page;
  const form = byId("adding").querySelector("form");
  const beat = Math.max(0, Math.round(song.beatAt(time) * FINEST_ADDED) / FINEST_ADDED);
  form.string.replaceChildren(
    ...song.data.tuning.strings.map((_, string) => new Option(stringText(song, string), string)).reverse(),
  );
  if (mending.page.chosen) form.string.value = String(mending.page.chosen.string);
  byId("adding-where").textContent = `Bar ${song.barAt(song.timeAt(beat)) + 1}, at ${clock(song.timeAt(beat))}`;
  byId("adding").returnValue = "";
  byId("adding").showModal();
  byId("adding").onclose = () => {
    if (byId("adding").returnValue !== "add") return;
    const edit = {
      kind: "add",
      string: Number(form.string.value),
      fret: Number(form.fret.value),
      onset_beats: `${Math.round(beat * FINEST_ADDED)}/${FINEST_ADDED}`,
      duration_beats: form.duration.value,
    };
    attempt(() => mending.edit(edit));
  };
}

async function fingerAnew(mending) {
  const { tuning, tempo_bpm: tempo, meter } = mending.page.song.data;
  const form = byId("anew");
  const edit = { kind: "retab" };
  if (form.tuning.value.trim() !== tuning.name) edit.tuning = form.tuning.value.trim();
  if (Number(form.capo.value) !== tuning.capo) edit.capo = Number(form.capo.value);
  if (form.bpm.value && Number(form.bpm.value) !== tempo) edit.bpm = Number(form.bpm.value);
  if (form.meter.value.trim() && form.meter.value.trim() !== meter) edit.meter = form.meter.value.trim();
  if (Object.keys(edit).length === 1) return say("Change one of the boxes first.");
  return mending.edit(edit);
}

// What the tab as it is now says of the player's habits; asked first how much of it was looked at.
function learn(mending) {
  const dialog = byId("learning");
  dialog.returnValue = "";
  dialog.onclose = () => {
    if (!dialog.returnValue) return;
    const json = { state: mending.state, all_seen: dialog.returnValue === "all" };
    attempt(async () => {
      const { learned } = await ask(`${mending.address}/learn`, { method: "POST", json });
      say(`Learned: ${Object.entries(learned).map(([kind, n]) => `${n} ${kind}`).join(", ")}.`);
    });
  };
  dialog.showModal();
}

// Saved by the browser; what the format could not hold is said.
async function save(mending, format) {
  const answer = await fetch(`${mending.address}/files/${format}`);
  if (!answer.ok) {
    const told = await answer.json();
    throw new Error(told.mend ? `${told.error}: ${told.mend}` : told.error);
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = decodeURIComponent(answer.headers.get("content-disposition").split("UTF-8''")[1]);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  const lost = decodeURIComponent(answer.headers.get("x-losses"));
  say(lost || `Saved ${link.download}.`);
}

function wireMending(mending) {
  const does = {
    undo: () => mending.step(-1),
    redo: () => mending.step(1),
    first: () => mending.compare(),
    add: () => addNote(mending, mending.page.player.time),
    learn: () => learn(mending),
    earlier: () => shift(mending, "-"),
    later: () => shift(mending, ""),
    lower: () => moveFret(mending, -1),
    higher: () => moveFret(mending, 1),
    delete: () => removeChosen(mending),
    "begin-bar": () => beginBar(mending),
  };
  for (const [id, act] of Object.entries(does)) byId(id).addEventListener("click", () => attempt(act));
  byId("anew").addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(() => fingerAnew(mending));
  });
  byId("save").addEventListener("change", (event) => {
    const format = event.target.value;
    event.target.value = "";
    event.target.blur(); // the keys are the player's again
    if (format) attempt(() => save(mending, format));
  });
  byId("score").addEventListener("dblclick", (event) => {
    const place = mending.page.engraving?.at(event.clientX, event.clientY);
    if (place && !place.note && !mending.comparing) addNote(mending, place.time);
  });
  // What is typed into a box is no key of the player's.
  for (const id of ["mending", "adding"]) {
    byId(id).addEventListener("keydown", (event) => {
      if (event.target.matches("input, select")) event.stopPropagation();
    });
  }
}

function wireMendingKeys(mending) {
  const does = {
    ",": () => shift(mending, "-"),
    ".": () => shift(mending, ""),
    ArrowDown: () => moveFret(mending, -1),
    ArrowUp: () => moveFret(mending, 1),
    Delete: () => removeChosen(mending),
    Backspace: () => removeChosen(mending),
    a: () => mending.compare(),
    b: () => beginBar(mending),
    i: () => addNote(mending, mending.page.player.time),
    "ctrl+z": () => mending.step(-1),
    "ctrl+shift+z": () => mending.step(1),
    "ctrl+y": () => mending.step(1),
  };
  for (let i = 0; i < 9; i++) {
    does[i + 1] = () => mending.places?.[i] && placeAt(mending, mending.places[i]);
  }
  document.addEventListener("keydown", (event) => {
    if (event.altKey || document.querySelector("dialog[open]")) return;
    const held = `${event.ctrlKey || event.metaKey ? "ctrl+" : ""}${event.shiftKey && event.ctrlKey ? "shift+" : ""}`;
    const act = does[held + event.key.replace(/^[A-Z]$/, (letter) => letter.toLowerCase())];
    const needsNote = /^(Arrow|Delete|Backspace|[1-9,.b]$)/.test(event.key);
    if (!act || (needsNote && !mending.page.chosen) || !mending.page.ready) return;
    event.preventDefault();
    attempt(act);
  });
}

openStudio();
