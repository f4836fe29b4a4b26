/**
 * What the address says of the list of stories, and what the server is asked for that.
 */
import { hrefOf, type Query } from "../router.js"
import { spans } from "../runs/runQuery.js"

/** Spans of time up to now, as choices. */
export const spanChoices = spans.map(({ name, title }) => ({ value: name, title }))

/** When a span of time began, in ISO 8601. `undefined`: there is none. */
export const sinceOf = (within: string | null, now = Date.now()): string | undefined => {
  const span = spans.find(({ name }) => name === within)
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
