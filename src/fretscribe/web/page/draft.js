// Draws bars as they are first heard, while the rest of a recording is listened to. Knows nothing of jobs.
// Strings count from 0 = lowest; a note's place in its bar is 0..1.
"use strict";

const SVG = "http://www.w3.org/2000/svg";
const STAFF = { string: 13, top: 30, bottom: 12, names: 20, least: 92, digits: 21, pad: 15, gap: 14 };
const AT_END_PX = 40;

class DraftTab {
  constructor() {
    this.bars = [];
    this.tuning = null;
    this.fresh = 0; // bars from here on are new
    this.drawn = []; // of every line on the page, what it shows
    this.element = document.createElement("div");
    this.element.className = "draft";
    this.words = this.element.appendChild(document.createElement("p"));
    this.words.className = "draft-words";
    this.paper = this.element.appendChild(document.createElement("div"));
    this.paper.className = "draft-paper";
    this.paper.tabIndex = 0; // scrolls by keys
    this.paper.setAttribute("role", "img");
    this.paper.addEventListener("scroll", () => {
      this.paper.classList.toggle("scrolled", this.paper.scrollTop > 4);
    });
    this.width = 0;
    new ResizeObserver(() => {
      if (this.paper.clientWidth !== this.width) this.draw();
    }).observe(this.paper);
  }

  // Bars from `first` on are these now.
  take({ tuning, first, bars }) {
    this.tuning = tuning;
    this.bars.length = Math.min(this.bars.length, first);
    this.fresh = this.bars.length;
    this.bars.push(...bars);
    this.draw();
    this.fresh = this.bars.length;
  }

  draw() {
    const { paper } = this;
    this.width = paper.clientWidth;
    if (!this.width || !this.bars.length) return;
    const atEnd = paper.scrollHeight - paper.scrollTop - paper.clientHeight < AT_END_PX;
    this.tell();
    const lines = this.systems();
    const shows = lines.map(({ bars, stretch }) => `${bars[0].index} ${bars.at(-1).index} ${stretch} ${this.width}`);
    let same = 0; // an hour's bars are not drawn anew for every few that come
    while (shows[same] === this.drawn[same] && lines[same]?.bars.at(-1).index < this.fresh) same += 1;
    while (paper.children.length > same) paper.lastChild.remove();
    paper.append(...lines.slice(same).map((line) => this.system(line)));
    this.drawn = shows;
    if (atEnd) paper.scrollTop = paper.scrollHeight;
  }

  tell() {
    const n = this.bars.length;
    const { name, capo } = this.tuning;
    const heard = `${n} ${n === 1 ? "bar" : "bars"} as first heard, in ${name} tuning${capo ? `, capo ${capo}` : ""}.`;
    const mark = document.createElement("b");
    mark.textContent = "Provisional";
    this.words.replaceChildren(mark, `${heard} Strings and rhythm may still change.`);
    this.paper.setAttribute("aria-label", `Provisional tab: ${heard}`);
  }

  // Bars in lines: as many as fit, stretched to the width; the last line as it comes.
  systems() {
    const room = this.width - STAFF.names - 1;
    const lines = [];
    for (const [index, bar] of this.bars.entries()) {
      const natural = Math.min(room, widthOf(bar));
      const line = lines.at(-1);
      if (line && line.natural + natural <= room) {
        line.bars.push({ index, bar, natural });
        line.natural += natural;
      } else lines.push({ bars: [{ index, bar, natural }], natural });
    }
    for (const line of lines) line.stretch = line === lines.at(-1) ? 1 : room / line.natural;
    return lines;
  }

  system({ bars, stretch }) {
    const strings = this.tuning.strings;
    const height = STAFF.top + (strings.length - 1) * STAFF.string + STAFF.bottom;
    const svg = shape("svg", { width: this.width, height, viewBox: `0 0 ${this.width} ${height}` });
    const y = (string) => STAFF.top + (strings.length - 1 - string) * STAFF.string;
    for (let string = 0; string < strings.length; string++) {
      const line = { x1: STAFF.names, x2: this.width - 0.5, y1: y(string), y2: y(string), class: "string" };
      svg.append(shape("line", line));
      const name = { x: STAFF.names - 6, y: y(string), class: "name" };
      svg.append(shape("text", name, strings[string].replace(/-?\d+$/, "")));
    }
    let x = STAFF.names;
    svg.append(shape("line", { x1: x, x2: x, y1: y(strings.length - 1), y2: y(0), class: "bar-line" }));
    for (const { index, bar, natural } of bars) {
      const group = shape("g", { class: index >= this.fresh ? "bar fresh" : "bar" });
      const width = natural * stretch;
      group.append(shape("text", { x: x + 3, y: STAFF.top - 17, class: "number" }, String(index + 1)));
      const places = placesIn(bar, width);
      for (const [string, fret, place] of bar.notes) {
        group.append(shape("text", { x: x + places.get(place), y: y(string), class: "fret" }, String(fret)));
      }
      x = Math.min(x + width, this.width - 0.5);
      group.append(shape("line", { x1: x, x2: x, y1: y(strings.length - 1), y2: y(0), class: "bar-line" }));
      svg.append(group);
    }
    return svg;
  }
}

function columnsOf(bar) {
  return [...new Set(bar.notes.map(([, , place]) => place))];
}

function widthOf(bar) {
  return Math.max(STAFF.least, columnsOf(bar).length * STAFF.digits + 2 * STAFF.pad);
}

// Where in a bar of some width each place lies: in proportion to time, but no digit on another.
function placesIn(bar, width) {
  const columns = columnsOf(bar);
  const room = width - 2 * STAFF.pad;
  const gap = Math.min(STAFF.gap, room / Math.max(1, columns.length - 1));
  const at = [];
  for (const place of columns) at.push(Math.max(STAFF.pad + place * room, (at.at(-1) ?? -Infinity) + gap));
  for (let i = at.length - 1, limit = STAFF.pad + room; i >= 0 && at[i] > limit; i--, limit -= gap) at[i] = limit;
  return new Map(columns.map((place, i) => [place, at[i]]));
}

function shape(tag, attributes, text = "") {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  return made;
}
