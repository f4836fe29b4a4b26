/**
 * A workbook of Excel (ECMA-376), as a stream. Texts are inline, so that no table of them has to be kept, and none is a
 * formula.
 */
import * as Stream from "effect/Stream"
import { type Entry, zip } from "../file/zip.js"

export type Cell = string | number | boolean | null

export interface Sheet<E> {
  readonly name: string
  /** In characters. */
  readonly widths: ReadonlyArray<number>
  /** The first row is the heading. */
  readonly rows: Stream.Stream<ReadonlyArray<ReadonlyArray<Cell>>, E>
}

/** Most rows of a sheet, with its heading. */
export const mostRows = 1_048_576

/** Most characters of a cell. */
export const mostCharacters = 32_767

export const workbook = <E>(sheets: ReadonlyArray<Sheet<E>>): Stream.Stream<Uint8Array, E> => {
  const fixed = Object.entries(parts(sheets.map(({ name }) => name)))
  return zip<E>([
    ...fixed.map(([name, text]): Entry<E> => ({ name, content: Stream.succeed(text) })),
    ...sheets.map((sheet, i) => ({ name: `xl/worksheets/sheet${i + 1}.xml`, content: sheetOf(sheet) }))
  ])
}

const declaration = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
const main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
const relations = "http://schemas.openxmlformats.org/package/2006/relationships"
const office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
const types = "application/vnd.openxmlformats-officedocument.spreadsheetml"

/** Cells: as they are, headings, and texts that look like a formula, which stay texts also when they are edited. */
const styles = { plain: 0, heading: 1, quoted: 2 }

const parts = (names: ReadonlyArray<string>): Readonly<Record<string, string>> => ({
  "[Content_Types].xml": `${declaration}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${types}.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="${types}.styles+xml"/>${names
    .map((_, i) => `<Override PartName="/xl/worksheets/sheet${i + 1}.xml" ContentType="${types}.worksheet+xml"/>`)
    .join("")}</Types>`,
  "_rels/.rels": `${declaration}<Relationships xmlns="${relations}"><Relationship Id="rId1" Type="${office}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
  "xl/workbook.xml": `${declaration}<workbook xmlns="${main}" xmlns:r="${office}"><sheets>${names
    .map((name, i) => `<sheet name="${escape(name)}" sheetId="${i + 1}" r:id="rId${i + 1}"/>`)
    .join("")}</sheets></workbook>`,
  "xl/_rels/workbook.xml.rels": `${declaration}<Relationships xmlns="${relations}">${names
    .map((_, i) => `<Relationship Id="rId${i + 1}" Type="${office}/worksheet" Target="worksheets/sheet${i + 1}.xml"/>`)
    .join("")}<Relationship Id="rId${names.length + 1}" Type="${office}/styles" Target="styles.xml"/></Relationships>`,
  "xl/styles.xml": `${declaration}<styleSheet xmlns="${main}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="3"><xf xfId="0"/><xf fontId="1" applyFont="1" xfId="0"/><xf quotePrefix="1" xfId="0"/></cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`
})

const sheetOf = <E>({ rows, widths }: Sheet<E>): Stream.Stream<string, E> =>
  Stream.suspend(() => {
    let count = 0
    const columns = widths.map((width, i) => `<col min="${i + 1}" max="${i + 1}" width="${width}" customWidth="1"/>`)
    const before = `${declaration}<worksheet xmlns="${main}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols>${columns.join("")}</cols><sheetData>`
    const body = Stream.map(rows, (some) =>
      some
        .map((cells) => {
          count += 1
          return rowOf(cells, count === 1)
        })
        .join("")
    )
    const after = Stream.sync(
      () => `</sheetData><autoFilter ref="A1:${nameOf(widths.length)}${Math.max(1, count)}"/></worksheet>`
    )
    return Stream.succeed(before).pipe(Stream.concat(body), Stream.concat(after))
  })

const rowOf = (cells: ReadonlyArray<Cell>, isHeading: boolean): string =>
  `<row>${cells.map((cell) => cellOf(cell, isHeading)).join("")}</row>`

const cellOf = (cell: Cell, isHeading: boolean): string => {
  if (cell === null) return "<c/>"
  if (typeof cell === "number") return Number.isFinite(cell) ? `<c><v>${cell}</v></c>` : "<c/>"
  if (typeof cell === "boolean") return `<c t="b"><v>${cell ? 1 : 0}</v></c>`
  const style = isHeading ? styles.heading : /^[=+\-@\t\r]/.test(cell) ? styles.quoted : styles.plain
  return `<c t="inlineStr"${style === 0 ? "" : ` s="${style}"`}><is><t xml:space="preserve">${escape(cell)}</t></is></c>`
}

/** A column as Excel calls it, the first of them `A`. */
const nameOf = (column: number): string => {
  const rest = Math.floor((column - 1) / 26)
  return `${rest === 0 ? "" : nameOf(rest)}${String.fromCharCode(65 + ((column - 1) % 26))}`
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" }

/** A text in XML. What XML cannot have is written as Excel writes it. */
const escape = (text: string): string =>
  text
    .replace(/\p{Surrogate}/gu, "\uFFFD")
    .replace(/_(?=x[0-9A-Fa-f]{4}_)/g, "_x005F_")
    .replace(
      /[\x00-\x08\x0B\x0C\r\x0E-\x1F\uFFFE\uFFFF]/g,
      (character) => `_x${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}_`
    )
    .replace(/[&<>"]/g, (character) => entities[character] ?? "")
