import { useMemo } from "preact/hooks";

import { placeOf } from "./changes";
import { useStore } from "./context";
import { endFollower } from "./scrolling";
import type { TranscriptStore } from "./store";
import type { Message } from "./types";

/** What a reader can do with a message; each keeps what is in sight where it is. */
export interface Acts {
  answerAgain(answer: Message): void;
  continueAnswer(answer: Message): void;
  deleteExchange(prompt: Message): void;
  sendEdit(prompt: Message, text: string): void;
  showVersion(message: Message, wanted: string): void;
}

/** Return the acts of the transcript that is drawn. */
export function useActs(): Acts {
  const store = useStore();
  return useMemo(() => makeActs(store), [store]);
}

function makeActs(store: TranscriptStore): Acts {
  return {
    answerAgain: ({ id }) => store.request({ act: "again", message: id }),
    continueAnswer: ({ id }) => store.request({ act: "continue", message: id }),
    deleteExchange: ({ id }) => store.request({ act: "delete", message: id }),
    sendEdit: ({ id }, text) => store.request({ act: "edit", message: id, text }),
    showVersion(message, wanted) {
      endFollower.hold(placeOf(message));
      store.request({ act: "show", message: wanted });
    },
  };
}
