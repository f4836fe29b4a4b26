/**
 * Which rows of a long list are in the document, and how many are left out between them.
 */
export type RowPart =
  | { readonly kind: "row"; readonly at: number }
  /** The rows from the first up to the one before the end. */
  | { readonly kind: "gap"; readonly first: number; readonly end: number }

/**
 * The rows from `first` up to the one before `end`, and those that are kept wherever they are, of so many rows.
 *
 * @param kept - places of rows; what is none, such as -1, is passed over
 */
export const rowParts = (
  first: number,
  end: number,
  kept: ReadonlyArray<number>,
  count: number
): ReadonlyArray<RowPart> => {
  const shown = new Set(kept.filter((at) => at >= 0 && at < count))
  for (let at = Math.max(0, first); at < Math.min(end, count); at += 1) shown.add(at)
  const parts: Array<RowPart> = []
  let next = 0
  for (const at of Array.from(shown).sort((a, b) => a - b)) {
    if (at > next) parts.push({ kind: "gap", first: next, end: at })
    parts.push({ kind: "row", at })
    next = at + 1
  }
  if (next < count) parts.push({ kind: "gap", first: next, end: count })
  return parts
}
