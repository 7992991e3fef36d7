// The tab on paper: engraved once more at the width of a page, whole, while the browser prints.
"use strict";

const PAPER_WIDTH = 740; // CSS pixels: A4 and Letter less their margins
const PAPER_SCALE = 0.85;

function engraveForPaper(engraving, host) {
  const settings = engravingSettings(engraving.fontUrl, engraving.withNotation);
  settings.core.enableLazyLoading = false;
  settings.display.resources.smuflFontFamilyName = "alphaTab"; // as the one on the screen has named it
  settings.display.scale = PAPER_SCALE;
  const renderer = new alphaTab.rendering.ScoreRenderer(settings);
  renderer.width = PAPER_WIDTH;
  const parts = new Map();
  renderer.partialLayoutFinished.on((part) => {
    if (part.width > 0 && part.height > 0) parts.set(part.id, part);
  });
  renderer.partialRenderFinished.on((part) => {
    parts.get(part.id).renderResult = part.renderResult;
  });
  renderer.renderScore(engraving.score, [0]);
  for (const [id, part] of parts) {
    renderer.renderResult(id);
    const strip = element("div", "strip");
    strip.innerHTML = part.renderResult; // alphaTab's picture; it escapes the texts in it
    host.appendChild(strip);
  }
}

function preparePaper(engraving, host) {
  window.addEventListener("beforeprint", () => {
    const sheet = element("div", "at-surface at"); // as alphaTab's own, for the music font
    host.replaceChildren(sheet);
    engraveForPaper(engraving, sheet);
  });
  window.addEventListener("afterprint", () => host.replaceChildren());
}
