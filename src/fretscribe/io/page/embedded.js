// Opens the page with the song that lies in it: data, music font and recording, as html_writer.py puts them there.
"use strict";

function embedded(id) {
  return byId(id).textContent.trim();
}

function openEmbedded() {
  const data = JSON.parse(embedded("data"));
  const fontUrl = `data:font/woff2;base64,${embedded("font-data")}`;
  const recording = data.recording ? () => recordingUrl(embedded("recording-data"), data.recording) : null;
  openPage(data, fontUrl, recording);
}

openEmbedded();
