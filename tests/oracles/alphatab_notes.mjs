// Prints what alphaTab reads from score files: one line of JSON a file.
// Usage: node alphatab_notes.mjs FOLDER_OF_THE_PACKAGE FILE...
// A note is [track, staff, bar, voice, start in quarter notes from the bar, string (0 = lowest, -1 none), fret,
// tied, grace, bend as [share of the note, cents], MIDI pitch]. A beat is [bar, voice, start, duration in quarter
// notes, chord, dynamic, notes as [string, fret, tied, names of what is done to it]]. Knows nothing of fretscribe.
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

function waysOf(note) {
  const { SlideInType, SlideOutType, HarmonicType, VibratoType } = alphaTab.model;
  const ways = {
    hammer: note.isHammerPullOrigin, dead: note.isDead, palm_mute: note.isPalmMute, let_ring: note.isLetRing,
    vibrato: note.vibrato !== VibratoType.None,
    [`harmonic ${HarmonicType[note.harmonicType]}`]: note.harmonicType !== HarmonicType.None,
    [`slide ${SlideInType[note.slideInType]}`]: note.slideInType !== SlideInType.None,
    [`slide ${SlideOutType[note.slideOutType]}`]: note.slideOutType !== SlideOutType.None,
  };
  return Object.keys(ways).filter((way) => ways[way]).sort();
}

// The beats of a staff.
function beatsOf(staff) {
  const beats = [];
  for (const bar of staff?.bars ?? []) {
    for (const voice of bar.voices) {
      for (const beat of voice.beats.filter((b) => !b.isEmpty)) {
        beats.push([
          bar.index, voice.index, beat.displayStart / QUARTER, beat.displayDuration / QUARTER, beat.chord?.name ?? "",
          alphaTab.model.DynamicValue[beat.dynamics],
          beat.notes.map((note) => [note.string - 1, note.fret, note.isTieDestination, waysOf(note)]),
        ]);
      }
    }
  }
  return beats;
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
  const firstStaff = score.tracks[0]?.staves[0];
  const bars = score.masterBars.map((bar, i) => ({
    numerator: bar.timeSignatureNumerator, denominator: bar.timeSignatureDenominator,
    length: bar.calculateDuration() / QUARTER, repeat_start: bar.isRepeatStart, repeat_count: bar.repeatCount,
    key: [firstStaff?.bars[i]?.keySignature, firstStaff?.bars[i]?.keySignatureType], endings: bar.alternateEndings,
    tempos: bar.tempoAutomations.map((t) => [t.ratioPosition, t.value]),
  }));
  return {
    title: score.title, artist: score.artist, tracks, bars, notes: notesOf(score), beats: beatsOf(firstStaff),
    last_staff_beats: score.tracks[0]?.staves.length > 1 ? beatsOf(score.tracks[0].staves.at(-1)) : [],
    order: playedBars(score, settings),
  };
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
