// What people call the languages that stand behind a fence.
const NAMES: Record<string, string> = {
  asm: "Assembly", bash: "Bash", bat: "Batch", c: "C", "c#": "C#", "c++": "C++", cc: "C++", clojure: "Clojure", cmake: "CMake",
  console: "Shell", cpp: "C++", cs: "C#", csharp: "C#", css: "CSS", csv: "CSV", dart: "Dart", diff: "Diff", docker: "Dockerfile",
  dockerfile: "Dockerfile", dos: "Batch", elixir: "Elixir", fortran: "Fortran", go: "Go", golang: "Go", gradle: "Gradle",
  graphql: "GraphQL", haskell: "Haskell", hs: "Haskell", html: "HTML", http: "HTTP", ini: "INI", java: "Java",
  javascript: "JavaScript", js: "JavaScript", json: "JSON", json5: "JSON", jsonc: "JSON", jsx: "JSX", julia: "Julia",
  kotlin: "Kotlin", kt: "Kotlin", latex: "LaTeX", lua: "Lua", makefile: "Makefile", markdown: "Markdown", matlab: "MATLAB",
  md: "Markdown", mermaid: "Mermaid", nginx: "Nginx", objc: "Objective-C", objectivec: "Objective-C", ocaml: "OCaml",
  patch: "Diff", perl: "Perl", php: "PHP", pl: "Perl", powershell: "PowerShell", ps1: "PowerShell", proto: "Protocol Buffers",
  protobuf: "Protocol Buffers", py: "Python", python: "Python", python3: "Python", r: "R", rb: "Ruby", rs: "Rust",
  ruby: "Ruby", rust: "Rust", sass: "Sass", scala: "Scala", scss: "SCSS", sh: "Shell", shell: "Shell", sql: "SQL",
  svelte: "Svelte", svg: "SVG", swift: "Swift", tex: "LaTeX", toml: "TOML", ts: "TypeScript", tsx: "TSX",
  typescript: "TypeScript", vb: "Visual Basic", vbnet: "Visual Basic", vim: "Vim script", vue: "Vue", wasm: "WebAssembly",
  xml: "XML", yaml: "YAML", yml: "YAML", zsh: "Zsh",
};
const PLAIN = new Set(["text", "txt", "plain", "plaintext"]);

/** Return what a person calls a language; empty for plain text. */
export function nameLanguage(language: string): string {
  const key = language.toLowerCase();
  if (PLAIN.has(key)) return "";
  return Object.hasOwn(NAMES, key) ? NAMES[key]! : language;
}
