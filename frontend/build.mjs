// Bundles src/ into chatbot/web/assets (or the folder that is named), each file by its hash.
import { rmSync, writeFileSync } from "node:fs";
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
  metafile: true,
});

const files = Object.keys(metafile.outputs).map((path) => basename(path));
const find = (ending) => files.find((name) => name.startsWith("chat-") && name.endsWith(ending));
writeFileSync(
  join(outdir, "entry.json"),
  `${JSON.stringify({ script: find(".js"), style: find(".css") })}\n`,
);
