import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { copyText } from "../clipboard";
import { text } from "../texts";
import { ActionButton } from "./ActionButton";
import { announce } from "./announcer";

const FEEDBACK_MS = 2_000;

/** Draw the button that copies a message as it was written, and says so. */
export function CopyButton({ source }: { source: string }): JSX.Element {
  const [outcome, setOutcome] = useState<"copied" | "copy_failed" | null>(null);
  useEffect(() => {
    if (!outcome) return;
    const timer = setTimeout(() => setOutcome(null), FEEDBACK_MS);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = async (): Promise<void> => {
    const isCopied = await copyText(source);
    setOutcome(isCopied ? "copied" : "copy_failed");
    announce(text(isCopied ? "copied" : "copy_failed"));
  };
  return (
    <span class="chat-copy">
      <ActionButton
        act="copy"
        icon={outcome === "copied" ? "check" : "copy"}
        label={text("copy")}
        onClick={() => void copy()}
      />
      {outcome && <span class="chat-feedback">{text(outcome)}</span>}
    </span>
  );
}
