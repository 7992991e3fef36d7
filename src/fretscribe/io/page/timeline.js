// The whole song as one strip: the recording's outline, its bars, every doubtful note, the loop, the cursor.
"use strict";

class Timeline {
  constructor(song, canvas) {
    this.song = song;
    this.canvas = canvas;
    const recording = song.data.recording;
    this.outline = recording ? Uint8Array.from(atob(recording.outline), (c) => c.charCodeAt(0)) : null;
    this.duration = Math.max(recording?.duration_s ?? 0, song.end_s, 0.1);
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  timeOf(clientX) {
    const box = this.canvas.getBoundingClientRect();
    return this.duration * Math.min(Math.max((clientX - box.left) / box.width, 0), 1);
  }

  draw(time = this.time ?? 0, loop = this.loop ?? null) {
    [this.time, this.loop] = [time, loop];
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const dense = window.devicePixelRatio || 1;
    if (!width) return;
    if (this.canvas.width !== Math.round(width * dense) || this.canvas.height !== Math.round(height * dense)) {
      this.canvas.width = Math.round(width * dense);
      this.canvas.height = Math.round(height * dense);
    }
    const pen = this.canvas.getContext("2d");
    const style = getComputedStyle(this.canvas);
    const ink = (name) => style.getPropertyValue(`--${name}`);
    const x = (seconds) => (width * seconds) / this.duration;
    pen.setTransform(dense, 0, 0, dense, 0, 0);
    pen.clearRect(0, 0, width, height);
    if (loop) {
      pen.fillStyle = ink("loop");
      pen.fillRect(x(loop.start), 0, x(loop.end) - x(loop.start), height);
    }
    this._bars(pen, x, height, ink("line"));
    if (this.outline) this._wave(pen, width, height, x(time), ink("wave"), ink("accent"));
    else this._notes(pen, x, height, ink("wave"));
    for (const [name, colour] of [["likely", ink("likely")], ["doubtful", ink("doubtful")]]) {
      pen.fillStyle = colour;
      const tall = name === "doubtful" ? 7 : 4;
      for (const note of this.song.inBand(name)) pen.fillRect(x(note.start_s) - 1, height - tall, 2, tall);
    }
    pen.fillStyle = ink("accent");
    pen.fillRect(x(time) - 1, 0, 2, height);
  }

  _bars(pen, x, height, colour) {
    const n = this.song.nBars;
    const every = Math.max(1, 2 ** Math.ceil(Math.log2((n * 7) / this.canvas.clientWidth)));
    pen.fillStyle = colour;
    for (let bar = 0; bar < n; bar += every) pen.fillRect(Math.round(x(this.song.barTimes[bar])), 0, 1, height);
  }

  _wave(pen, width, height, played, colour, playedColour) {
    const middle = (height - 8) / 2 + 1;
    const share = this.song.data.recording.duration_s / this.duration;
    for (let left = 0; left < width * share; left += 3) {
      const from = Math.floor((left / (width * share)) * this.outline.length);
      const to = Math.max(from + 1, Math.floor(((left + 3) / (width * share)) * this.outline.length));
      let loud = 0;
      for (let i = from; i < to && i < this.outline.length; i++) loud = Math.max(loud, this.outline[i]);
      const half = Math.max(0.75, (loud / 255) * (middle - 1));
      pen.fillStyle = left < played ? playedColour : colour;
      pen.fillRect(left, middle - half, 2, 2 * half);
    }
  }

  // Without a recording: the notes by pitch.
  _notes(pen, x, height, colour) {
    const pitches = this.song.notes.map((note) => note.pitch);
    const [low, high] = [Math.min(...pitches), Math.max(...pitches)];
    pen.fillStyle = colour;
    for (const note of this.song.notes) {
      const y = 3 + ((height - 16) * (high - note.pitch)) / Math.max(high - low, 1);
      pen.fillRect(x(note.start_s), y, Math.max(2, x(note.end_s) - x(note.start_s)), 2);
    }
  }
}
