/**
 * Where code was put into a module as it was loaded: what follows on the same line is further right than in its file, which is what
 * a source map beside the file speaks of.
 */

/** A text that was put before a column of a line, both counted from 0. */
export type Moved = readonly [line: number, column: number, length: number]

const movedIn = new Map<string, ReadonlyArray<Moved>>()

/** `moved` is in the order of the file. */
export const note = (file: string, moved: ReadonlyArray<Moved>): void => {
  movedIn.set(file, moved)
}

/** The column in the file, of one in the module as it runs. Both, and the line, count from 1. */
export const columnInFile = (file: string, line: number, column: number): number => {
  let found = column - 1
  for (const [at, from, length] of movedIn.get(file) ?? []) {
    if (at !== line - 1 || found < from) continue
    // Within what was added, it is the place it was added at.
    found = Math.max(from, found - length)
  }
  return found + 1
}
