// Sound that an audio element can play and seek in to the sample: plain WAV in memory.
// A browser finds places inside an MP3 only roughly, and differs in what silence it adds before the first sample;
// so the recording is decoded once, whole.
"use strict";

const MP3_DELAY = 1105; // samples of silence that LAME and a decoder put before the first

async function recordingUrl(base64, recording) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return wavUrl(await decoded(bytes, recording.duration_s), SYNTH_RATE);
}

// The file says how much silence stands before its sound; a browser that does not listen to it leaves it there.
async function decoded(bytes, duration_s) {
  const sound = await new OfflineAudioContext(1, 1, SYNTH_RATE).decodeAudioData(bytes.buffer);
  const samples = sound.getChannelData(0);
  const n = Math.round(duration_s * SYNTH_RATE);
  const first = samples.length - n >= MP3_DELAY ? MP3_DELAY : 0;
  return samples.subarray(first, first + n);
}

function wavUrl(samples, rate) {
  const data = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const word = (at, text) => [...text].forEach((c, i) => data.setUint8(at + i, c.charCodeAt(0)));
  word(0, "RIFF");
  data.setUint32(4, 36 + 2 * samples.length, true);
  word(8, "WAVEfmt ");
  data.setUint32(16, 16, true);
  data.setUint16(20, 1, true); // PCM
  data.setUint16(22, 1, true); // mono
  data.setUint32(24, rate, true);
  data.setUint32(28, 2 * rate, true);
  data.setUint16(32, 2, true);
  data.setUint16(34, 16, true);
  word(36, "data");
  data.setUint32(40, 2 * samples.length, true);
  const pcm = new Int16Array(data.buffer, 44); // every browser's machine is little-endian, as WAV is
  for (let i = 0; i < samples.length; i++) pcm[i] = 32767 * Math.max(-1, Math.min(1, samples[i]));
  return URL.createObjectURL(new Blob([data.buffer], { type: "audio/wav" }));
}
