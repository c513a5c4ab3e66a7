// Bundles the editor: node build.mjs FOLDER. Names hold a digest of the content, so that a browser
// may keep the files for good; manifest.json tells the service what they are called.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

import { build } from "esbuild";

const folder = process.argv[2];

/** Return the notices of everything that may be in the bundle, as the licences ask. */
function licences() {
  const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8"));
  return Object.entries(packages)
    .filter(([path, row]) => path && !row.dev && existsSync(path))
    .map(([path, row]) => {
      const { author } = JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
      const texts = readdirSync(path)
        .filter((name) => /^(licen[cs]e|copying|notice)/i.test(name))
        .map((name) => readFileSync(join(path, name), "utf8").trim());
      const who = typeof author === "string" ? author : (author?.name ?? "");
      const name = path.slice("node_modules/".length);
      const title = `${name} ${row.version} (${row.license ?? "licence below"}) ${who}`;
      return [title.trim(), ...texts].join("\n\n");
    })
    .join(`\n\n${"-".repeat(72)}\n\n`);
}

// Our Content-Security-Policy blocks style elements and style attributes. YASGUI makes one of each:
// for a column resizer, which is not used here, and to underline a word. This build fails when a new
// version has other text, and a test sees whatever else is blocked.
const WITHOUT_STYLES = [
  ["o.appendChild(document.createTextNode(n)), e.appendChild(o);", "null;"],
  ["<strong style='text-decoration:underline'>", "<strong>"],
];

/** Replace each text, which must be there exactly once. */
function replaced(text, pairs) {
  for (const [from, to] of pairs) {
    if (text.split(from).length !== 2) throw new Error(`not there exactly once: ${from}`);
    text = text.replace(from, () => to);
  }
  return text;
}

const withoutStyles = {
  name: "without-styles",
  setup({ onLoad }) {
    onLoad({ filter: /yasgui\.esm\.js$/ }, ({ path }) => ({
      contents: replaced(readFileSync(path, "utf8"), WITHOUT_STYLES),
    }));
  },
};

const notices = `${licences()}\n`;
const digest = createHash("sha256").update(notices).digest("hex").slice(0, 8).toUpperCase();
const notice = `licences-${digest}.txt`;
const banner = `/* Made from YASGUI and others; their licences: /static/${notice} */`;

const { metafile } = await build({
  entryPoints: ["editor.js"],
  outdir: folder,
  entryNames: "[name]-[hash]",
  plugins: [withoutStyles],
  bundle: true,
  minify: true,
  metafile: true,
  target: "es2020",
  legalComments: "none",
  banner: { js: banner, css: banner },
});
const made = Object.keys(metafile.outputs).map((path) => basename(path));
const one = (extension) => made.find((name) => name.endsWith(extension));

mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, notice), notices);
const manifest = { script: one(".js"), style: one(".css"), licences: notice };
writeFileSync(join(folder, "manifest.json"), `${JSON.stringify(manifest)}\n`);
