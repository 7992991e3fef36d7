// Joins the parts: what is clicked, dragged and typed becomes sound, cursor and words. Does not know where the
// song comes from: whoever has it opens the page.
"use strict";

const SPEED_STEP = 0.05;
const HANDS_OFF_MS = 4000; // after somebody scrolls, the page does not for a while
const DRAG_PX = 6;

// `fontUrl` is the music font's; `recording` gives the URL of the recording or a promise of it, null without one.
function openPage(data, fontUrl, recording) {
  const song = new Song(data);
  showFacts(song);
  showLegend(song);
  const sources = { recording, synth: () => wavUrl(renderSynth(song.notes), SYNTH_RATE) };
  const timeline = new Timeline(song, byId("timeline"));
  const page = { song, timeline, chosen: null, loopStart: null, scrolled: 0, drawn: -1 };
  page.player = new Player(song, sources, () => refresh(page));
  byId("recording").disabled = !recording;
  if (!recording) {
    byId("recording").title = `No recording: ${song.data.recording_lack}.`;
    byId("no-recording").hidden = false;
    const why = song.data.recording_lack;
    byId("no-recording").textContent = `The recording is not in this page (${why}); the synth plays.`;
  }
  window.fretscribe = page; // for whoever looks into the page: its tests, and the curious
  wireButtons(page);
  wireTimeline(page);
  wireKeys(page);
  showPlayer(page.player);
  // The head and the outline are on the screen before the heavy part begins.
  requestAnimationFrame(() => setTimeout(() => engrave(page, fontUrl)));
}

function engrave(page, fontUrl) {
  const ready = () => {
    byId("score").setAttribute("aria-busy", "false");
    page.engraving.choose(page.chosen);
    page.engraving.markRange(page.player.loop);
    page.engraving.moveCursor(page.player.time);
    page.ready = true;
  };
  const failed = (error) => {
    byId("score").setAttribute("aria-busy", "false");
    byId("score").textContent = `The tab could not be engraved: ${error.message}`;
    console.error(error);
  };
  try {
    page.engraving = new Engraving(page.song, byId("score"), fontUrl, ready, failed);
    wireScore(page);
    preparePaper(page.engraving, byId("paper"));
  } catch (error) {
    failed(error); // what was heard can be played all the same
  }
  const { recording } = page.player.sources;
  page.player.use(recording ? "recording" : "synth").catch((error) => {
    if (!recording) throw error;
    say("This browser cannot decode the recording; the synth plays.");
    byId("recording").disabled = true;
    return page.player.use("synth");
  });
  const frame = () => {
    page.player.keepLoop();
    if (page.player.time !== page.drawn) move(page);
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}

// After whatever changed in the player.
function refresh(page) {
  showPlayer(page.player);
  move(page);
  if (page.ready) page.engraving.markRange(page.player.loop);
}

// After time went on.
function move(page) {
  const { player, engraving, timeline, song } = page;
  showPlace(song, player);
  timeline.draw(player.time, player.loop);
  page.drawn = player.time;
  if (!page.ready) return;
  engraving.moveCursor(player.time);
  if (player.playing && performance.now() - page.scrolled > HANDS_OFF_MS) follow(page);
}

function follow(page) {
  page.engraving.follow(page.player.time, byId("transport").offsetHeight);
}

function goTo(page, time) {
  page.player.seek(time);
  page.scrolled = 0;
  if (page.ready) follow(page);
}

function choose(page, note) {
  page.chosen = note;
  showNote(page.song, note);
  if (page.ready) page.engraving.choose(note);
  page.noteChosen?.(note); // for whoever adds to the panel
}

// Chooses the next note of whom nobody is sure, or the one before; round and round.
function nextDoubtful(page, step) {
  const doubtful = ["doubtful", "likely"].map((name) => page.song.inBand(name)).find((notes) => notes.length);
  if (!doubtful) return say("No note is in doubt.");
  const at = page.chosen ? page.chosen.start_s : page.player.time;
  const next = step > 0
    ? doubtful.find((note) => note.start_s > at + 1e-4) ?? doubtful[0]
    : doubtful.findLast((note) => note.start_s < at - 1e-4) ?? doubtful.at(-1);
  choose(page, next);
  goTo(page, next.start_s);
  return undefined;
}

function setLoopEnd(page, end) {
  if (end === "start") {
    page.loopStart = page.player.time;
    const old = page.player.loop;
    page.player.setLoop(old && old.end > page.loopStart ? { start: page.loopStart, end: old.end } : null);
    if (!page.player.loop) say(`Loop from ${clock(page.loopStart)}: set its end with ]`);
    return;
  }
  const start = page.player.loop?.start ?? page.loopStart ?? page.song.barTimes[page.song.barAt(page.player.time)];
  page.player.setLoop({ start, end: page.player.time });
  if (!page.player.loop) say("A loop ends after it starts.");
}

function clearLoop(page) {
  page.loopStart = null;
  page.player.setLoop(null);
}

function moveBeat(page, step) {
  const { times } = page.engraving;
  const here = lastAtOrBefore(times, page.player.time + 1e-3);
  goTo(page, Math.max(0, times[Math.min(Math.max(here + step, 0), times.length - 1)]));
}

function moveBar(page, step) {
  const { song, player } = page;
  const bar = song.barAt(player.time);
  const back = step < 0 && player.time - song.barTimes[bar] > 0.5 ? 0 : step;
  goTo(page, Math.max(0, song.barTimes[Math.min(Math.max(bar + back, 0), song.nBars - 1)]));
}

function flipTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : window.matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  window.fretscribe.timeline.draw();
}

function flipColours() {
  const off = document.body.classList.toggle("plain");
  press("colours", !off);
}

function flipNotation(page) {
  if (!page.ready) return;
  const shown = byId("notation").getAttribute("aria-pressed") !== "true";
  press("notation", shown);
  page.engraving.showNotation(shown);
}

function flipCountIn(page) {
  page.player.countIn = !page.player.countIn;
  showPlayer(page.player);
  say(page.player.countIn ? "Counts in." : "Does not count in.");
}

function showKeys() {
  byId("keys").showModal();
  byId("keys").scrollTop = 0; // on a phone the button at its end has the focus
}

function flipSource(page) {
  if (byId("recording").disabled) return;
  page.player.use(page.player.source === "synth" ? "recording" : "synth");
}

function wireButtons(page) {
  const { player } = page;
  const does = {
    play: () => player.toggle(),
    rewind: () => goTo(page, player.loop?.start ?? 0),
    "loop-start": () => setLoopEnd(page, "start"),
    "loop-end": () => setLoopEnd(page, "end"),
    "loop-clear": () => clearLoop(page),
    "count-in": () => flipCountIn(page),
    recording: () => player.use("recording"),
    synth: () => player.use("synth"),
    notation: () => flipNotation(page),
    colours: flipColours,
    theme: flipTheme,
    print: () => window.print(),
    help: showKeys,
    "next-doubtful": () => nextDoubtful(page, 1),
    "note-close": () => choose(page, null),
  };
  for (const [id, act] of Object.entries(does)) {
    byId(id).addEventListener("click", (event) => {
      act();
      if (event.detail) event.currentTarget.blur(); // after a mouse the space key plays; after a key it stays here
    });
  }
  byId("speed").addEventListener("input", (event) => player.setSpeed(event.target.valueAsNumber / 100));
  for (const type of ["wheel", "touchmove"]) {
    window.addEventListener(type, () => (page.scrolled = performance.now()), { passive: true });
  }
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => page.timeline.draw());
}

// A click seeks; a drag makes a loop.
function onDrag(target, at, clicked, dragged) {
  let first = null;
  target.addEventListener("pointerdown", (event) => {
    if (event.button === 0) first = { x: event.clientX, y: event.clientY };
  });
  target.addEventListener("pointerup", (event) => {
    if (!first) return;
    const [from, to] = [at(first.x, first.y), at(event.clientX, event.clientY)];
    const far = Math.hypot(event.clientX - first.x, event.clientY - first.y) > DRAG_PX;
    first = null;
    if (from === null || to === null) return;
    if (far) dragged(from, to);
    else clicked(to);
  });
  target.addEventListener("pointercancel", () => (first = null)); // a finger that scrolls
}

function wireTimeline(page) {
  const { timeline, player } = page;
  const loop = (from, to) => {
    player.setLoop({ start: Math.min(from, to), end: Math.max(from, to) });
    player.seek(Math.min(from, to));
  };
  onDrag(byId("timeline"), (x) => timeline.timeOf(x), (time) => goTo(page, time), loop);
}

function wireScore(page) {
  const { player, engraving } = page;
  const clicked = ({ note, time }) => {
    choose(page, note);
    goTo(page, Math.max(0, note ? note.start_s : time));
  };
  const dragged = (from, to) => {
    const start = Math.max(0, Math.min(from.time, to.time));
    player.setLoop({ start, end: Math.max(from.end, to.end) });
    player.seek(start);
  };
  onDrag(byId("score"), (x, y) => engraving.at(x, y), clicked, dragged);
}

function wireKeys(page) {
  const { player } = page;
  const does = {
    " ": () => player.toggle(),
    ArrowLeft: () => moveBeat(page, -1),
    ArrowRight: () => moveBeat(page, 1),
    "shift+ArrowLeft": () => moveBar(page, -1),
    "shift+ArrowRight": () => moveBar(page, 1),
    Home: () => goTo(page, 0),
    "[": () => setLoopEnd(page, "start"),
    "]": () => setLoopEnd(page, "end"),
    "\\": () => clearLoop(page),
    "+": () => player.setSpeed(player.speed + SPEED_STEP),
    "=": () => player.setSpeed(player.speed + SPEED_STEP),
    "-": () => player.setSpeed(player.speed - SPEED_STEP),
    n: () => nextDoubtful(page, 1),
    "shift+N": () => nextDoubtful(page, -1),
    c: () => flipCountIn(page),
    s: () => flipSource(page),
    v: () => flipNotation(page),
    k: flipColours,
    d: flipTheme,
    "?": showKeys,
    Escape: () => choose(page, null),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const { target, key } = event;
    const ownKeys = target.type === "range" ? /^(Arrow|Home)/ : target.tagName === "BUTTON" ? /^ $/ : null;
    if (ownKeys?.test(key)) return; // a slider and a button keep theirs
    const act = does[event.shiftKey ? `shift+${key}` : key] ?? does[key];
    if (!act || (!page.ready && /Arrow/.test(key))) return;
    event.preventDefault();
    act();
  });
}
