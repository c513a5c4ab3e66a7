// What the page holds: it is the source of everything that the editor is given.

export const language = document.documentElement.lang === "en" ? "en" : "nl";

/** Return the text in the language of the page. */
export const say = (dutch, english) => (language === "en" ? english : dutch);

/** Return an element with attributes and children (elements or text). */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

export const form = document.querySelector("form.query");
export const place = document.getElementById("editor");
export const answer = document.getElementById("shown");

/** The query that the page was asked for, or an empty text. */
export const asked = "asked" in place.dataset ? form.elements.query.value : "";

/** The graphs that the page was asked about, as arguments of the protocol. */
export const graphs = [...form.querySelectorAll("input[type=hidden]")].map(({ name, value }) => ({
  name,
  value,
}));

/** Prefix → namespace, from the lines on the page. */
export const prefixes = Object.fromEntries(
  document
    .querySelector("#prefixes pre")
    .textContent.trim()
    .split("\n")
    .map((line) => /^PREFIX (.*): <(.*)>$/.exec(line).slice(1)),
);

/** The links to examples; each leads to the page with that query. */
export const examples = [...document.querySelectorAll("#examples a")].map((link) => ({
  link,
  name: link.textContent,
  query: new URL(link.href).searchParams.get("query"),
}));
