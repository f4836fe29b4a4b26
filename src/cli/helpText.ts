/**
 * What `--help` prints: what `@effect/cli` knows of a command, on as few lines as say it.
 */
import type { HelpDoc } from "@effect/cli/HelpDoc"
import type { Span } from "@effect/cli/HelpDoc/Span"
import type { Theme } from "../renderer/console/theme.js"

export interface HelpTextOptions {
  readonly theme: Theme
  /** The columns of the terminal, `undefined` where there is none. */
  readonly columns: number | undefined
}

export interface HelpPage {
  /** What one types: `narrative story <id> [options]`. */
  readonly usage: string
  readonly summary: string
  readonly sections: ReadonlyArray<HelpSection>
}

export interface HelpSection {
  readonly title: string
  /** What one may write, and what it means; the meaning is empty where the text needs none. */
  readonly entries: ReadonlyArray<readonly [name: string, meaning: string]>
}

const usualColumns = 80
const mostColumns = 100

/** The page, with a line break at its end. */
export const helpText = (page: HelpPage, { columns = usualColumns, theme }: HelpTextOptions): string => {
  const { bold, dim, place } = theme.colours
  const room = Math.min(columns, mostColumns)
  const names = page.sections.flatMap(({ entries }) =>
    entries.flatMap(([name, meaning]) => (meaning === "" ? [] : [name.length]))
  )
  const nameColumns = Math.min(Math.max(...names, 0), Math.floor(room / 2))
  const meaningColumns = Math.max(20, room - nameColumns - 4)
  const out = [bold(page.usage), "", ...wrap(page.summary, room)]
  for (const { entries, title } of page.sections) {
    if (entries.length === 0) continue
    out.push("", dim(title))
    for (const [name, meaning] of entries) {
      const [first = "", ...rest] = wrap(meaning, meaningColumns)
      const label = `  ${place(name)}`
      if (meaning === "") {
        out.push(label)
        continue
      }
      const isWide = name.length > nameColumns
      const padding = " ".repeat(isWide ? 0 : nameColumns - name.length + 2)
      if (isWide) out.push(label, " ".repeat(nameColumns + 4) + first)
      else out.push(`${label}${padding}${first}`)
      for (const line of rest) out.push(" ".repeat(nameColumns + 4) + line)
    }
  }
  return `${out.map((line) => line.trimEnd()).join("\n")}\n`
}

/** Breaks between words. It is our own text, in ASCII: what measures any other takes a while to load. */
const wrap = (text: string, columns: number): ReadonlyArray<string> => {
  const lines = [""]
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? ""
    const longer = line === "" ? word : `${line} ${word}`
    if (longer.length <= columns || line === "") lines[lines.length - 1] = longer
    else lines.push(word)
  }
  return lines
}

/** The text of the first paragraph: a command's description. */
export const summaryOf = (doc: HelpDoc): string => paragraphsOf(doc)[0] ?? ""

/** What a command's help says of its arguments and options, each with what was written to describe it. */
export const sectionsOf = (doc: HelpDoc): ReadonlyArray<HelpSection> => {
  const sections = new Map<string, Array<readonly [string, string]>>()
  for (const { name, paragraphs, section } of definitionsOf(doc)) {
    const entries = sections.get(section) ?? []
    sections.set(section, [...entries, [name, paragraphs.filter(isOurs).join(" ")]])
  }
  return Array.from(sections, ([title, entries]) => ({ title, entries }))
}

/** Each argument and option, with all paragraphs on it: first those of `@effect/cli`. */
export const definitionsOf = (
  doc: HelpDoc
): ReadonlyArray<{ readonly section: string; readonly name: string; readonly paragraphs: ReadonlyArray<string> }> => {
  let section = ""
  return blocksOf(doc).flatMap((block) => {
    if (block._tag === "Header") section = titled(textOf(block.value))
    if (block._tag !== "DescriptionList") return []
    return block.definitions.map(([name, meaning]) => {
      const paragraphs = paragraphsOf(meaning)
      return { section, name: nameOf(textOf(name), paragraphs.includes(optional)), paragraphs }
    })
  })
}

const blocksOf = (doc: HelpDoc): ReadonlyArray<HelpDoc> =>
  doc._tag === "Sequence" ? [...blocksOf(doc.left), ...blocksOf(doc.right)] : [doc]

const paragraphsOf = (doc: HelpDoc): ReadonlyArray<string> =>
  blocksOf(doc).flatMap((block) => (block._tag === "Paragraph" ? [textOf(block.value)] : []))

const textOf = (span: Span): string => {
  switch (span._tag) {
    case "Sequence":
      return textOf(span.left) + textOf(span.right)
    case "Text":
    case "URI":
      return span.value
    default:
      return textOf(span.value)
  }
}

/**
 * `(-n, --last integer)` is how `@effect/cli` writes `-n, --last integer`, and `<command> 1+` is `<command>...`. An optional
 * `<source>` becomes `[source]`, and the names of a choice are left to its description.
 */
const nameOf = (text: string, isOptional: boolean): string => {
  const name = text
    .replace(/^\((.*)\)$/, "$1")
    .replace(/> 1\+$/, ">...")
    .replace(/ \S+(?: \| \S+)+$/, " name")
  return isOptional ? name.replace(/^<(.*)>$/, "[$1]") : name
}

const optional = "This setting is optional."

const titled = (text: string): string => text.charAt(0) + text.slice(1).toLowerCase()

// What it says of every option of a kind, and what the name says already.
const usual = [
  /^A true or false value\.$/,
  /^A user-defined piece of text\.$/,
  /^An integer\.$/,
  /^A floating point number\.$/,
  /^A file\.$/,
  /^One of the following: /,
  /^This setting is optional\.$/,
  /^This option can be set from environment variables\.$/,
  /^This setting is a property argument/,
  /^This option (?:may|must) be repeated/,
  /^This argument (?:is optional|may be|must be)/
]

const isOurs = (text: string): boolean => text.trim() !== "" && !usual.some((pattern) => pattern.test(text))
