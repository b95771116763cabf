import type { JSX } from "preact";

import { text } from "../texts";
import { ActionButton } from "./ActionButton";
import { useActs } from "./acts";
import type { Message } from "./types";

/** Draw the way to a message's other versions: ‹ 2/3 ›. */
export function Versions({ message }: { message: Message }): JSX.Element | null {
  const { showVersion } = useActs();
  const { versions } = message;
  if (versions.length < 2) return null;
  const index = versions.indexOf(message.id);
  const turn = (act: "previous" | "next", step: number): JSX.Element => {
    const wanted = versions[index + step];
    return (
      <ActionButton
        act={act}
        icon={act}
        label={text(`${act}_version`)}
        disabled={!wanted}
        onClick={() => wanted && showVersion(message, wanted)}
      />
    );
  };
  const place = { number: index + 1, count: versions.length };
  return (
    <span class="chat-versions-turner">
      {turn("previous", -1)}
      <span class="chat-versions" role="img" aria-label={text("version_of", place)}>
        {place.number}/{place.count}
      </span>
      {turn("next", 1)}
    </span>
  );
}
