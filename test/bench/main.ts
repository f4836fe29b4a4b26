/**
 * Prints what narration costs beside its peers, and writes `docs/benchmarks.md`.
 *
 *     npm run bench              everything, and the page
 *     npm run bench -- stages    one file's groups, printed only
 *
 * It measures `dist`, so that the library is plain JavaScript like every peer: `npm run bench` builds it first. The cases
 * themselves run through tsx, on both sides of every ratio.
 */
import { writeFileSync } from "node:fs"
import * as files from "./files.js"
import * as history from "./history.js"
import * as hotCode from "./hotCode.js"
import * as reports from "./reports.js"
import { type Group, type Measured, measure } from "./rounds.js"
import * as stages from "./stages.js"
import * as start from "./start.js"
import * as tracing from "./tracing.js"

const suites = { start, stages, files, reports, hotCode, tracing, history }

const header = ["", "median", "spread", "ratio", "to", "bar", ""]

const cells = ({ against, atMostMicros, bar, micros, name, ratio, spread }: Measured): ReadonlyArray<string> => [
  name,
  `${micros.toFixed(micros < 10 ? 2 : 1)} µs`,
  `± ${(spread * 100).toFixed(0)} %`,
  ratio === undefined ? "" : ratio.toFixed(2),
  against ?? "",
  atMostMicros !== undefined ? `≤ ${atMostMicros} µs` : bar === undefined ? "" : `≤ ${bar}`,
  verdict(atMostMicros === undefined ? ratio : micros, atMostMicros ?? bar)
]

const verdict = (figure: number | undefined, bar: number | undefined): string =>
  figure === undefined || bar === undefined ? "" : figure <= bar ? "met" : "MISSED"

const table = (rows: ReadonlyArray<Measured>): string => {
  const lines = [header, ...rows.map(cells)]
  const widths = header.map((_, i) => Math.max(3, ...lines.map((line) => (line[i] ?? "").length)))
  const isNumber = (i: number) => i >= 1 && i <= 3
  const format = (line: ReadonlyArray<string>) =>
    `| ${line.map((cell, i) => (isNumber(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0))).join(" | ")} |`
  const rule = `| ${widths.map((width, i) => (isNumber(i) ? `${"-".repeat(width - 1)}:` : "-".repeat(width))).join(" | ")} |`
  return [format(header), rule, ...lines.slice(1).map(format)].join("\n")
}

const section = async (group: Group): Promise<string> => {
  const text = [`## ${group.title}`, group.text, `    ${group.command}`, table(await measure(group))].join("\n\n")
  process.stdout.write(`${text}\n\n`)
  return text
}

const chosen = Object.entries(suites).filter(([name]) => process.argv.length < 3 || process.argv.includes(name))
if (chosen.length === 0) throw new Error(`There is ${Object.keys(suites).join(", ")} to choose from`)

const sections: Array<string> = []
for (const [, suite] of chosen) for (const group of suite.groups) sections.push(await section(group))

// A loop that did nothing would be fast.
if (chosen.some(([, suite]) => suite.witnesses().some((count) => count === 0))) throw new Error("A case did not run")

if (chosen.length === Object.keys(suites).length) {
  const page = `# What narration costs

    npm run bench

Written by that command; do not edit. Times say something about one machine only, and there were others at work on it:
the **ratios** are what counts. A ratio is the median of the ratios of many rounds, each of which ran every case once, in
changing order. The spread is half the distance between the quartiles.

Node ${process.versions.node}, ${process.arch}; the library compiled, as its users get it.

${sections.join("\n\n")}
`
  writeFileSync(new URL("../../docs/benchmarks.md", import.meta.url), page)
}
