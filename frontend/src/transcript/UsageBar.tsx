import type { JSX } from "preact";

import { Offers } from "./Offers";
import type { Usage } from "./types";

/** Draw how full the context window is, with what helps. */
export function UsageBar(props: { usage: Usage; hasOffers: boolean }): JSX.Element {
  const { usage, hasOffers } = props;
  const { used, window: size } = usage;
  const percent = size && Math.min(100, Math.round((100 * (used ?? size)) / size));
  return (
    <div class="chat-usage" data-warns={Boolean(usage.warning)}>
      {usage.text && (
        <>
          <span class="chat-usage-bar" aria-hidden="true" style={{ "--used": `${percent}%` }} />
          <span>{usage.text}</span>
        </>
      )}
      {usage.warning && <span class="chat-warning">{usage.warning}</span>}
      {hasOffers && <Offers offers={usage.offers} />}
    </div>
  );
}
