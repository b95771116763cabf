const files = import.meta.glob<string>("./texts/*.txt", { eager: true, import: "default", query: "?raw" });

/** Return a text of the folder texts/. */
export function read(name: string): string {
  return files[`./texts/${name}.txt`]!;
}

/** Return the names of all answers. */
export function answerNames(): string[] {
  return Object.keys(files).map((path) => path.slice("./texts/".length, -".txt".length)).filter((name) => !name.startsWith("prompt"));
}
