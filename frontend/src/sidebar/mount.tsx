import { makeMount } from "../shared/component";
import { Sidebar } from "./Sidebar";
import type { SidebarAct, SidebarContent } from "./types";

/** Show the conversations and the tools in the component's place. */
export const mountSidebar = makeMount<SidebarContent, SidebarAct>("chat-sidebar", (content, ask) => (
  <Sidebar content={content} ask={ask} />
));
