// Prints what alphaTab reads from score files: one line of JSON a file.
// Usage: node alphatab_notes.mjs FOLDER_OF_THE_PACKAGE FILE...
// A note is [track, staff, bar, voice, start in quarter notes from the bar, string (0 = lowest, -1 none), fret,
// tied, grace, bend as [share of the note, cents], MIDI pitch]. Knows nothing of fretscribe.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

const [folder, ...files] = process.argv.slice(2);
const require = createRequire(join(resolve(folder), "x.js"));
const alphaTab = require("@coderline/alphatab");
const QUARTER = 960;
alphaTab.Logger.logLevel = alphaTab.LogLevel.None;

function notesOf(score) {
  const notes = [];
  for (const track of score.tracks) {
    for (const staff of track.staves) {
      for (const bar of staff.bars) {
        for (const voice of bar.voices) {
          for (const beat of voice.beats) {
            for (const note of beat.notes) {
              const bend = (note.bendPoints ?? []).map((p) => [p.offset / 60, p.value * 50]);
              notes.push([
                track.index, staff.index, bar.index, voice.index, beat.displayStart / QUARTER,
                note.isStringed ? note.string - 1 : -1, note.isStringed ? note.fret : -1,
                note.isTieDestination, beat.graceType !== alphaTab.model.GraceType.None, bend, note.realValue,
              ]);
            }
          }
        }
      }
    }
  }
  return notes;
}

// Bars in the order that they sound, repeats unrolled and jumps followed.
function playedBars(score, settings) {
  const file = new alphaTab.midi.MidiFile();
  const handler = new alphaTab.midi.AlphaSynthMidiFileHandler(file);
  const generator = new alphaTab.midi.MidiFileGenerator(score, settings, handler);
  generator.generate();
  return generator.tickLookup.masterBars.map((entry) => entry.masterBar.index);
}

function read(file) {
  const settings = new alphaTab.Settings();
  const score = alphaTab.importer.ScoreLoader.loadScoreFromBytes(new Uint8Array(readFileSync(file)), settings);
  const tracks = score.tracks.map((track) => ({
    name: track.name,
    staves: track.staves.map((staff) => ({
      tuning: [...staff.tuning].reverse(), capo: staff.capo, percussion: staff.isPercussion,
    })),
  }));
  const bars = score.masterBars.map((bar) => ({
    numerator: bar.timeSignatureNumerator, denominator: bar.timeSignatureDenominator,
    length: bar.calculateDuration() / QUARTER, repeat_start: bar.isRepeatStart, repeat_count: bar.repeatCount,
    endings: bar.alternateEndings, tempos: bar.tempoAutomations.map((t) => [t.ratioPosition, t.value]),
  }));
  return { title: score.title, tracks, bars, notes: notesOf(score), order: playedBars(score, settings) };
}

for (const file of files) {
  let line;
  try {
    line = read(file);
  } catch (error) {
    line = { error: String(error?.message ?? error).slice(0, 200) };
  }
  console.log(JSON.stringify(line));
}
