import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { text } from "../texts";
import { Icon } from "../shared/Icon";
import { endFollower } from "./scrolling";

/** Draw the way back to the end while that is far. */
export function ToEnd(): JSX.Element {
  const [isFar, setIsFar] = useState(false);
  useEffect(() => endFollower.subscribe(() => setIsFar(endFollower.isFar())), []);
  return (
    <div class="chat-to-end-place">
      {isFar && (
        <button
          type="button"
          class="chat-to-end"
          aria-label={text("to_end")}
          title={text("to_end")}
          onClick={() => endFollower.goToEnd()}
        >
          <Icon name="down" />
        </button>
      )}
    </div>
  );
}
