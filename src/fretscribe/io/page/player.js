// Plays the recording or the synth: speed with the pitch kept, a loop from A to B, clicks that count in.
// Knows seconds alone; whoever listens is told of every change.
"use strict";

const SLOWEST = 0.25;
const CLICK_HZ = 1500;

class Player {
  constructor(song, sources, changed) {
    this.song = song;
    this.sources = sources; // name -> a function that gives the URL of its sound, or a promise of it
    this.urls = new Map();
    this.changed = changed;
    this.audio = new Audio();
    this.audio.preload = "auto";
    this.audio.preservesPitch = true;
    this.speed = 1;
    this.loop = null;
    this.countIn = false;
    this.source = null;
    this.counting = null;
    for (const name of ["play", "pause", "seeked", "ratechange", "loadedmetadata"]) {
      this.audio.addEventListener(name, () => changed());
    }
    // Frames stop in a window that is hidden, and with them whoever keeps the loop.
    this.audio.addEventListener("timeupdate", () => this.keepLoop());
    this.audio.addEventListener("ended", () => this._ended());
  }

  get time() {
    return this.audio.readyState ? this.audio.currentTime : this.wanted ?? 0;
  }

  get duration() {
    return Number.isFinite(this.audio.duration) ? this.audio.duration : this.song.end_s;
  }

  get playing() {
    return !this.audio.paused || this.counting !== null;
  }

  // Play another sound from the same moment on.
  async use(name) {
    const { playing } = this;
    this.wanted = this.time; // seeking while the sound loads changes it
    this.pause();
    this.source = name;
    if (!this.urls.has(name)) this.urls.set(name, Promise.resolve(this.sources[name]()));
    const url = await this.urls.get(name);
    if (this.source !== name) return; // chosen again in the meantime
    this.audio.src = url;
    await new Promise((resolve) => this.audio.addEventListener("loadedmetadata", resolve, { once: true }));
    this.audio.playbackRate = this.speed; // a new sound starts at the usual speed
    this.seek(this.wanted);
    if (playing) await this._start();
  }

  seek(time) {
    this.wanted = Math.max(0, Math.min(time, this.duration));
    if (this.audio.readyState) this.audio.currentTime = this.wanted;
    this.changed();
  }

  async toggle() {
    if (this.playing) this.pause();
    else await this.play();
  }

  async play() {
    if (this.loop && (this.time < this.loop.start || this.time >= this.loop.end)) this.seek(this.loop.start);
    if (this.time >= this.duration - 0.05) this.seek(0);
    if (this.countIn && !(await this._count())) return;
    await this._start();
  }

  async _start() {
    try {
      await this.audio.play();
    } catch (error) {
      if (error.name !== "AbortError") throw error; // it was paused before it began
    }
  }

  pause() {
    this.counting?.stop();
    this.audio.pause();
    this.changed();
  }

  setSpeed(speed) {
    this.speed = Math.min(1, Math.max(SLOWEST, Math.round(speed * 20) / 20));
    this.audio.playbackRate = this.speed;
    this.changed();
  }

  setLoop(loop) {
    this.loop = loop && loop.end - loop.start > 0.1 ? loop : null;
    this.changed();
  }

  keepLoop() {
    if (this.loop && !this.audio.paused && this.audio.currentTime >= this.loop.end) this.seek(this.loop.start);
  }

  _ended() {
    if (!this.loop) return this.changed();
    this.seek(this.loop.start);
    return this._start();
  }

  // A bar of clicks at the tempo of the place; false where it was stopped.
  async _count() {
    const n = this.song.data.beats_per_bar;
    const step = this.song.beatLength(this.time) / this.speed;
    this.clicks ??= new AudioContext();
    this.clicks.resume(); // until it has, its clock stands
    const start = this.clicks.currentTime + 0.05;
    const output = this.clicks.createGain();
    output.connect(this.clicks.destination);
    for (let i = 0; i < n; i++) click(output, start + i * step, i === 0);
    const bar = this.clicks.createConstantSource();
    bar.offset.value = 0;
    bar.connect(output);
    bar.start();
    bar.stop(start + n * step);
    return new Promise((resolve) => {
      const end = (counted) => {
        output.disconnect();
        this.counting = null;
        resolve(counted);
      };
      bar.addEventListener("ended", () => end(true));
      this.counting = { stop: () => end(false) };
      this.changed();
    });
  }
}

function click(output, when, first) {
  const context = output.context;
  const tone = context.createOscillator();
  const level = context.createGain();
  tone.frequency.value = first ? CLICK_HZ : CLICK_HZ * 0.75;
  level.gain.setValueAtTime(0.5, when);
  level.gain.exponentialRampToValueAtTime(0.001, when + 0.06);
  tone.connect(level).connect(output);
  tone.start(when);
  tone.stop(when + 0.07);
}
