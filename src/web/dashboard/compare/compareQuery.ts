/**
 * What the address says of a comparison: of some stories or runs, or of two groups.
 */
import { hrefOf, type Query } from "../router.js"

/** Most stories or runs that are compared. */
export const mostCompared = 6

export const idsOf = (query: URLSearchParams): ReadonlyArray<string> =>
  (query.get("ids") ?? "").split(",").filter((id) => id !== "")

export const compareHref = (ids: ReadonlyArray<string>): string => hrefOf(["compare"], { ids })

/** The request, whose `id` is given once for each. */
export const comparePath = (ids: ReadonlyArray<string>): string =>
  `/api/v1/compare?${ids.map((id) => `id=${encodeURIComponent(id)}`).join("&")}`

/** The filters of the two groups, which begin with `a.` and `b.`; `undefined` where there is no group. */
export const groupsOf = (query: URLSearchParams): { readonly [name: string]: string } | undefined => {
  const filters = Array.from(query).filter(([name, value]) => /^[ab]\./.test(name) && value !== "")
  const isOne = (group: string) => filters.some(([name]) => name.startsWith(group))
  return isOne("a.") && isOne("b.") ? Object.fromEntries(filters) : undefined
}

/** A group in words, e.g. `version 1.4.2`. */
export const groupName = (filter: { readonly [name: string]: string }, group: "a" | "b"): string => {
  const other = group === "a" ? "b" : "a"
  const parts = Object.entries(filter).flatMap(([name, value]) => {
    if (!name.startsWith(`${group}.`)) return []
    const field = name.slice(2)
    // What both have in common says nothing of either.
    return filter[`${other}.${field}`] === value ? [] : [`${wordOf(field)} ${value}`]
  })
  return parts.length === 0 ? `group ${group}` : parts.join(", ")
}

const wordOf = (field: string): string =>
  ({ since: "from", until: "before", name: "" })[field] ?? field.replace(/^label\./, "")

/** Stories before a moment and from it on, or with one value of a label and with another. */
export const groupsHref = (split: Split): string => {
  const name = split.name === "" ? {} : { "a.name": split.name, "b.name": split.name }
  const roots = { "a.roots": "true", "b.roots": "true" }
  const parts: Query =
    split.by === "date"
      ? { "a.until": split.a, "b.since": split.a }
      : { [`a.label.${split.by}`]: split.a, [`b.label.${split.by}`]: split.b }
  return hrefOf(["compare"], { ...name, ...roots, ...parts })
}

export interface Split {
  /** The name of the stories, or nothing for all. */
  readonly name: string
  /** `date`, or the name of a label. */
  readonly by: string
  readonly a: string
  readonly b: string
}
