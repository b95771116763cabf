declare module "commonmark-spec" {
  export const tests: { markdown: string; html: string; section: string; number: number }[];
}
declare module "*?raw" {
  const content: string;
  export default content;
}
interface ImportMeta {
  glob<T>(pattern: string, options: { eager: true; import: "default"; query: "?raw" }): Record<string, T>;
}
