/**
 * Texts under labels, as the blocks below a failure have them.
 */
import * as textLayout from "./textLayout.js"
import type { Paint, Theme } from "./theme.js"

export interface BlockOptions {
  readonly theme: Theme
  /** The columns of the terminal, `undefined` where there is none. */
  readonly columns: number | undefined
}

/** Where the texts begin. */
export const labelColumns = 15
/** Narrower than this, a hanging indent leaves too little room for the texts. */
const fewestColumns = labelColumns + 20

/** The columns that a text has right of its label; `undefined` where it is not to be broken. */
export const textColumns = ({ columns }: BlockOptions): number | undefined =>
  columns === undefined || columns < fewestColumns ? undefined : columns - labelColumns

/** Lines broken to fit right of their label, and painted. An entry of a list hangs below its bullet. */
export const wrapped = (
  lines: ReadonlyArray<string>,
  options: BlockOptions,
  paint: Paint = (text) => text
): ReadonlyArray<string> => {
  const columns = textColumns(options)
  const all = columns === undefined ? lines : lines.flatMap((line) => wrappedEntry(line, columns))
  return all.map(paint)
}

const wrappedEntry = (line: string, columns: number): ReadonlyArray<string> => {
  const bullet = /^(?:[-*]|\d+\.) (?=\S)/.exec(line)?.[0] ?? ""
  return textLayout
    .wrap(line.slice(bullet.length), columns - bullet.length)
    .map((text, i) => (i === 0 ? bullet : " ".repeat(bullet.length)) + text)
}

/** The label, and the lines right of it. A label that is too long for its column has a line of its own. */
export const labelled = (label: string, lines: ReadonlyArray<string>, { theme }: BlockOptions): string => {
  const gap = " ".repeat(labelColumns)
  const head = theme.colours.dim(label)
  const spaces = labelColumns - textLayout.width(label)
  return spaces > 0
    ? head + " ".repeat(spaces) + lines.join(`\n${gap}`)
    : [head, ...lines.map((line) => gap + line)].join("\n")
}
