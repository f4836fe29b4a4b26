/**
 * How expected trees are laid over recorded ones, and how the difference is shown.
 */
import * as Equal from "effect/Equal"
import type { RecordedStage, RecordedStory } from "./RecordedStory.js"
import type { Difference, Expectation, StoryExpectation } from "./StoryTree.js"

type Recorded = RecordedStory | RecordedStage

/** Most attempts to find a place for an expectation. Only many equal siblings come near it. */
const maxAttempts = 100_000
/** Most lines shown. */
const maxRows = 400

export const difference = (
  expected: ReadonlyArray<StoryExpectation>,
  recorded: ReadonlyArray<RecordedStory>
): Difference | undefined => {
  const matching = new Matching()
  const roots = outermost(recorded)
  if (matching.arrange(expected, roots) !== undefined) return undefined
  const rows = rowsOf(matching, expected, { expectable: roots, direct: roots, exact: false }, 0).slice(0, maxRows)
  return {
    expected: rows.flatMap((row) => row.expected ?? []).join("\n"),
    recorded: rows.flatMap((row) => row.recorded ?? []).join("\n"),
    sideBySide: matching.gaveUp ? `${sideBySide(rows)}\n(too many equal siblings to try every order)` : sideBySide(rows)
  }
}

export const describes = (expected: Expectation, recorded: Recorded): boolean =>
  expected._tag === recorded._tag &&
  isNamed(expected.name, recorded.name) &&
  mentionsOf(expected, recorded).every((mention) => mention.holds)

export const render = (recorded: ReadonlyArray<RecordedStory>): string =>
  recorded.length === 0
    ? "(nothing was recorded)"
    : shortened(outermost(recorded).flatMap((story) => linesOf(story, 0))).join("\n")

const shortened = (lines: ReadonlyArray<string>): ReadonlyArray<string> =>
  lines.length <= maxRows ? lines : [...lines.slice(0, maxRows), `… ${lines.length - maxRows} more lines`]

const outermost = (recorded: ReadonlyArray<RecordedStory>): ReadonlyArray<RecordedStory> => {
  const ids = new Set(recorded.map((story) => story.id))
  return recorded.filter((story) => story.parentStoryId === undefined || !ids.has(story.parentStoryId))
}

const byBeginning = (a: Recorded, b: Recorded): number => a.began - b.began

/** What stands directly inside, and nowhere deeper. */
const directlyIn = (node: Recorded): ReadonlyArray<Recorded> =>
  [
    ...node.stages,
    ...(node._tag === "Stage" ? node.stories : node.stories.filter((story) => story.beganInStage === undefined))
  ].sort(byBeginning)

/** A sub-story may be expected in its parent story without a word about the stage it began in. */
const expectableIn = (node: Recorded): ReadonlyArray<Recorded> => [...node.stages, ...node.stories].sort(byBeginning)

/** Decides which recorded node each expectation is met by. Answers about pairs are kept: siblings are tried often. */
class Matching {
  #attempts = 0
  readonly #known = new Map<Expectation, Map<Recorded, boolean>>()

  get gaveUp(): boolean {
    return this.#attempts > maxAttempts
  }

  /** A node for each expectation, in their order; `undefined` if there is no such arrangement. */
  arrange(
    expected: ReadonlyArray<Expectation>,
    recorded: ReadonlyArray<Recorded>
  ): ReadonlyArray<Recorded> | undefined {
    const placed: Array<Recorded> = []
    const used = new Set<Recorded>()
    const place = (latestBeginning: number): boolean => {
      const next = expected[placed.length]
      if (next === undefined) return true
      for (const node of recorded) {
        if (used.has(node) || !mayFollow(node, latestBeginning)) continue
        this.#attempts += 1
        if (this.gaveUp) return false
        if (!this.matches(next, node)) continue
        used.add(node)
        placed.push(node)
        if (place(Math.max(latestBeginning, node.began))) return true
        placed.pop()
        used.delete(node)
      }
      return false
    }
    return place(Number.NEGATIVE_INFINITY) ? placed : undefined
  }

  matches(expected: Expectation, recorded: Recorded): boolean {
    const known = this.#known.get(expected) ?? new Map<Recorded, boolean>()
    this.#known.set(expected, known)
    const answer = known.get(recorded) ?? this.#compare(expected, recorded)
    known.set(recorded, answer)
    return answer
  }

  #compare(expected: Expectation, recorded: Recorded): boolean {
    if (!describes(expected, recorded)) return false
    if (expected.properties.exact !== true) {
      return this.arrange(expected.children, expectableIn(recorded)) !== undefined
    }
    const direct = directlyIn(recorded)
    return direct.length === expected.children.length && this.arrange(expected.children, direct) !== undefined
  }
}

/** A node that had ended before another began cannot be expected after it. */
const mayFollow = (node: Recorded, latestBeginning: number): boolean => node.ended > latestBeginning

interface Mention {
  readonly name: string
  readonly expected: string
  readonly recorded: string
  readonly holds: boolean
}

const mentionsOf = (expected: Expectation, recorded: Recorded): ReadonlyArray<Mention> => {
  const actual = factsOf(recorded)
  return Object.entries(expected.properties)
    .filter(([name, value]) => name !== "exact" && value !== undefined)
    .map(([name, value]) => ({
      name,
      expected: show(value),
      recorded: show(actual[name]),
      holds: name === "message" ? isSaid(value, actual[name]) : contains(value, actual[name])
    }))
}

const factsOf = (node: Recorded): { readonly [name: string]: unknown } => {
  if (node._tag === "Stage") return { ...node, message: node.errorMessage }
  const primary = node.failure?.failures[0]
  return {
    ...node,
    outcome: node.outcome ?? null,
    errorType: primary?.errorType ?? node.causedBy?.errorType,
    message: primary?.errorMessage
  }
}

export const factsAbout = (properties: object, node: Recorded): { readonly [name: string]: unknown } => {
  const facts = factsOf(node)
  return Object.fromEntries(Object.keys(properties).map((name) => [name, facts[name] ?? null]))
}

const isNamed = (expected: string | RegExp, name: string): boolean =>
  typeof expected === "string" ? expected === name : new RegExp(expected).test(name)

const isSaid = (expected: unknown, message: unknown): boolean =>
  typeof message === "string" &&
  (expected instanceof RegExp ? new RegExp(expected).test(message) : message.includes(String(expected)))

/** Records contain at least the fields expected; everything else is equal. */
const contains = (expected: unknown, actual: unknown): boolean => {
  if (Array.isArray(expected)) {
    return (
      Array.isArray(actual) &&
      actual.length === expected.length &&
      expected.every((value, i) => contains(value, actual[i]))
    )
  }
  if (typeof expected !== "object" || expected === null) return Equal.equals(expected, actual)
  if (typeof actual !== "object" || actual === null || Array.isArray(actual)) return false
  const fields = new Map<string, unknown>(Object.entries(actual))
  return Object.entries(expected).every(([name, value]) => fields.has(name) && contains(value, fields.get(name)))
}

const show = (value: unknown): string =>
  value === undefined
    ? "none"
    : value instanceof RegExp || typeof value === "string"
      ? `${value}`
      : JSON.stringify(value)

interface Row {
  readonly expected?: string
  readonly recorded?: string
  readonly differs: boolean
}

interface Surroundings {
  readonly expectable: ReadonlyArray<Recorded>
  readonly direct: ReadonlyArray<Recorded>
  readonly exact: boolean
}

/** Pairs what can be paired, well matching nodes first, and shows the rest as missing or as unexpected. */
const rowsOf = (
  matching: Matching,
  expected: ReadonlyArray<Expectation>,
  { direct, exact, expectable }: Surroundings,
  depth: number
): ReadonlyArray<Row> => {
  const pairs = pairsOf(matching, expected, exact ? direct : expectable)
  const paired = new Set(pairs.values())
  const rows: Array<Row> = []
  const rest = direct.filter((node) => !paired.has(node))
  const showRestUntil = (position: number) => {
    while (rest[0] !== undefined && rest[0].began < position) {
      for (const line of linesOf(rest[0], depth)) rows.push({ recorded: line, differs: exact })
      rest.shift()
    }
  }
  let latestBeginning = Number.NEGATIVE_INFINITY
  for (const expectation of expected) {
    const node = pairs.get(expectation)
    if (node === undefined) {
      for (const line of expectedLines(expectation, depth)) rows.push({ expected: line, differs: true })
      continue
    }
    showRestUntil(node.began)
    const outOfOrder = !mayFollow(node, latestBeginning)
    latestBeginning = Math.max(latestBeginning, node.began)
    rows.push({
      expected: expectedLine(expectation, depth),
      recorded: `${pairedLine(expectation, node, depth)}${outOfOrder ? "  (ended before the one above began)" : ""}`,
      differs: outOfOrder || !describes(expectation, node)
    })
    const inside = {
      expectable: expectableIn(node),
      direct: directlyIn(node),
      exact: expectation.properties.exact === true
    }
    rows.push(...rowsOf(matching, expectation.children, inside, depth + 1))
  }
  showRestUntil(Number.POSITIVE_INFINITY)
  return rows
}

const pairsOf = (
  matching: Matching,
  expected: ReadonlyArray<Expectation>,
  recorded: ReadonlyArray<Recorded>
): ReadonlyMap<Expectation, Recorded> => {
  const arranged = matching.arrange(expected, recorded)
  if (arranged !== undefined) return new Map(expected.map((one, i) => [one, arranged[i] as Recorded]))
  const pairs = new Map<Expectation, Recorded>()
  const used = new Set<Recorded>()
  const pairBy = (fits: (expected: Expectation, node: Recorded) => boolean) => {
    for (const one of expected) {
      const node = pairs.has(one) ? undefined : recorded.find((node) => !used.has(node) && fits(one, node))
      if (node === undefined) continue
      pairs.set(one, node)
      used.add(node)
    }
  }
  pairBy((one, node) => matching.matches(one, node))
  pairBy((one, node) => one._tag === node._tag && isNamed(one.name, node.name))
  return pairs
}

const indent = (depth: number): string => "  ".repeat(depth)

const expectedLine = ({ _tag, name, properties }: Expectation, depth: number): string => {
  const { exact, status, ...others } = properties
  const mentioned = Object.entries(others).filter(([, value]) => value !== undefined)
  return `${indent(depth)}${_tag.toLowerCase()} ${name}${status === undefined ? "" : `: ${status}`}${mentioned
    .map(([name, value]) => ` · ${name}: ${show(value)}`)
    .join("")}${exact === true ? " · exact" : ""}`
}

const expectedLines = (expected: Expectation, depth: number): ReadonlyArray<string> => [
  expectedLine(expected, depth),
  ...expected.children.flatMap((child) => expectedLines(child, depth + 1))
]

const titleOf = (node: Recorded, depth: number): string =>
  `${indent(depth)}${node._tag.toLowerCase()} ${node.name}: ${node.status}`

const pairedLine = (expected: Expectation, node: Recorded, depth: number): string =>
  `${titleOf(node, depth)}${mentionsOf(expected, node)
    .filter((mention) => mention.name !== "status")
    .map((mention) => ` · ${mention.name}: ${mention.recorded}`)
    .join("")}`

const linesOf = (node: Recorded, depth: number): ReadonlyArray<string> => {
  const { errorType, message } = factsOf(node)
  const error = errorType === undefined ? "" : ` (${errorType}${message === undefined ? "" : `: ${message}`})`
  return [
    `${titleOf(node, depth)}${error}`.replaceAll("\n", " "),
    ...directlyIn(node).flatMap((child) => linesOf(child, depth + 1))
  ]
}

/** Widest column of expectations, so that the other one is still in sight. */
const maxWidth = 72

const sideBySide = (rows: ReadonlyArray<Row>): string => {
  const titles = { expected: "expected", recorded: "recorded" }
  const width = Math.min(maxWidth, Math.max(...[titles, ...rows].map((row) => row.expected?.length ?? 0)))
  const line = (row: Pick<Row, "expected" | "recorded">, mark: string) =>
    `${mark} ${(row.expected ?? "").padEnd(width)} │ ${row.recorded ?? ""}`.trimEnd()
  return [line(titles, " "), ...rows.map((row) => line(row, row.differs ? "✗" : " "))].join("\n")
}
