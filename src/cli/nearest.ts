/**
 * The known word that someone may have meant.
 */

/** The one that fewest changed letters make of `text`; `undefined` where that is another word altogether. */
export const nearest = (text: string, known: ReadonlyArray<string>): string | undefined => {
  const typed = text.toLowerCase()
  let best: string | undefined
  let fewest = Math.max(1, Math.floor(typed.replace(/^-+/, "").length / 3)) + 1
  for (const word of known) {
    const isBeginning = typed.length >= 4 && word.startsWith(typed)
    const changes = isBeginning ? 1 : distance(typed, word)
    if (changes < fewest) {
      fewest = changes
      best = word
    }
  }
  return best
}

/** Letters to add, leave out, replace or swap with their neighbour (optimal string alignment). */
const distance = (a: string, b: string): number => {
  let beforeLast: ReadonlyArray<number> = []
  let last: ReadonlyArray<number> = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const swapped = isSwap ? (beforeLast[j - 2] ?? 0) + 1 : replaced
      row.push(Math.min(replaced, swapped, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1))
    }
    beforeLast = last
    last = row
  }
  return last[b.length] ?? 0
}
