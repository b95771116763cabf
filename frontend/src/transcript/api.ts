import type { Transcript } from "./types";

/** The server said no: `status` is HTTP's. */
export class ApiError extends Error {
  constructor(readonly status: number) {
    super(`HTTP ${status}`);
  }
}

/** Return an address of the API, relative to the page; `visitor` stands for a cookie. */
export function apiUrl(path: string, query: Record<string, string>): string {
  const url = new URL(path, document.baseURI);
  for (const [name, value] of Object.entries(query)) if (value) url.searchParams.set(name, value);
  return url.href;
}

/** Return the conversation's shown branch. Raises ApiError, or TypeError without a server. */
export async function fetchTranscript(id: string, visitor: string): Promise<Transcript> {
  const url = apiUrl(`conversations/${id}/messages`, { visitor });
  const response = await fetch(url, { credentials: "same-origin", cache: "no-store" });
  if (!response.ok) throw new ApiError(response.status);
  return (await response.json()) as Transcript;
}

/** End the answer; what came so far stays. */
export async function stopGeneration(id: string, visitor: string): Promise<void> {
  const url = apiUrl(`generations/${id}/stop`, { visitor });
  const response = await fetch(url, { method: "POST", credentials: "same-origin" });
  if (!response.ok) throw new ApiError(response.status);
}

/** Return where a generation's events are read, after the event `last`. */
export function eventsUrl(id: string, visitor: string, last: string): string {
  return apiUrl(`generations/${id}/events`, { visitor, last });
}
