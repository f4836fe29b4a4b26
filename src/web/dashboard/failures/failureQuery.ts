/**
 * What the address says of failures, and what the server is asked for that.
 */
import type { FailureGroupJson } from "../../../server/readModels.js"
import { hrefOf } from "../router.js"
import { sinceOf } from "../stories/storyQuery.js"

/** How far back failures are looked for, unless the address says otherwise. */
export const usualSpan = "30d"

const taken = ["story", "stage", "error_type", "code", "handled", "since", "until", "cursor"]

export const failureFilters = ["story", "stage", "error_type", "code", "handled", "within", "since", "until"]

export const failureRequest = (query: URLSearchParams): { readonly [name: string]: string } => {
  const request: { [name: string]: string } = {}
  for (const [name, value] of query) if (value !== "" && taken.includes(name)) request[name] = value
  const since = request["since"] ?? sinceOf(query.get("within") || usualSpan)
  return since === undefined ? request : { ...request, since }
}

export const kindHref = (fingerprint: string): string => hrefOf(["failures", fingerprint])

const isVersion = ({ name }: FailureGroupJson["labels"][number]): boolean =>
  /version|release|revision|commit/i.test(name)

/** Labels by name and by when they were seen first; those that name a version before all others. */
export const labelsOf = ({ labels }: FailureGroupJson): FailureGroupJson["labels"] => [
  ...labels.filter(isVersion),
  ...labels.filter((label) => !isVersion(label))
]

/** The labels that name a version, or else all of them. */
export const versionsOf = (group: FailureGroupJson): FailureGroupJson["labels"] => {
  const versions = group.labels.filter(isVersion)
  return versions.length > 0 ? versions : group.labels
}
