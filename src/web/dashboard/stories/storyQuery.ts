/**
 * What the address says of the list of stories, and what the server is asked for that.
 */
import { hrefOf, type Query } from "../router.js"

/** Spans of time up to now, in the words of the address. */
export const spans = [
  { value: "1h", title: "Last hour", millis: 3_600_000 },
  { value: "24h", title: "Last 24 hours", millis: 86_400_000 },
  { value: "7d", title: "Last 7 days", millis: 604_800_000 },
  { value: "30d", title: "Last 30 days", millis: 2_592_000_000 }
] as const

/** When a span of time began, in ISO 8601. `undefined`: there is none. */
export const sinceOf = (within: string | null, now = Date.now()): string | undefined => {
  const span = spans.find(({ value }) => value === within)
  // In whole minutes: what is asked for again a moment later is the same.
  return span === undefined ? undefined : new Date(Math.floor((now - span.millis) / 60_000) * 60_000).toISOString()
}

/** Filters of the list. */
export const storyFilters = ["text", "status", "name", "correlation", "within", "since", "until", "label.", "sub"]

const taken = ["text", "status", "name", "correlation", "since", "until", "cursor"]

/** The request for the stories that an address asks for. */
export const storyRequest = (query: URLSearchParams): { readonly [name: string]: string } => {
  const request: { [name: string]: string } = { limit: "50" }
  for (const [name, value] of query) {
    if (value !== "" && (taken.includes(name) || name.startsWith("label."))) request[name] = value
  }
  const since = sinceOf(query.get("within"))
  if (since !== undefined) request["since"] = since
  if (query.get("sub") !== "true") request["roots"] = "true"
  return request
}

export const storyHref = (id: string): string => hrefOf(["stories", id])

/** The list of stories that a filter finds. */
export const storiesHref = (filter: Query): string => hrefOf(["stories"], filter)
