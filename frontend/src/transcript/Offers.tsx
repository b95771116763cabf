import type { JSX } from "preact";

import { useStore } from "./context";
import type { Act, Offer } from "./types";

/** Draw cures as buttons. */
export function Offers({ offers }: { offers: Offer[] }): JSX.Element {
  const store = useStore();
  return (
    <>
      {offers.map((offer) => (
        <button
          type="button"
          class="chat-button"
          data-act={offer.act}
          key={offer.label}
          onClick={() => store.request(makeAct(offer))}
        >
          {offer.label}
        </button>
      ))}
    </>
  );
}

function makeAct(offer: Offer): Act {
  if (offer.act === "raise") return { act: "raise", num_ctx: offer.num_ctx };
  return { act: offer.act, model: offer.model };
}
