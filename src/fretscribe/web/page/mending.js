// Shows another state of the tab in the page that is open, and asks the studio for it.
// Whoever holds the song or the engraving goes on holding them: they are filled anew, not replaced.
"use strict";

class Mending {
  // `shown` is called whenever another state is on the page.
  constructor(page, shown) {
    this.page = page;
    this.shown = shown;
    this.busy = false;
    this.comparing = null; // the data of our own state, while the first one is shown
  }

  get state() {
    return this.page.song.data.editing.state;
  }

  get last() {
    return this.page.song.data.editing.last;
  }

  get address() {
    return `../api/jobs/${this.page.song.data.editing.job}`;
  }

  async edit(edit) {
    return this._become("edits", { state: this.state, edit });
  }

  async step(by) {
    if (by < 0 ? this.state === 0 : this.state === this.last) return false;
    return this._become(by < 0 ? "undo" : "redo", { state: this.state });
  }

  // From our own state to what was heard first, and back.
  async compare() {
    if (this.comparing) {
      const own = this.comparing;
      this.comparing = null;
      this.show(own);
    } else if (this.state > 0) {
      const own = this.page.song.data;
      const first = await ask(`${this.address}/tab?state=0`);
      this.comparing = own;
      this.show(first);
    }
  }

  async positions(note) {
    const index = this.page.song.notes.indexOf(note);
    const { positions } = await ask(`${this.address}/notes/${index}/positions?state=${this.state}`);
    return positions;
  }

  // One at a time: the second click of an impatient hand is dropped, not sent with a state that is gone.
  async _become(path, json) {
    if (this.busy || this.comparing) return false;
    this.busy = true;
    this.shown();
    try {
      this.show(await ask(`${this.address}/${path}`, { method: "POST", json }));
      return true;
    } finally {
      this.busy = false;
      this.shown();
    }
  }

  show(data) {
    const { page } = this;
    const old = page.song.data.warnings;
    const told = data.warnings.filter((warning) => !old.includes(warning));
    if (told.length) say(told.join("; "));
    Object.assign(page.song, new Song(data));
    for (const id of ["facts", "bands"]) byId(id).replaceChildren();
    showFacts(page.song);
    showLegend(page.song);
    engraveAnew(page.engraving);
    page.player.urls.delete("synth");
    if (page.player.source === "synth") page.player.use("synth");
    page.timeline.draw(page.player.time, page.player.loop);
    this.shown();
  }
}

function engraveAnew(engraving) {
  engraving.score = alphaTab.importer.ScoreLoader.loadAlphaTex(engraving.song.data.alphatex, engraving.settings);
  engraving._matchNotes();
  engraving._setTimes();
  engraving._colourNotes();
  engraving.api.renderScore(engraving.score);
}
