import { makeMount } from "../shared/component";
import { Header } from "./Header";
import type { HeaderAct, HeaderContent } from "./types";

/** Show the choice of the model in the component's place. */
export const mountHeader = makeMount<HeaderContent, HeaderAct>("chat-header", (content, ask) => (
  <Header content={content} ask={ask} />
));
