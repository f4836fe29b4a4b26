/**
 * The page of what large databases cost, whose parts are written by commands of their own.
 */
import { readFileSync, writeFileSync } from "node:fs"

const page = new URL("../../docs/history-benchmarks.md", import.meta.url)

const heading = (title: string): string => `## ${title}\n\n`

/** Puts a part in place of the one of that title; a new one goes to the end. */
export const write = (title: string, text: string): void => {
  const [introduction = "", ...parts] = readFileSync(page, "utf8").split(/^(?=## )/m)
  const part = `${heading(title)}${text.trim()}\n`
  const isThere = parts.some((one) => one.startsWith(heading(title)))
  const written = isThere ? parts.map((one) => (one.startsWith(heading(title)) ? part : one)) : [...parts, part]
  writeFileSync(page, `${[introduction, ...written].map((one) => one.trim()).join("\n\n")}\n`)
}
