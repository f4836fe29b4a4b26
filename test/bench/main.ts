/**
 * Prints what narration costs beside its peers, and writes `docs/benchmarks.md`.
 *
 *     npm run bench              everything, and the page
 *     npm run bench -- stages    one file's groups, printed only
 *
 * It measures `dist`, so that the library is plain JavaScript like every peer: `npm run bench` builds it first. The cases
 * themselves run through tsx, on both sides of every ratio.
 */
import { execFileSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { type Group, type Measured, measure } from "./rounds.js"
import { suites } from "./suites.js"

const header = ["", "median", "spread", "allocated", "ratio", "to", "bar", ""]

type Bytes = Readonly<Record<string, number>>

const cells = (
  { against, atMostMicros, bar, micros, name, ratio, spread }: Measured,
  bytes: Bytes | undefined
): ReadonlyArray<string> => [
  name,
  duration(micros),
  `± ${(spread * 100).toFixed(0)} %`,
  bytes?.[name] === undefined ? "" : `${Math.round(bytes[name]).toLocaleString("en")} B`,
  ratio === undefined ? "" : ratio.toFixed(2),
  against ?? "",
  atMostMicros !== undefined ? `≤ ${atMostMicros} µs` : bar === undefined ? "" : `≤ ${bar}`,
  verdict(atMostMicros === undefined ? ratio : micros, atMostMicros ?? bar)
]

const duration = (micros: number): string =>
  micros >= 10_000 ? `${(micros / 1_000).toFixed(0)} ms` : `${micros.toFixed(micros < 10 ? 2 : 1)} µs`

const verdict = (figure: number | undefined, bar: number | undefined): string =>
  figure === undefined || bar === undefined ? "" : figure <= bar ? "met" : "MISSED"

const table = (rows: ReadonlyArray<Measured>, bytes: Bytes | undefined): string => {
  const lines = [header, ...rows.map((row) => cells(row, bytes))]
  const widths = header.map((_, i) => Math.max(3, ...lines.map((line) => (line[i] ?? "").length)))
  const isNumber = (i: number) => i >= 1 && i <= 4
  const format = (line: ReadonlyArray<string>) =>
    `| ${line.map((cell, i) => (isNumber(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0))).join(" | ")} |`
  const rule = `| ${widths.map((width, i) => (isNumber(i) ? `${"-".repeat(width - 1)}:` : "-".repeat(width))).join(" | ")} |`
  return [format(header), rule, ...lines.slice(1).map(format)].join("\n")
}

/** By the title of a group and the name of a case, of those groups that ask for it. */
const bytesOf = (names: ReadonlyArray<string>): Readonly<Record<string, Bytes>> => {
  const program = fileURLToPath(new URL("bytes.ts", import.meta.url))
  const flags = ["--expose-gc", "--min-semi-space-size=256", "--max-semi-space-size=512", "--import", "tsx"]
  return JSON.parse(execFileSync(process.execPath, [...flags, program, ...names], { encoding: "utf8" }))
}

const section = async (group: Group): Promise<string> => {
  const measured = table(await measure(group), bytes[group.title])
  const text = [`## ${group.title}`, group.text, `    ${group.command}`, measured].join("\n\n")
  process.stdout.write(`${text}\n\n`)
  return text
}

const chosen = Object.entries(suites).filter(([name]) => process.argv.length < 3 || process.argv.includes(name))
if (chosen.length === 0) throw new Error(`There is ${Object.keys(suites).join(", ")} to choose from`)

const bytes = bytesOf(chosen.map(([name]) => name))

const sections: Array<string> = []
for (const [, suite] of chosen) for (const group of suite.groups) sections.push(await section(group))

// A loop that did nothing would be fast.
if (chosen.some(([, suite]) => suite.witnesses().some((count) => count === 0))) throw new Error("A case did not run")

if (chosen.length === Object.keys(suites).length) {
  const page = `# What narration costs

    npm run bench

Written by that command; do not edit. Times say something about one machine only, and there were others at work on it:
the **ratios** are what counts. A ratio is the median of the ratios of many rounds, each of which ran every case once, in
changing order. The spread is half the distance between the quartiles. What is allocated was counted in another process.

Node ${process.versions.node}, ${process.arch}; the library compiled, as its users get it.

${sections.join("\n\n")}
`
  writeFileSync(new URL("../../docs/benchmarks.md", import.meta.url), page)
}
