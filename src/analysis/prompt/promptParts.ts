/**
 * The report inside a prompt, piece by piece, and how it is brought down to the room there is.
 */
import { cut } from "./promptText.js"

/** One line of the report, or a block of lines. */
export interface PromptPart {
  /** The heading it is under; none for `""`. */
  readonly section: string
  /** The id by which it can be cited. */
  readonly id: string | null
  readonly label: string
  readonly text: string
  /** Whether its own line breaks are kept, each line marked as quoted. */
  readonly isBlock: boolean
  readonly isFrame: boolean
  /** What goes first where there is room for little: the highest rank, and of one rank the highest order. */
  readonly rank: number
  readonly order: number
}

/** The parts under their headings. */
export const rendered = (parts: ReadonlyArray<PromptPart>): string => {
  let out = ""
  let section = ""
  for (const part of parts) {
    if (part.section !== section && part.section !== "") out += `\n${part.section}:\n`
    section = part.section
    // A line of the program's own is never the beginning of a line here.
    out += part.isBlock ? part.text.replace(/^/gm, "| ") : `${part.label}${part.text}`
    out += "\n"
  }
  return out.trimEnd()
}

/**
 * What fits into `room` characters: no text takes more than a quarter of it; then the oldest frames go, but the newest
 * of each failure; then the longest texts are shortened; then the least useful parts go.
 */
export const within = (parts: ReadonlyArray<PromptPart>, room: number): ReadonlyArray<PromptPart> => {
  const isFitting = (parts: ReadonlyArray<PromptPart>) => rendered(parts).length <= room
  let kept = capped(parts, Math.floor(room / 4))
  for (const oldest of droppableFrames(kept)) {
    if (isFitting(kept)) return kept
    kept = kept.filter((part) => part !== oldest)
  }
  while (!isFitting(capped(kept, minText))) {
    const least = leastTelling(kept)
    if (least === undefined) break
    kept = kept.filter((part) => part !== least)
  }
  const longest = kept.reduce((most, { text }) => Math.max(most, text.length), 0)
  const cap = longestCap(longest, (cap) => isFitting(capped(kept, cap)))
  return capped(kept, cap)
}

/** Below this a text says nothing. */
const minText = 40

const capped = (parts: ReadonlyArray<PromptPart>, max: number): ReadonlyArray<PromptPart> =>
  parts.map((part) => (part.text.length <= max ? part : { ...part, text: cut(part.text, max) }))

/** Outermost first. */
const droppableFrames = (parts: ReadonlyArray<PromptPart>): ReadonlyArray<PromptPart> =>
  parts
    .filter((part, i) => part.isFrame && parts[i - 1]?.isFrame === true && parts[i - 1]?.section === part.section)
    .sort((a, b) => b.order - a.order)

const leastTelling = (parts: ReadonlyArray<PromptPart>): PromptPart | undefined =>
  parts
    .filter(({ rank }) => rank > 0)
    .reduce<PromptPart | undefined>(
      (least, part) =>
        least === undefined || part.rank > least.rank || (part.rank === least.rank && part.order > least.order)
          ? part
          : least,
      undefined
    )

/** The greatest cap that fits, found by halving; at least {@link minText}. */
const longestCap = (longest: number, isFitting: (cap: number) => boolean): number => {
  let low = minText
  let high = Math.max(longest, minText)
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (isFitting(middle)) low = middle
    else high = middle - 1
  }
  return low
}
