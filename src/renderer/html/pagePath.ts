/**
 * Where the page of a story is: the placeholders of a path, and names that any file system takes.
 */
import type { StoryCard } from "./pageData.js"

const placeholder = /\{([^{}]*)\}/g

const values: { readonly [name: string]: (card: StoryCard) => string } = {
  story_name: ({ name }) => slug(name),
  story_id: ({ id }) => slug(id),
  started: ({ startedAt }) => stamp(startedAt)
}

/** What may be in braces. */
export const placeholders: ReadonlyArray<string> = Object.keys(values).map((name) => `{${name}}`)

export const unknownPlaceholders = (path: string): ReadonlyArray<string> =>
  Array.from(path.matchAll(placeholder), ([text, name = ""]) => (Object.hasOwn(values, name) ? "" : text)).filter(
    (text) => text !== ""
  )

/** Whether each story has a file of its own. */
export const isTemplate = (path: string): boolean => path.search(placeholder) >= 0

export const fill = (path: string, card: StoryCard): string =>
  path.replace(placeholder, (text, name: string) => values[name]?.(card) ?? text)

/** Sorts by time, and distinguishes stories of one time and name. */
export const nameIn = ({ id, name, startedAt }: StoryCard): string =>
  `${stamp(startedAt)}-${String(startedAt % 1_000).padStart(3, "0")}-${slug(name)}-${slug(id).slice(-8)}.html`

/** Whether a name may be one that {@link nameIn} gave. */
export const isNameIn = (name: string): boolean => /^\d{8}-\d{6}-\d{3}-.+\.html$/.test(name)

const stamp = (millis: number): string => {
  const date = new Date(millis)
  const iso = Number.isNaN(date.getTime()) ? new Date(0).toISOString() : date.toISOString()
  return iso.slice(0, 19).replaceAll("-", "").replaceAll(":", "").replace("T", "-")
}

/** Letters, digits, dots and hyphens: no separators, nothing hidden, nothing above the folder. */
const slug = (text: string): string =>
  text
    .normalize("NFC")
    .replace(/[^\p{L}\p{N}._-]+/gu, "-")
    .replace(/^[.-]+|[.-]+$/g, "")
    .slice(0, 60) || "story"
