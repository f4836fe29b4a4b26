/**
 * Rows in columns: for people as wide as their terminal and no wider, for programs a line of tab-separated values each.
 */
import * as terminalText from "../plain/terminalText.js"
import * as textLayout from "../renderer/console/textLayout.js"
import type { Paint, Theme } from "../renderer/console/theme.js"

/** Text that may come from anywhere; the table makes it safe. */
export interface Cell {
  readonly text: string
  readonly paint?: Paint | undefined
  /** Its text in tab-separated values: the whole id, the exact time. Default `text`. */
  readonly value?: string | undefined
}

export interface Column<Row> {
  readonly title: string
  readonly cell: (row: Row) => Cell
  readonly align?: "left" | "right" | undefined
  /** Which end of its text is left out where there is no room for all. Default `end`. */
  readonly cut?: "start" | "end" | undefined
  /** How narrow it may become. Without it the column is as wide as its widest cell. */
  readonly least?: number | undefined
  /** Left out where there is no room for all, the highest first. */
  readonly dispensable?: number | undefined
}

export interface TableOptions {
  readonly theme: Theme
  /** The columns of the terminal, `undefined` where there is none. */
  readonly columns: number | undefined
}

const gap = 2

/** The table's lines, each with its line break. Without a terminal there is no heading. */
export const table = <Row>(
  rows: ReadonlyArray<Row>,
  columns: ReadonlyArray<Column<Row>>,
  { columns: room, theme }: TableOptions
): string => {
  if (room === undefined) return rows.map((row) => separated(columns.map((column) => column.cell(row)))).join("")
  const tracks = fitted(
    columns.map((column) => trackOf(column, rows, room)),
    room
  )
  const heading = lineOf(
    tracks.map((track) => ({ ...track, text: track.title, paint: theme.colours.dim })),
    room,
    theme
  )
  const body = rows.map((_, i) => {
    const cells = tracks.map((track) => ({ ...track, text: "", ...track.cells[i] }))
    return lineOf(cells, room, theme)
  })
  return heading + body.join("")
}

const separated = (cells: ReadonlyArray<Cell>): string =>
  `${cells.map(({ text, value }) => terminalText.line(value ?? text)).join("\t")}\n`

interface Track {
  readonly title: string
  readonly cells: ReadonlyArray<Cell>
  readonly align: "left" | "right"
  readonly cut: "start" | "end"
  readonly least: number
  readonly dispensable: number
  width: number
}

const trackOf = <Row>(column: Column<Row>, rows: ReadonlyArray<Row>, room: number): Track => {
  const cells = rows.map((row) => {
    const cell = column.cell(row)
    return { ...cell, text: terminalText.line(cell.text) }
  })
  const widest = Math.max(textLayout.width(column.title), ...cells.map(({ text }) => textLayout.width(text)))
  const width = Math.min(widest, room)
  return {
    title: column.title,
    cells,
    align: column.align ?? "left",
    cut: column.cut ?? "end",
    least: Math.min(width, Math.max(column.least ?? width, textLayout.width(column.title))),
    dispensable: column.dispensable ?? 0,
    width
  }
}

/** Leaves out columns until the rest can fit, then takes from the widest until it does. */
const fitted = (all: ReadonlyArray<Track>, room: number): ReadonlyArray<Track> => {
  let tracks = all
  const total = (size: (track: Track) => number) =>
    tracks.reduce((sum, track) => sum + size(track), gap * (tracks.length - 1))
  while (total(({ least }) => least) > room) {
    const least = tracks.reduce((a, b) => (b.dispensable > a.dispensable ? b : a))
    if (least.dispensable === 0) break
    tracks = tracks.filter((track) => track !== least)
  }
  for (let excess = total(({ width }) => width) - room; excess > 0; excess--) {
    const elastic = tracks.filter(({ least, width }) => width > least)
    if (elastic.length === 0) break
    elastic.reduce((a, b) => (b.width > a.width ? b : a)).width -= 1
  }
  return tracks
}

type Placed = Cell & Pick<Track, "align" | "cut" | "width">

const lineOf = (cells: ReadonlyArray<Placed>, room: number, { glyphs }: Theme): string => {
  let line = ""
  let used = 0
  cells.forEach(({ align, cut, paint = same, text, width }, i) => {
    const truncate = cut === "start" ? textLayout.truncateStart : textLayout.truncate
    const fitting = truncate(text, Math.min(width, Math.max(0, room - used)), glyphs.ellipsis)
    const padding = " ".repeat(Math.max(0, width - textLayout.width(fitting)))
    const isLast = i === cells.length - 1
    line += align === "right" ? padding + paint(fitting) : paint(fitting) + (isLast ? "" : padding)
    used += width
    if (!isLast) line += " ".repeat(gap)
    used += gap
  })
  return `${used - gap > room ? squeezed(cells, room, glyphs.ellipsis) : line}\n`
}

/** A terminal too narrow for any table: plain text, as much as there is room for. */
const squeezed = (cells: ReadonlyArray<Placed>, room: number, ellipsis: string): string =>
  textLayout.truncate(cells.map(({ text }) => text).join(" ".repeat(gap)), room, ellipsis)

const same: Paint = (text) => text
