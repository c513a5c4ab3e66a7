// YASGUI speaks English; these are its labels in Dutch. A label that is not here stays English.
import { language } from "./page.js";

const ATTRIBUTES = ["aria-label", "placeholder", "title"];
const CONTENT = "tbody, .CodeMirror-line, .CodeMirror-hints, .tab a > span, .problem";

// What YASGUI leaves without a name, or without the role that its place asks for.
const MISSING = [
  [".yasqe textarea", "aria-label", language === "en" ? "Query" : "Vraag"],
  [".yasr textarea", "aria-label", language === "en" ? "Answer" : "Antwoord"],
  [".tableSizer", "aria-label", language === "en" ? "Page size" : "Rijen per pagina"],
  [".addTab", "role", "tab"],
];

const DUTCH = {
  "Add a new tab": "Nieuw tabblad",
  "Add tab": "Nieuw tabblad",
  All: "Alle",
  "An error has occurred": "Er ging iets mis",
  "cannot render result": "dit antwoord kan niet getoond worden",
  "Close other tabs": "Andere tabbladen sluiten",
  "Close Tab": "Tabblad sluiten",
  "Close tab": "Tabblad sluiten",
  "Copy Tab": "Tabblad kopiëren",
  "Download not supported": "Niet te bewaren als bestand",
  "Download result": "Bewaren als bestand",
  "Download Results": "Bewaren als bestand",
  "Filter query results": "Zoeken in het antwoord",
  "New Tab": "Nieuw tabblad",
  "Page size:": "Rijen per pagina:",
  "Press CTRL - <spacebar> to autocomplete": "Druk Ctrl+spatie om aan te vullen",
  "Rename Tab": "Tabblad hernoemen",
  "Run query": "Uitvoeren",
  "Share query": "Adres van deze vraag",
  "Show all": "Alles tonen",
  "Simple view": "Zonder datatypes",
  "Undo close Tab": "Gesloten tabblad terughalen",
};

const ENGLISH = { "Simple view": "Without datatypes" };

const comma = (number) => number.replace(".", ",");
const rows = (number) => `${number} ${number === "1" ? "rij" : "rijen"}`;

const PATTERNS = [
  [/^Shows (.*) view$/, "Tonen als: $1"],
  [
    /^(\d+) results? in ([\d.]+) seconds?$/,
    (_, number, time) => `${rows(number)} in ${comma(time)} s`,
  ],
  [/^Response in ([\d.]+) seconds?$/, (_, time) => `Antwoord in ${comma(time)} s`],
  [
    /^Could not render results with the (.*) plugin, the results .* with the (.*) plugin\.\s*$/,
    "“$1” kan dit antwoord niet tonen; u ziet “$2”.",
  ],
  [/^This line is invalid\. Expected: $/, "Deze regel klopt niet. Hier kan staan: "],
];

/** Return a label in the language of the page. */
function translated(text) {
  const label = text.trim();
  const words = language === "en" ? ENGLISH : DUTCH;
  if (Object.hasOwn(words, label)) return text.replace(label, words[label]);
  if (language === "en") return text;
  const [pattern, dutch] = PATTERNS.find(([each]) => each.test(text)) ?? [];
  return pattern ? text.replace(pattern, dutch) : text;
}

/** Translate what is in and below a node, but not what people typed or asked for. */
function within(node) {
  if (node.nodeType === Node.TEXT_NODE) {
    const text = translated(node.data);
    if (text !== node.data) node.data = text;
  } else if (node.nodeType === Node.ELEMENT_NODE && !node.matches(CONTENT)) {
    for (const name of ATTRIBUTES) {
      const text = node.getAttribute(name);
      if (text && translated(text) !== text) node.setAttribute(name, translated(text));
    }
    node.childNodes.forEach(within);
  }
}

/** Give names and roles where they are missing. */
function complete(root) {
  for (const [selector, attribute, value] of MISSING) {
    for (const node of root.querySelectorAll(selector)) node.setAttribute(attribute, value);
  }
}

/** Keep the labels below an element in the language of the page. */
export function label(root) {
  const observer = new MutationObserver((changes) => {
    for (const { addedNodes, target, type } of changes) {
      if ((target.closest ? target : target.parentElement)?.closest(CONTENT)) continue;
      if (type === "childList") addedNodes.forEach(within);
      else within(target);
    }
    if (changes.some(({ type }) => type === "childList")) complete(root);
  });
  within(root);
  complete(root);
  const what = { attributes: true, attributeFilter: ATTRIBUTES, characterData: true };
  observer.observe(root, { ...what, childList: true, subtree: true });
}
