// The tab as alphaTab draws it: which drawn note is which note of the song, where it stands, when it sounds.
// alphaTab engraves and nothing else: no workers, no player, and its font comes from the page.
"use strict";

const TICKS_A_QUARTER = 960;
const FOLLOW_MARGIN = 0.18; // of the window's height, left above the system that is played
const CURSOR_RISE = 14; // pixels that the cursor stands above the highest line

// alphaTab writes colours into its pictures as they are; page.css maps these to the theme's, and so needs no
// new engraving when the theme changes, nor on paper.
const INKS = {
  staff: "#0A0000", bars: "#0B0000", numbers: "#0C0000", main: "#0D0000", second: "#0E0000", info: "#0F0000",
  sure: "#1A0000", likely: "#1B0000", doubtful: "#1C0000",
};

// The page's head has most of these. The tempo is the recording's. Marks to let ring stand over every second
// chord of a strummed song and hide the rest: the panel of a note tells them.
const LEFT_OUT = [
  "ScoreTitle", "ScoreSubTitle", "ScoreArtist", "ScoreAlbum", "GuitarTuning", "EffectCapo", "EffectTempo", "EffectLetRing",
];

function engravingSettings(fontUrl, withNotation) {
  const settings = new alphaTab.Settings();
  settings.core.logLevel = alphaTab.LogLevel.Error;
  settings.core.useWorkers = false;
  settings.core.includeNoteBounds = true;
  settings.core.smuflFontSources = new Map([[alphaTab.FontFileFormat.Woff2, fontUrl]]);
  settings.player.playerMode = alphaTab.PlayerMode.Disabled;
  settings.player.enableCursor = false;
  settings.player.scrollMode = alphaTab.ScrollMode.Off;
  settings.display.staveProfile = withNotation ? alphaTab.StaveProfile.ScoreTab : alphaTab.StaveProfile.Tab;
  settings.display.padding = [18, 14];
  settings.notation.rhythmMode = alphaTab.TabRhythmMode.ShowWithBars;
  for (const name of LEFT_OUT) settings.notation.elements.set(alphaTab.NotationElement[name], false);
  const resources = settings.display.resources;
  const ink = (name) => alphaTab.model.Color.fromJson(INKS[name]);
  resources.staffLineColor = ink("staff");
  resources.barSeparatorColor = ink("bars");
  resources.barNumberColor = ink("numbers");
  resources.mainGlyphColor = ink("main");
  resources.secondaryGlyphColor = ink("second");
  resources.scoreInfoColor = ink("info");
  const { Font, FontStyle, FontWeight } = alphaTab.model;
  const chords = new Font("sans-serif", 14, FontStyle.Plain, FontWeight.Bold);
  resources.elementFonts.set(alphaTab.NotationElement.EffectChordNames, chords);
  return settings;
}

// Chord names have a line of their own: alphaTab lets marks of the next beat share it, and wide names run into them.
for (const { effect } of alphaTab.Environment.defaultRenderers.flatMap((renderer) => renderer.effectBands)) {
  if (effect.notationElement === alphaTab.NotationElement.EffectChordNames) {
    Object.defineProperty(effect, "canShareBand", { value: false });
  }
}

class Engraving {
  // `ready` is called whenever the tab was engraved anew, `failed` with the error where it cannot be.
  constructor(song, host, fontUrl, ready, failed) {
    this.song = song;
    this.host = host;
    this.fontUrl = fontUrl;
    this.withNotation = false;
    this.settings = engravingSettings(fontUrl, false);
    this.score = alphaTab.importer.ScoreLoader.loadAlphaTex(song.data.alphatex, this.settings);
    this._matchNotes();
    this._setTimes();
    this._colourNotes();
    this.api = new alphaTab.AlphaTabApi(host, this.settings);
    this.api.error.on(failed);
    this.api.postRenderFinished.on(() => {
      this._findPlaces();
      ready();
    });
    this.cursor = host.appendChild(element("div", "cursor"));
    this.chosen = host.appendChild(element("div", "chosen"));
    this.range = host.appendChild(element("div", "range"));
    this.lit = [];
    this.litIndex = null;
    // Systems are drawn when they come into view, and what sounds there is lit then.
    new MutationObserver(() => {
      if (this.litIndex !== null && !this.lit.length) this._light(this.litIndex);
    }).observe(host, { childList: true, subtree: true });
    this.api.renderScore(this.score);
  }

  showNotation(withNotation) {
    this.withNotation = withNotation;
    const profile = withNotation ? alphaTab.StaveProfile.ScoreTab : alphaTab.StaveProfile.Tab;
    this.api.settings.display.staveProfile = profile;
    this.api.updateSettings();
    this.api.render();
  }

  // Without those that are tied, the notes drawn on a string are the song's notes on it, one by one.
  _matchNotes() {
    const onString = this.song.data.tuning.strings.map(() => []);
    for (const note of this.song.notes) onString[note.string].push(note);
    const counts = onString.map(() => 0);
    this.noteOf = new Map(); // alphaTab's note -> the song's; of tied ones, that which goes on
    this.drawnOf = new Map(); // the song's note -> alphaTab's, where it is struck
    this.beats = [];
    for (const bar of this.score.tracks[0].staves[0].bars) {
      for (const beat of bar.voices[0].beats) {
        const struck = [];
        for (const drawn of beat.notes) {
          const string = drawn.string - 1;
          if (!drawn.isTieDestination) counts[string] += 1;
          const note = onString[string][counts[string] - 1];
          this.noteOf.set(drawn, note);
          if (drawn.isTieDestination) continue;
          this.drawnOf.set(note, drawn);
          struck.push(note.start_s);
        }
        this.beats.push({ beat, struck_s: struck.length ? Math.min(...struck) : null });
      }
    }
    const missing = this.song.notes.length - this.drawnOf.size;
    if (missing) throw new Error(`${missing} notes are not in the engraved tab`);
  }

  // Beats sound when their first note does, and where none is struck when the grid says so; never backwards.
  _setTimes() {
    const grid = this.beats.map(({ beat }) => this._gridTime(beat));
    this.times = [];
    for (const [i, { struck_s: struck }] of this.beats.entries()) {
      const near = Math.min(Math.max(struck ?? grid[i], grid[i - 1] ?? -Infinity), grid[i + 1] ?? Infinity);
      this.times.push(Math.max(near, (this.times[i - 1] ?? -Infinity) + 1e-3));
    }
    this.indexOf = new Map(this.beats.map(({ beat }, i) => [beat, i]));
    // A bar starts with its first note, though that was played before the beat.
    for (const [i, { beat }] of this.beats.entries()) {
      if (beat.index === 0) this.song.barTimes[beat.voice.bar.index] = this.times[i];
    }
  }

  _gridTime(beat) {
    const quarters = beat.displayStart / TICKS_A_QUARTER;
    return this.song.timeAt(this.song.data.bars[beat.voice.bar.index] + (quarters * this.song.data.beat_unit) / 4);
  }

  _colourNotes() {
    const { NoteStyle, NoteSubElement, Color } = alphaTab.model;
    for (const [drawn, note] of this.noteOf) {
      const band = this.song.band(note);
      if (!band) continue;
      const colour = Color.fromJson(INKS[band.name]);
      drawn.style = new NoteStyle();
      drawn.style.colors.set(NoteSubElement.GuitarTabFretNumber, colour);
      drawn.style.colors.set(NoteSubElement.StandardNotationNoteHead, colour);
    }
  }

  // The tab staff is the last of its bar, whether notation stands above it or not.
  _findPlaces() {
    const found = new Map();
    this.heads = new Map();
    for (const system of this.api.boundsLookup.staffSystems) {
      const { visualBounds: whole } = system;
      const right = whole.x + whole.w;
      const y = Math.max(system.bars[0].bars[0].visualBounds.y - CURSOR_RISE, whole.y); // below the chords' names
      const h = whole.y + whole.h - y;
      for (const masterBar of system.bars) {
        for (const place of masterBar.bars.at(-1).beats) {
          const { x, w } = place.realBounds;
          found.set(place.beat, { x: place.onNotesX, left: x, end: x + w, y, h, right });
          for (const head of place.notes ?? []) this.heads.set(head.note, head.noteHeadBounds);
        }
      }
    }
    for (const entry of this.beats) entry.place = found.get(entry.beat);
    this.lit = []; // what was lit is not in the new picture
    this.litIndex = null;
  }

  // Where the cursor stands at a moment: between two beats it moves evenly, at the end of a system it jumps.
  placeAt(time) {
    const i = Math.min(Math.max(lastAtOrBefore(this.times, time), 0), this.beats.length - 1);
    const here = this.beats[i].place;
    if (!here) return null;
    const next = this.beats[i + 1];
    const goal = next?.place?.y === here.y ? next.place.x : here.right;
    const share = Math.min(Math.max((time - this.times[i]) / Math.max(this._endOf(i) - this.times[i], 1e-3), 0), 1);
    return { x: here.x + share * (goal - here.x), y: here.y, h: here.h, index: i };
  }

  moveCursor(time) {
    const place = this.placeAt(time);
    this.cursor.hidden = !place;
    if (!place) return;
    this.cursor.style.transform = `translate(${place.x}px, ${place.y}px)`;
    this.cursor.style.height = `${place.h}px`;
    if (place.index !== this.litIndex) this._light(place.index);
  }

  _light(index) {
    for (const group of this.lit) group.classList.remove("now");
    this.lit = [...this.host.getElementsByClassName(`b${this.beats[index].beat.id}`)];
    for (const group of this.lit) group.classList.add("now");
    this.litIndex = index;
  }

  // Brings the system of a moment into view, unless it is there.
  follow(time, bottom) {
    const place = this.placeAt(time);
    if (!place) return;
    const top = this.host.getBoundingClientRect().top + place.y;
    if (top >= 0 && top + place.h <= window.innerHeight - bottom) return;
    const smooth = window.matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
    window.scrollTo({ top: window.scrollY + top - FOLLOW_MARGIN * window.innerHeight, behavior: smooth });
  }

  // The note of the song under a point of the window, or the beat's time where no note is.
  at(clientX, clientY) {
    const box = this.host.getBoundingClientRect();
    const [x, y] = [clientX - box.left, clientY - box.top];
    const lookup = this.api.boundsLookup;
    const beat = lookup?.getBeatAtPos(x, y);
    if (!beat) return null;
    const near = beat.notes
      .map((drawn) => ({ drawn, head: this.heads.get(drawn) }))
      .filter(({ head }) => head)
      .map(({ drawn, head }) => ({ drawn, off: Math.hypot(x - head.x - head.w / 2, y - head.y - head.h / 2) }))
      .sort((a, b) => a.off - b.off)[0];
    const note = near && near.off < 14 ? this.noteOf.get(near.drawn) : null;
    const i = this.indexOf.get(beat);
    return { note, time: this.times[i], end: this._endOf(i) };
  }

  _endOf(i) {
    return this.times[i + 1] ?? this.song.barTimes.at(-1);
  }

  choose(note) {
    const head = note && this.heads.get(this.drawnOf.get(note));
    this.chosen.hidden = !head;
    if (!head) return;
    const size = Math.max(head.w, head.h) + 8;
    this.chosen.style.width = this.chosen.style.height = `${size}px`;
    const [x, y] = [head.x + head.w / 2 - size / 2, head.y + head.h / 2 - size / 2];
    this.chosen.style.transform = `translate(${x}px, ${y}px)`;
  }

  // A tint behind the beats of a loop.
  markRange(loop) {
    this.range.replaceChildren();
    if (!loop) return;
    const rows = new Map();
    for (const [i, { place }] of this.beats.entries()) {
      const time = this.times[i];
      if (!place || time < loop.start - 1e-3 || time >= loop.end - 1e-3) continue;
      const row = rows.get(place.y) ?? { left: place.left, right: place.end, h: place.h };
      row.left = Math.min(row.left, place.left);
      row.right = Math.max(row.right, place.end);
      rows.set(place.y, row);
    }
    for (const [y, row] of rows) {
      const strip = this.range.appendChild(element("div", ""));
      strip.style.cssText = `left:${row.left}px;top:${y}px;width:${row.right - row.left}px;height:${row.h}px`;
    }
  }
}

function element(tag, className, text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}
