type Region = "chat-announcer" | "chat-alerts";

function findRegion(id: Region): HTMLElement {
  const existing = document.getElementById(id);
  if (existing) return existing;
  const region = document.createElement("div");
  region.id = id;
  region.className = "chat-unseen";
  region.setAttribute("role", id === "chat-alerts" ? "alert" : "status");
  document.body.append(region);
  return region;
}

/** Make the regions that screen readers listen to; they must be there before they speak. */
export function installAnnouncer(): void {
  findRegion("chat-announcer");
  findRegion("chat-alerts");
}

/** Have screen readers say `words` once what they say now is over. */
export function announce(words: string): void {
  findRegion("chat-announcer").textContent = words;
}

/** Have screen readers say at once that something failed. */
export function announceError(words: string): void {
  findRegion("chat-alerts").textContent = words;
}
