// Prints when alphaTab plays the bars of score files in the recordings inside them: one line of JSON a file.
// Usage: node alphatab_sync.mjs FOLDER_OF_THE_PACKAGE FILE...
// A sync point is [bar, ticks from the bar's start, milliseconds of the recording]; n_bytes is the size of that.
// Knows nothing of fretscribe.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

const [folder, ...files] = process.argv.slice(2);
const require = createRequire(join(resolve(folder), "x.js"));
const alphaTab = require("@coderline/alphatab");
alphaTab.Logger.logLevel = alphaTab.LogLevel.None;

for (const file of files) {
  const settings = new alphaTab.Settings();
  const score = alphaTab.importer.ScoreLoader.loadScoreFromBytes(new Uint8Array(readFileSync(file)), settings);
  const bars = score.masterBars;
  const points = alphaTab.midi.MidiFileGenerator.generateSyncPoints(score);
  const told = points.map((p) => [p.masterBarIndex, p.synthTick - bars[p.masterBarIndex].start, p.syncTime]);
  const sync = told.slice(0, -1); // it adds one of its own, at the end
  console.log(JSON.stringify({ n_bars: bars.length, sync, n_bytes: score.backingTrack?.rawAudioFile?.length ?? 0 }));
}
