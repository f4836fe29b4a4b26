/**
 * Which recorded story or stage each expectation is met by.
 */
import type { Expectation } from "./Expectation.js"
import { describes, directlyIn, expectableIn, type Recorded } from "./recordedTree.js"

/** What the siblings of one parent are matched by. */
type Fits = (expected: Expectation, recorded: Recorded) => boolean

/**
 * As many expectations as possible with a node each: a maximum matching of a bipartite graph, by augmenting paths (Kuhn's
 * algorithm). Gives the node of each expectation, if it has one. Both come in their order, which is kept where there is a
 * choice.
 */
export const maximumMatching = (
  expected: ReadonlyArray<Expectation>,
  recorded: ReadonlyArray<Recorded>,
  fits: Fits
): ReadonlyArray<Recorded | undefined> => {
  const owners = new Map<Recorded, number>()
  const assign = (at: number, one: Expectation, tried: Set<Recorded>): boolean => {
    for (const node of recorded) {
      if (tried.has(node) || !fits(one, node)) continue
      tried.add(node)
      const owner = owners.get(node)
      const other = owner === undefined ? undefined : expected[owner]
      if (owner !== undefined && other !== undefined && !assign(owner, other, tried)) continue
      owners.set(node, at)
      return true
    }
    return false
  }
  for (const [at, one] of expected.entries()) assign(at, one, new Set())
  const matched: Array<Recorded | undefined> = expected.map(() => undefined)
  for (const [node, owner] of owners) matched[owner] = node
  return matched
}

/** A node that had ended before another began cannot be expected after it. */
export const mayFollow = (node: Recorded, latestBeginning: number): boolean => node.ended > latestBeginning

/** Knows which expectations are met, and remembers it: siblings are compared often. */
export class Matching {
  readonly #known = new Map<Expectation, Map<Recorded, boolean>>()

  /** A node for each expectation, in their order; `undefined` if there is no such arrangement. */
  arrange(
    expected: ReadonlyArray<Expectation>,
    recorded: ReadonlyArray<Recorded>
  ): ReadonlyArray<Recorded> | undefined {
    const placed: Array<Recorded> = []
    const used = new Set<Recorded>()
    const failed = new Set<string>()
    const numbers = new Map(recorded.map((node, i) => [node, i]))

    /** Whether the rest has a node each, when only those count that may still come. Order within the rest aside. */
    const isPossible = (latestBeginning: number): boolean => {
      const rest = expected.slice(placed.length)
      const free = recorded.filter((node) => !used.has(node) && mayFollow(node, latestBeginning))
      return maximumMatching(rest, free, (one, node) => this.matches(one, node)).every((node) => node !== undefined)
    }
    const place = (latestBeginning: number): boolean => {
      const next = expected[placed.length]
      if (next === undefined) return true
      // The same nodes in another order leave the same choice.
      const state = Array.from(used, (node) => numbers.get(node))
        .sort()
        .join()
      if (failed.has(state) || !isPossible(latestBeginning)) return false
      for (const node of recorded) {
        if (used.has(node) || !mayFollow(node, latestBeginning) || !this.matches(next, node)) continue
        used.add(node)
        placed.push(node)
        if (place(Math.max(latestBeginning, node.began))) return true
        placed.pop()
        used.delete(node)
      }
      failed.add(state)
      return false
    }
    return place(Number.NEGATIVE_INFINITY) ? placed : undefined
  }

  /** Whether a node is what is expected, with everything inside. */
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
