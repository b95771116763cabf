// Bundles src/ into chatbot/web/assets (or the folder that is named), each file by its hash.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const outdir = process.argv[2] ?? join(here, "../chatbot/web/assets");

rmSync(outdir, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: { chat: "src/main.ts" },
  outdir,
  bundle: true,
  splitting: true,
  format: "esm",
  minify: true,
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  loader: { ".woff2": "file", ".woff": "empty", ".ttf": "empty" },
  legalComments: "none",
  preserveSymlinks: true, // where the packages lie must not change a byte
  metafile: true,
});

const files = Object.keys(metafile.outputs).map((path) => basename(path));
const find = (ending) => files.find((name) => name.startsWith("chat-") && name.endsWith(ending));
writeFileSync(
  join(outdir, "entry.json"),
  `${JSON.stringify({ script: find(".js"), style: find(".css") })}\n`,
);

// The licences of what is in the bundle travel with it.
const inputs = Object.keys(metafile.inputs);
const packages = new Set(inputs.map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1]));
packages.delete(undefined);
writeFileSync(join(outdir, "LICENSES.txt"), [...packages].sort().map(readLicence).join(""));

function readLicence(name) {
  const folder = join(here, "node_modules", name);
  const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? readFileSync(join(folder, file), "utf8").replaceAll("\r\n", "\n").trim() : "";
  return `${name} ${version} (${license})\n\n${text}\n\n${"=".repeat(80)}\n\n`;
}
