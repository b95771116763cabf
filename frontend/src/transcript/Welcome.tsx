import type { JSX } from "preact";

import { text } from "../texts";
import { useStore } from "./context";

const STARTERS = ["starter_1", "starter_2", "starter_3", "starter_4"] as const;

/** Draw what an empty conversation shows: a greeting and prompts to start with. */
export function Welcome({ hasSmallModel }: { hasSmallModel: boolean }): JSX.Element {
  const store = useStore();
  return (
    <div class="chat-welcome">
      <h1>{text("greeting")}</h1>
      <div class="chat-starters" role="group" aria-label={text("starters")}>
        {STARTERS.map((key) => (
          <button
            type="button"
            class="chat-starter"
            key={key}
            onClick={() => store.request({ act: "send", text: text(key) })}
          >
            {text(key)}
          </button>
        ))}
      </div>
      {hasSmallModel && (
        <p class="chat-small-model">
          {text("small_model")}{" "}
          <button type="button" class="chat-link" onClick={() => store.request({ act: "models" })}>
            {text("better_model")}
          </button>
        </p>
      )}
    </div>
  );
}
