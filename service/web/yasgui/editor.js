// The editor of /sparql: YASGUI on top of a page that works without it.
import Yasgui from "@zazuko/yasgui";
import "@zazuko/yasgui/build/yasgui.min.css";

import "./editor.css";
import { label } from "./labels.js";
import { answer, asked, examples, form, graphs, place, prefixes } from "./page.js";
import { element, language, say } from "./page.js";
import { described } from "./problem.js";
import { forms } from "./results.js";

const { Yasqe, Yasr } = Yasgui;
const ENDPOINT = `${location.origin}/sparql`;
const LONGEST_ADDRESS = 4000; // characters; a longer query goes by POST
const SYNTHETIC = "/synthetisch/";

/** Return the address of the page with a query; it works without the editor too. */
function address(query, args = []) {
  const pairs = [["query", query], ...args.map(({ name, value }) => [name, value])];
  return `${ENDPOINT}?${new URLSearchParams(pairs)}`;
}

const addressOf = (tab) => address(tab.getQuery(), tab.getRequestConfig().args);

/** Return the editor's settings. Nothing is asked of another host, and no answer is kept. */
function settings() {
  return {
    persistenceId: "imonitor",
    populateFromUrl: false,
    autoAddOnInit: false,
    autofocus: false,
    tabName: say("Vraag", "Query"),
    endpointCatalogueOptions: { getData: () => [], keys: [] },
    requestConfig: {
      endpoint: ENDPOINT,
      method: (yasgui) => (addressOf(yasgui.getTab()).length > LONGEST_ADDRESS ? "POST" : "GET"),
      headers: () => ({ "Accept-Language": language }),
      acceptHeaderSelect: "application/sparql-results+json, text/turtle;q=0.9",
      acceptHeaderGraph: "text/turtle, application/sparql-results+json;q=0.9",
      acceptHeaderUpdate: "application/sparql-results+json",
    },
    yasqe: {
      value: examples[0]?.query ?? "",
      resizeable: false,
      viewportMargin: Infinity, // as high as the query, so that only the page scrolls
      extraKeys: { Tab: false, "Shift-Tab": false }, // or nobody gets out with the keyboard
    },
    yasr: { prefixes, maxPersistentResponseSize: 0 },
  };
}

/** Open a query in its tab, or in a new one. */
function open(yasgui, name, query, args = []) {
  const what = JSON.stringify([query, args]);
  const same = Object.values(yasgui._tabs).find((tab) => {
    const { yasqe, requestConfig } = tab.getPersistedJson();
    return JSON.stringify([yasqe.value, requestConfig.args ?? []]) === what;
  });
  if (same) yasgui.selectTabId(same.getId());
  else yasgui.addTab(true, { name, yasqe: { value: query }, requestConfig: { args } });
}

/** Show what comes with an answer: links to its forms, and the notice on made-up figures. */
function accompany(tab) {
  const results = tab.getYasr().results;
  const around = tab.getYasr().rootEl;
  around.parentElement.querySelectorAll(".accompanying").forEach((old) => old.remove());
  if (results.hasError()) return;
  const made = element("div", { class: "accompanying" });
  if (results.getOriginalResponseAsString()?.includes(SYNTHETIC)) {
    made.append(document.getElementById("synthetic").content.cloneNode(true));
  }
  if (addressOf(tab).length <= LONGEST_ADDRESS) {
    made.append(forms(addressOf(tab), results.getContentType()?.includes("turtle")));
  }
  around.before(made);
}

function start() {
  Yasqe.forkAutocompleter("prefixes", {
    name: "prefixes",
    persistenceId: null,
    get: () => Object.entries(prefixes).map(([prefix, name]) => `${prefix}: <${name}>`),
  });
  // Here, since a tab does not hand on a height, and lists are merged. Terms it would ask elsewhere.
  Object.assign(Yasqe.defaults, { autocompleters: ["prefixes", "variables"], editorHeight: "auto" });
  Yasgui.Tab.prototype.getShareableLink = function () {
    return addressOf(this);
  };
  let yasgui;
  Yasr.defaults.errorRenderers = [async ({ text }) => described(text, yasgui.getTab().getYasqe())];
  yasgui = new Yasgui(place, settings());
  if (asked) open(yasgui, undefined, asked, graphs);
  else if (!yasgui.getTab()) yasgui.addTab(true);
  for (const event of ["query", "tabAdd", "tabSelect"]) yasgui.on(event, () => answer.remove());
  yasgui.on("queryResponse", (_, tab) => queueMicrotask(() => accompany(tab)));
  for (const { link, name, query } of examples) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      document.getElementById("examples").open = false;
      open(yasgui, name, query);
      place.scrollIntoView();
      yasgui.getTab().query().catch(() => {}); // what went wrong is shown
    });
  }
  label(place);
}

try {
  place.hidden = false; // shown first: it measures itself
  start();
  form.hidden = true;
} catch (error) {
  place.remove();
  console.error(error); // the form is still there
}
