// What went wrong (RFC 9457), in words: title, explanation, and the place in the query.
import { element, say } from "./page.js";

const STOPPED = {
  title: say("Gestopt", "Stopped"),
  detail: say("U hebt deze vraag gestopt.", "You stopped this query."),
};
const SILENT = {
  title: say("Geen antwoord", "No answer"),
  detail: say(
    "De dienst gaf geen antwoord. Probeer het later opnieuw.",
    "The service gave no answer. Try again later.",
  ),
};

/** Return the problem document that a text holds; without one, why there is no answer. */
function parsed(text) {
  if (/abort/i.test(text) && !text.startsWith("{")) return STOPPED;
  try {
    const found = JSON.parse(text);
    return found?.title ? found : SILENT;
  } catch {
    return SILENT;
  }
}

/** Return a button that leads to a place in the editor. */
function placeOf({ line, column }, editor) {
  const label = `${say("Regel", "Line")} ${line}, ${say("kolom", "column")} ${column}`;
  const button = element("button", { type: "button", class: "place" }, label);
  button.addEventListener("click", () => {
    editor.getDoc().setCursor({ line: line - 1, ch: column - 1 });
    editor.focus();
  });
  return button;
}

/** Return what went wrong as part of the page; `editor` holds the query. */
export function described(text, editor) {
  const problem = parsed(text);
  const status = problem.status ? element("small", {}, ` (${problem.status})`) : "";
  const parts = [element("h2", {}, problem.title, status)];
  if (problem.line) parts.push(element("p", {}, placeOf(problem, editor)));
  if (problem.detail) {
    const lang = problem.status ? { lang: "en" } : {}; // the service explains in English
    parts.push(element("p", lang, problem.detail));
  }
  if (problem.dump) {
    const label = say("Alle gegevens als bestand", "All data as a file");
    parts.push(element("p", {}, element("a", { href: problem.dump }, label)));
  }
  if (problem.type) {
    const label = say("Wat betekent dit?", "What does this mean?");
    parts.push(element("p", {}, element("a", { href: problem.type }, label)));
  }
  return element("div", { class: "problem", role: "alert" }, ...parts);
}
