// How answers are shown: tables whose links lead to our own pages, and a label on made-up figures.
import Yasgui from "@zazuko/yasgui";

import { element, place, say } from "./page.js";

const { Yasr } = Yasgui;
const { boolean: Truth, response: Response, table: Table } = Yasr.plugins;

/** Return the page about a thing: our own things answer for themselves. */
function pageOf(iri) {
  const own = iri.startsWith(`${place.dataset.base}id/`);
  return own ? iri : `/resource?iri=${encodeURIComponent(iri)}`;
}

/** Return an IRI with a prefix where one fits. */
function short(iri, prefixes) {
  const [prefix, namespace] = Object.entries(prefixes ?? {})
    .filter(([, start]) => iri.startsWith(start))
    .reduce((best, row) => (row[1].length > best[1].length ? row : best), ["", ""]);
  return namespace ? `${prefix}:${iri.slice(namespace.length)}` : iri;
}

/** Let what is sorted and searched be the text itself; YASGUI would parse it as HTML first. */
function rendered(render) {
  return (data, type, ...more) => {
    const shown = type === "display" || data?.value === undefined;
    return shown ? render(data, type, ...more) : element("i", {}, data.value).innerHTML;
  };
}

class OurTable extends Table {
  label = say("Tabel", "Table");
  helpReference = undefined;
  persistentConfig = { compact: true, isEllipsed: false };

  getColumns() {
    return super.getColumns().map((column) => ({ ...column, render: rendered(column.render) }));
  }

  draw(config) {
    super.draw(config);
    this.destroyResizer(); // it fixes widths in pixels, also where there is no room for them
    this.tableEl.style.removeProperty("width");
  }

  drawControls() {
    super.drawControls();
    this.tableEllipseSwitch.closest("div").remove();
  }

  getUriLinkFromBinding({ value }, prefixes) {
    const link = element("a", { class: "iri", href: pageOf(value) }, short(value, prefixes));
    return link.outerHTML;
  }
}

class OurResponse extends Response {
  label = say("Zoals ontvangen", "As received");
  helpReference = undefined;
}

class OurTruth extends Truth {
  draw() {
    const holds = this.yasr.results.getBoolean();
    const word = holds ? say("ja", "yes") : say("nee", "no");
    const shown = element("p", { class: "boolean" }, element("strong", {}, word), ` (${holds})`);
    this.yasr.resultsEl.append(shown);
  }
}

const GRAPHS = { ttl: "Turtle", jsonld: "JSON-LD", rdf: "RDF/XML", nt: "N-Triples" };
const ROWS = { csv: "CSV", json: "JSON", xml: "XML", tsv: "TSV" };

/** Return links to the whole answer in each form. */
export function forms(address, isGraph) {
  const links = Object.entries(isGraph ? GRAPHS : ROWS).flatMap(([name, label], index) => [
    index ? ", " : " ",
    element("a", { href: `${address}&format=${name}` }, label),
  ]);
  const words = say("Het volledige antwoord als", "The whole answer as");
  return element("p", { class: "forms" }, words, ...links);
}

Yasr.registerPlugin("table", OurTable);
Yasr.registerPlugin("response", OurResponse);
Yasr.registerPlugin("boolean", OurTruth);
Table.defaults.tableConfig.autoWidth = false;
Object.assign(Table.defaults.tableConfig.language, {
  emptyTable: say("Geen rijen", "No rows"),
  info: say("_START_ tot _END_ van _TOTAL_ rijen", "_START_ to _END_ of _TOTAL_ rows"),
  infoEmpty: say("Geen rijen", "No rows"),
  infoFiltered: say("(uit _MAX_)", "(out of _MAX_)"),
  zeroRecords: say("Geen rij bevat dit", "No row holds this"),
});
