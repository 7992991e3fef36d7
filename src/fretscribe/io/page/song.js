// The tab as this page holds it: notes, beats and chords in seconds. Knows nothing of pictures or sound.
// Strings count from 0 = lowest, beats from the first one that was heard, bars from 0.
"use strict";

// Calibrated: of the notes of a band about that share is right in pitch, string and fret.
const BANDS = [
  { name: "sure", least: 0.8, text: "80 % and more" },
  { name: "likely", least: 0.5, text: "50 to 80 %" },
  { name: "doubtful", least: 0, text: "under 50 %" },
];

class Song {
  constructor(data) {
    this.data = data;
    this.notes = data.notes;
    this.judged = this.notes.some((note) => note.confidence !== null);
    this.end_s = this.notes.reduce((end, note) => Math.max(end, note.end_s), 0);
    this.barTimes = data.bars.map((beat) => this.timeAt(beat)); // at last stands where the music ends
  }

  // Seconds at a fractional beat; before and after the beats that were heard the nearest interval goes on.
  timeAt(beat) {
    const times = this.data.beats_s;
    const i = Math.min(Math.max(Math.floor(beat), 0), times.length - 2);
    return times[i] + (beat - i) * (times[i + 1] - times[i]);
  }

  beatAt(time) {
    const times = this.data.beats_s;
    const i = Math.min(Math.max(lastAtOrBefore(times, time), 0), times.length - 2);
    return i + (time - times[i]) / (times[i + 1] - times[i]);
  }

  get nBars() {
    return this.barTimes.length - 1;
  }

  barAt(time) {
    return Math.min(Math.max(lastAtOrBefore(this.barTimes, time + 1e-6), 0), this.nBars - 1);
  }

  chordAt(time) {
    return this.data.chords.find((chord) => chord.start_s <= time && time < chord.end_s)?.name ?? "";
  }

  // Seconds that one beat lasts around a moment.
  beatLength(time) {
    const beat = Math.floor(this.beatAt(time));
    return this.timeAt(beat + 1) - this.timeAt(beat);
  }

  band(note) {
    return note.confidence === null ? null : BANDS.find((band) => note.confidence >= band.least);
  }

  inBand(name) {
    return this.notes.filter((note) => this.band(note)?.name === name);
  }

  // "D" for the fourth string of a standard guitar.
  stringName(string) {
    return this.data.tuning.strings[string].replace(/-?\d+$/, "");
  }

  // As guitarists count: 1 = highest.
  stringNumber(string) {
    return this.data.tuning.strings.length - string;
  }
}

// Index of the last value that is not above a limit, -1 where all are; the values rise.
function lastAtOrBefore(values, limit) {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function percent(share) {
  return `${Math.round(100 * share)} %`;
}

function clock(seconds) {
  const tenths = Math.max(0, Math.floor(seconds * 10));
  const rest = String(Math.floor(tenths / 10) % 60).padStart(2, "0");
  return `${Math.floor(tenths / 600)}:${rest}.${tenths % 10}`;
}
