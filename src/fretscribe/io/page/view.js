// What the page tells in words: the facts of the song, the legend, the note that was chosen.
// Texts of files become text nodes and nothing else.
"use strict";

const READING_MS = 50; // for a letter

const TECHNIQUES = {
  bend: "bend", vibrato: "vibrato", slide: "slide", hammer_on: "hammer-on", pull_off: "pull-off",
  palm_mute: "palm mute", dead: "dead note", harmonic: "harmonic", let_ring: "let ring",
};

function byId(id) {
  return document.getElementById(id);
}

function showFacts(song) {
  const { tuning, tempo_bpm: tempo, meter, key, artist } = song.data;
  const cents = tuning.detune_cents;
  const facts = [
    ["Tuning", tuning.name, tuning.name === tuning.strings.join(" ") ? "" : tuning.strings.join(" ")],
    ["Capo", tuning.capo ? `fret ${tuning.capo}` : "none", ""],
    ["Tempo", tempo ? `${Math.round(tempo)} bpm` : "unknown", ""],
    ["Metre", meter ?? "unknown", ""],
    ["Key", key ?? "unknown", ""],
    ["Notes", String(song.notes.length), ""],
  ];
  if (cents !== null && Math.abs(cents) >= 5) {
    facts[0][2] += ` (${Math.abs(Math.round(cents))} cents ${cents > 0 ? "sharp" : "flat"})`;
  }
  const chords = [...new Set(song.data.chords.map((chord) => chord.name))].filter((name) => name !== "N.C.");
  if (chords.length) facts.push(["Chords", chords.slice(0, 12).join("  "), ""]);
  for (const [name, value, more] of facts) {
    const fact = byId("facts").appendChild(element("div", "fact"));
    fact.append(element("dt", "", name), element("dd", "", value));
    if (more) fact.lastChild.append(" ", element("small", "", more));
  }
  byId("artist").textContent = artist;
  byId("artist").hidden = !artist;
}

function showLegend(song) {
  byId("legend-tools").hidden = !song.judged;
  if (!song.judged) {
    byId("bands").append(element("span", "quiet", "The notes of this tab were not judged."));
    return;
  }
  for (const band of [...BANDS].reverse()) {
    const item = element("span", `band ${band.name}`);
    const words = element("span", "words", ` ${band.name} `);
    words.append(element("small", "", band.text));
    item.append(element("b", "sample", "7"), words, element("span", "count", song.inBand(band.name).length));
    byId("bands").prepend(item);
  }
}

// One line for the note that was chosen, and where else it may have been played.
function showNote(song, note) {
  const panel = byId("note");
  panel.hidden = !note;
  if (!note) return;
  const place = `${stringText(song, note.string)}, fret ${note.fret}`;
  const where = `bar ${song.barAt(note.start_s) + 1}, ${clock(note.start_s)}`;
  const head = element("p", "note-head");
  head.append(element("strong", "", note.name), element("span", "", ` ${place}`), element("small", "", where));
  const lines = [head];
  const band = song.band(note);
  if (band) {
    const sure = element("p", "note-sure");
    sure.append(element("span", `dot ${band.name}`), `${percent(note.confidence)} ${band.name}`);
    lines.push(sure);
  }
  if (note.techniques.length) {
    lines.push(element("p", "", note.techniques.map((name) => TECHNIQUES[name]).join(", ")));
  }
  if (note.others.length) {
    lines.push(...note.others.map((other) => element("p", "note-other", otherText(song, other))));
  }
  byId("note-text").replaceChildren(...lines);
}

function stringText(song, string) {
  return `string ${song.stringNumber(string)} (${song.stringName(string)})`;
}

function otherText(song, other) {
  const share = other.p < 0.01 ? "under 1 %" : percent(other.p);
  return `or ${stringText(song, other.string)}, fret ${other.fret}: ${share}`;
}

function showPlace(song, player) {
  const time = player.time;
  byId("time").textContent = `${clock(time)} / ${clock(player.duration)}`;
  byId("bar").textContent = `bar ${song.barAt(time) + 1}`;
  byId("chord").textContent = song.chordAt(time);
}

function showPlayer(player) {
  const { playing, loop } = player;
  byId("play").classList.toggle("playing", playing);
  byId("play").setAttribute("aria-label", playing ? "Pause" : "Play");
  byId("speed").value = String(Math.round(player.speed * 100));
  byId("speed-text").textContent = `${Math.round(player.speed * 100)} %`;
  byId("loop-text").textContent = loop ? `${clock(loop.start)} to ${clock(loop.end)}` : "off";
  byId("loop-clear").disabled = !loop;
  press("count-in", player.countIn);
  press("recording", player.source === "recording");
  press("synth", player.source === "synth");
}

function press(id, pressed) {
  byId(id).setAttribute("aria-pressed", String(pressed));
}

// Said aloud by screen readers, and shown for a moment.
function say(text) {
  const line = byId("said");
  line.textContent = text;
  line.classList.add("shown");
  clearTimeout(say.timer);
  say.timer = setTimeout(() => line.classList.remove("shown"), Math.max(1800, text.length * READING_MS));
}
