/**
 * The known word that someone may have meant.
 */

/** The one that fewest changed letters make of `text`; `undefined` where that is another word altogether. */
export const nearest = (text: string, known: ReadonlyArray<string>): string | undefined => {
  const typed = text.toLowerCase()
  const isBeginning = (word: string) => typed.length >= 4 && word.startsWith(typed)
  const most = Math.max(1, Math.floor(typed.replace(/^-+/, "").length / 3))
  return best(known, most, (word) => (isBeginning(word) ? 1 : distance(typed, word)))
}

/** The same for what can only be a mistake in writing: one letter, or two of a long name. */
export const misspelt = (text: string, known: ReadonlyArray<string>): string | undefined => {
  const typed = text.toLowerCase()
  return typed.length < 4
    ? undefined
    : best(known, typed.length < 8 ? 1 : 2, (word) => distance(typed, word.toLowerCase()))
}

const best = (known: ReadonlyArray<string>, most: number, changesOf: (word: string) => number): string | undefined => {
  let found: string | undefined
  let fewest = most + 1
  for (const word of known) {
    const changes = changesOf(word)
    if (changes < fewest) {
      fewest = changes
      found = word
    }
  }
  return found
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
