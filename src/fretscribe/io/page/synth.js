// The tab as a plucked string plays it (Karplus and Strong 1983): each note when it was heard, bends included,
// so that recording and tab can be compared at the same moment. Knows nothing of the page.
"use strict";

const SYNTH_RATE = 32000;
const RELEASE_S = 0.06;
const PICK_SMOOTHING = 0.45; // of the first noise: 0 is a hard pick, 1 a thumb

// Mono samples, -1..1, from 0 s to a second after the last note.
function renderSynth(notes, rate = SYNTH_RATE) {
  const end = notes.reduce((latest, note) => Math.max(latest, note.end_s), 0) + 1;
  const samples = new Float32Array(Math.ceil(end * rate));
  notes.forEach((note, i) => pluck(samples, note, rate, i + 1));
  let loudest = 1e-9;
  for (const sample of samples) loudest = Math.max(loudest, Math.abs(sample));
  for (let i = 0; i < samples.length; i++) samples[i] *= 0.8 / loudest;
  return samples;
}

function pluck(samples, note, rate, seed) {
  const dead = note.techniques.includes("dead");
  const muted = dead || note.techniques.includes("palm_mute");
  const frequency = 440 * 2 ** ((note.pitch - 69) / 12);
  const lowest = frequency * 2 ** (Math.min(0, ...note.bend.map((point) => point[1])) / 1200);
  const line = pickNoise(Math.ceil(rate / lowest) + 3, seed);
  const seconds = Math.min(note.end_s - note.start_s, dead ? 0.08 : Infinity);
  // Per pass through the line, so that a low string rings as long as a high one.
  const loss = 10 ** (-3 / (frequency * (muted ? 0.25 : 3.5)));
  const level = (note.velocity / 127) ** 1.5;
  const first = Math.round(note.start_s * rate);
  const length = Math.min(Math.round((seconds + RELEASE_S) * rate), samples.length - first);
  let write = 0;
  let before = 0;
  for (let i = 0; i < length; i++) {
    const period = rate / (frequency * 2 ** (bendCents(note.bend, i / rate) / 1200));
    let read = write - period + 0.5; // the mean of two neighbours delays by half a sample
    if (read < 0) read += line.length;
    const whole = Math.floor(read);
    const share = read - whole;
    const now = line[whole % line.length] * (1 - share) + line[(whole + 1) % line.length] * share;
    const fade = Math.min(1, (seconds + RELEASE_S - i / rate) / RELEASE_S);
    samples[first + i] += now * level * fade;
    line[write] = (loss * (now + before)) / 2;
    before = now;
    write = (write + 1) % line.length;
  }
}

// The same noise for the same note: a tab sounds the same every time.
function pickNoise(length, seed) {
  const line = new Float32Array(length);
  let state = (seed * 2654435761) >>> 0;
  let smooth = 0;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    smooth = PICK_SMOOTHING * smooth + (1 - PICK_SMOOTHING) * (state / 2147483648 - 1);
    line[i] = smooth;
  }
  const mean = line.reduce((sum, value) => sum + value, 0) / length;
  return line.map((value) => value - mean);
}

// Cents above the note's pitch at a moment of it; before the first and after the last point they hold.
function bendCents(bend, seconds) {
  if (!bend.length) return 0;
  const i = lastAtOrBefore(bend.map((point) => point[0]), seconds);
  if (i < 0) return bend[0][1];
  if (i === bend.length - 1) return bend[i][1];
  const [[t0, c0], [t1, c1]] = [bend[i], bend[i + 1]];
  return c0 + ((c1 - c0) * (seconds - t0)) / Math.max(t1 - t0, 1e-6);
}
