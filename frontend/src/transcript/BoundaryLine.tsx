import type { JSX } from "preact";

import { Rendered } from "./Rendered";
import type { Boundary } from "./types";

/** Draw from where on the model still reads, and the summary of what stands before it. */
export function BoundaryLine({ boundary }: { boundary: Boundary }): JSX.Element {
  if (!boundary.summary) return <p class="chat-boundary">{boundary.text}</p>;
  return (
    <details class="chat-boundary">
      <summary>{boundary.text}</summary>
      <Rendered source={boundary.summary} isComplete />
    </details>
  );
}
