import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { language } from "../texts";
import type { TranscriptState } from "./store";

const TICK_MS = 500;

/** Draw three soft dots until the first words come; what is waited for after a second. */
export function Waiting({ wait }: { wait: NonNullable<TranscriptState["wait"]> }): JSX.Element {
  const [nowMs, setNowMs] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.floor((nowMs - wait.since) / 1000);
  return (
    <div class="chat-wait">
      <span class="chat-dots" aria-hidden="true">
        <i />
        <i />
        <i />
      </span>
      {seconds >= 1 && wait.text && <span>{`${wait.text} ${formatSeconds(seconds)}`}</span>}
    </div>
  );
}

function formatSeconds(seconds: number): string {
  const unit = { style: "unit", unit: "second", unitDisplay: "narrow" } as const;
  return seconds.toLocaleString(language(), unit);
}
