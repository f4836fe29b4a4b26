/**
 * Expected and recorded trees as text, a line for each story and stage.
 */
import type { Expectation } from "./Expectation.js"
import type { RecordedStory } from "./RecordedStory.js"
import { directlyIn, factsOf, mentionsOf, outermost, type Recorded } from "./recordedTree.js"

/** Most lines shown. */
export const maxRows = 400

export const render = (recorded: ReadonlyArray<RecordedStory>): string =>
  recorded.length === 0
    ? "(nothing was recorded)"
    : shortened(outermost(recorded).flatMap((story) => linesOf(story, 0))).join("\n")

const shortened = (lines: ReadonlyArray<string>): ReadonlyArray<string> =>
  lines.length <= maxRows ? lines : [...lines.slice(0, maxRows), `… ${lines.length - maxRows} more lines`]

const indent = (depth: number): string => "  ".repeat(depth)

const show = (value: unknown): string =>
  value === undefined
    ? "none"
    : value instanceof RegExp || typeof value === "string"
      ? `${value}`
      : JSON.stringify(value)

export const expectedLine = ({ _tag, clue, name, properties }: Expectation, depth: number): string => {
  const { exact, status, ...others } = properties
  const mentioned = Object.entries(others).filter(([, value]) => value !== undefined)
  return `${indent(depth)}${_tag.toLowerCase()} ${name}${status === undefined ? "" : `: ${status}`}${mentioned
    .map(([name, value]) => ` · ${name}: ${show(value)}`)
    .join("")}${exact === true ? " · exact" : ""}${clue === undefined ? "" : ` (${clue})`}`
}

export const expectedLines = (expected: Expectation, depth: number): ReadonlyArray<string> => [
  expectedLine(expected, depth),
  ...expected.children.flatMap((child) => expectedLines(child, depth + 1))
]

const titleOf = (node: Recorded, depth: number): string =>
  `${indent(depth)}${node._tag.toLowerCase()} ${node.name}: ${node.status}`

/** A recorded node with what it says of the properties that its expectation mentions. */
export const pairedLine = (expected: Expectation, node: Recorded, depth: number): string =>
  `${titleOf(node, depth)}${mentionsOf(expected, node)
    .filter((mention) => mention.name !== "status")
    .map((mention) => ` · ${mention.name}: ${show(mention.recorded)}`)
    .join("")}`

export const linesOf = (node: Recorded, depth: number): ReadonlyArray<string> => {
  const { errorType, message } = factsOf(node)
  const error = errorType === undefined ? "" : ` (${errorType}${message === undefined ? "" : `: ${message}`})`
  return [
    `${titleOf(node, depth)}${error}`.replaceAll("\n", " "),
    ...directlyIn(node).flatMap((child) => linesOf(child, depth + 1))
  ]
}

/** A line of each tree, and whether they differ. */
export interface Row {
  readonly expected?: string
  readonly recorded?: string
  readonly differs: boolean
}

/** Widest column of expectations, so that the other one is still in sight. */
const maxWidth = 72

export const sideBySide = (rows: ReadonlyArray<Row>): string => {
  const titles = { expected: "expected", recorded: "recorded" }
  const width = Math.min(maxWidth, Math.max(...[titles, ...rows].map((row) => row.expected?.length ?? 0)))
  const line = (row: Pick<Row, "expected" | "recorded">, mark: string) =>
    `${mark} ${(row.expected ?? "").padEnd(width)} │ ${row.recorded ?? ""}`.trimEnd()
  return [line(titles, " "), ...rows.map((row) => line(row, row.differs ? "✗" : " "))].join("\n")
}
