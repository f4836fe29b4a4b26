/**
 * Reads a workbook of ours, by the index of its archive and by what its sheets say, and by none of the code that wrote it.
 */
import { inflateRawSync } from "node:zlib"

export type Cell = string | number | boolean | null

/** The rows of each sheet, by its name. */
export const readWorkbook = (bytes: Buffer): { readonly [sheet: string]: ReadonlyArray<ReadonlyArray<Cell>> } => {
  const files = filesOf(bytes)
  const names = Array.from(textIn(files, "xl/workbook.xml").matchAll(/<sheet name="([^"]*)"/g), ([, name = ""]) => name)
  return Object.fromEntries(names.map((name, i) => [name, rowsIn(textIn(files, `xl/worksheets/sheet${i + 1}.xml`))]))
}

const textIn = (files: ReadonlyMap<string, Buffer>, name: string): string => {
  const file = files.get(name)
  if (file === undefined) throw new Error(`the workbook has no ${name}`)
  return file.toString()
}

const filesOf = (bytes: Buffer): ReadonlyMap<string, Buffer> => {
  const end = bytes.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]))
  const files = new Map<string, Buffer>()
  let at = bytes.readUInt32LE(end + 16)
  for (let left = bytes.readUInt16LE(end + 10); left > 0; left--) {
    const packed = bytes.readUInt32LE(at + 20)
    const size = bytes.readUInt32LE(at + 24)
    const length = bytes.readUInt16LE(at + 28)
    const header = bytes.readUInt32LE(at + 42)
    const from = header + 30 + bytes.readUInt16LE(header + 26) + bytes.readUInt16LE(header + 28)
    const file = inflateRawSync(bytes.subarray(from, from + packed))
    if (file.length !== size) throw new Error("the archive has another size than it says")
    files.set(bytes.toString("utf8", at + 46, at + 46 + length), file)
    at += 46 + length
  }
  return files
}

const rowsIn = (xml: string): ReadonlyArray<ReadonlyArray<Cell>> =>
  Array.from(xml.matchAll(/<row>(.*?)<\/row>/gs), ([, row = ""]) =>
    Array.from(row.matchAll(/<c(?<attributes>[^>]*?)(?:\/>|>(?<content>.*?)<\/c>)/gs), ({ groups }) => {
      const content = groups?.["content"]
      if (content === undefined) return null
      const value = /<v>(.*)<\/v>/.exec(content)?.[1]
      if (value !== undefined) return groups?.["attributes"]?.includes('t="b"') ? value === "1" : Number(value)
      return unescape(/<t[^>]*>(.*)<\/t>/s.exec(content)?.[1] ?? "")
    })
  )

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"' }

const unescape = (text: string): string =>
  text
    .replace(/&(amp|lt|gt|quot);/g, (_, name: string) => entities[name] ?? "")
    .replace(/_x([0-9A-Fa-f]{4})_/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
