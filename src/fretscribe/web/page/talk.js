// Asks the studio, and nobody else.
"use strict";

// The answer as JSON; an `Error` with the studio's own words where it refuses.
async function ask(path, { method = "GET", json, body, type } = {}) {
  const content = json === undefined ? type : "application/json";
  const answer = await fetch(path, {
    method,
    headers: content ? { "content-type": content } : {},
    body: json === undefined ? body : JSON.stringify(json),
  }).catch(() => {
    throw new Error("The studio does not answer: is it still running?");
  });
  if (answer.status === 204) return null;
  const told = answer.headers.get("content-type") === "application/json" ? await answer.json() : null;
  if (answer.ok) return told;
  if (!told) throw new Error(`The studio refused (${answer.status}): open the address that it printed.`);
  throw new Error(told.mend ? `${told.error}: ${told.mend}` : told.error);
}
