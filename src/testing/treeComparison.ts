/**
 * How expected trees are laid over recorded ones, and where they differ.
 */
import type { Difference, Expectation, Mismatch, StoryExpectation } from "./Expectation.js"
import type { RecordedStory } from "./RecordedStory.js"
import { describes, directlyIn, expectableIn, isNamed, mentionsOf, outermost, type Recorded } from "./recordedTree.js"
import { Matching, maximumMatching, mayFollow } from "./treeMatching.js"
import { expectedLine, expectedLines, linesOf, maxRows, pairedLine, type Row, sideBySide } from "./treeText.js"

export const difference = (
  expected: ReadonlyArray<StoryExpectation>,
  recorded: ReadonlyArray<RecordedStory>
): Difference | undefined => {
  const matching = new Matching()
  const roots = outermost(recorded)
  if (matching.arrange(expected, roots) !== undefined) return undefined
  const comparison = new Comparison(matching)
  comparison.compare(expected, { expectable: roots, direct: roots, exact: false, path: [], clue: undefined })
  const rows = comparison.rows.slice(0, maxRows)
  return {
    mismatches: comparison.mismatches,
    expected: rows.flatMap((row) => row.expected ?? []).join("\n"),
    recorded: rows.flatMap((row) => row.recorded ?? []).join("\n"),
    sideBySide: sideBySide(rows)
  }
}

/** Where expectations are looked for. */
interface Place {
  readonly expectable: ReadonlyArray<Recorded>
  readonly direct: ReadonlyArray<Recorded>
  readonly exact: boolean
  /** The names of the expectations around it. */
  readonly path: ReadonlyArray<string>
  /** Of the expectation around it. */
  readonly clue: string | undefined
}

/** Pairs what can be paired, well matching nodes first, and shows the rest as missing or as unexpected. */
class Comparison {
  readonly rows: Array<Row> = []
  readonly mismatches: Array<Mismatch> = []

  constructor(readonly matching: Matching) {}

  compare(expected: ReadonlyArray<Expectation>, place: Place): void {
    const { direct, exact, expectable, path } = place
    const pairs = this.#pairsOf(expected, exact ? direct : expectable)
    const paired = new Set(pairs)
    const rest = direct.filter((node) => !paired.has(node))
    let latestBeginning = Number.NEGATIVE_INFINITY
    for (const [i, expectation] of expected.entries()) {
      const node = pairs[i]
      if (node === undefined) {
        this.#missing(expectation, path)
        continue
      }
      this.#unpaired(rest, node.began, place)
      this.#pair(expectation, node, path, !mayFollow(node, latestBeginning))
      latestBeginning = Math.max(latestBeginning, node.began)
    }
    this.#unpaired(rest, Number.POSITIVE_INFINITY, place)
  }

  #missing(expected: Expectation, path: ReadonlyArray<string>): void {
    for (const line of expectedLines(expected, path.length)) this.rows.push({ expected: line, differs: true })
    this.mismatches.push({ _tag: "Missing", path: [...path, `${expected.name}`], expected, clue: expected.clue })
  }

  /** What was recorded before `position`, and was not expected. */
  #unpaired(rest: Array<Recorded>, position: number, { clue, exact, path }: Place): void {
    for (let node = rest[0]; node !== undefined && node.began < position; node = rest[0]) {
      for (const line of linesOf(node, path.length)) this.rows.push({ recorded: line, differs: exact })
      if (exact) this.mismatches.push({ _tag: "Unexpected", path: [...path, node.name], recorded: node, clue })
      rest.shift()
    }
  }

  #pair(expected: Expectation, recorded: Recorded, path: ReadonlyArray<string>, isOutOfOrder: boolean): void {
    const { clue } = expected
    const inside = [...path, recorded.name]
    this.rows.push({
      expected: expectedLine(expected, path.length),
      recorded: `${pairedLine(expected, recorded, path.length)}${isOutOfOrder ? "  (ended before the one above began)" : ""}`,
      differs: isOutOfOrder || !describes(expected, recorded)
    })
    if (isOutOfOrder) this.mismatches.push({ _tag: "OutOfOrder", path: inside, recorded, clue })
    for (const mention of mentionsOf(expected, recorded)) {
      if (mention.holds) continue
      const { expected, name: property, recorded: actual } = mention
      this.mismatches.push({ _tag: "PropertyDiffers", path: inside, property, expected, actual, clue })
    }
    this.compare(expected.children, {
      expectable: expectableIn(recorded),
      direct: directlyIn(recorded),
      exact: expected.properties.exact === true,
      path: inside,
      clue
    })
  }

  /** The node of each expectation: one that meets it, else one that has its name. */
  #pairsOf(
    expected: ReadonlyArray<Expectation>,
    recorded: ReadonlyArray<Recorded>
  ): ReadonlyArray<Recorded | undefined> {
    const arranged = this.matching.arrange(expected, recorded)
    if (arranged !== undefined) return arranged
    const whole = maximumMatching(expected, recorded, (one, node) => this.matching.matches(one, node))
    const rest = expected.filter((_, i) => whole[i] === undefined)
    const free = recorded.filter((node) => !whole.includes(node))
    const named = maximumMatching(rest, free, (one, node) => one._tag === node._tag && isNamed(one.name, node.name))
    let next = 0
    return whole.map((node) => node ?? named[next++])
  }
}
