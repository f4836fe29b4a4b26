/**
 * An error with all the errors behind it: what it came from, and what it gathers.
 */
import * as Cause from "effect/Cause"
import type * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"
import { extended } from "../plain/extended.js"
import { attempt } from "../plain/untrusted.js"
import { spanOf } from "./causeLeaves.js"
import * as thrownValue from "./thrownValue.js"

/** One error of a tree. */
export interface ErrorNode {
  /** The error as the program made it, without the proxy that Effect may put around it. */
  readonly error: unknown
  /** How it belongs to the one above it: as what that came from, or as one of several that it gathers. */
  readonly relation: "cause" | "member"
  /** 0 for the error itself. */
  readonly depth: number
  /** The span it failed in, where Effect knows it. */
  readonly span: Option.Option<Tracer.Span>
}

/** The error itself first, then depth first, at most `max` errors, none twice. Never throws. */
export const treeOf = (error: unknown, max: number): ReadonlyArray<ErrorNode> => {
  const found = new Map<unknown, ErrorNode>()
  const pending: Array<Omit<ErrorNode, "span">> = [{ error, relation: "cause", depth: 0 }]
  for (let next = pending.pop(); next !== undefined && found.size < max; next = pending.pop()) {
    const raw = next.error
    const own = originalOf(raw)
    if (found.has(own)) continue
    found.set(own, extended(next, { error: own, span: spanOf(raw) }))
    const depth = next.depth + 1
    const gathered = thrownValue.gatheredIn(own)
    const cause = thrownValue.causeOf(own)
    // The first that is looked at is the one that was added last.
    for (const member of gathered.slice(0, max).toReversed()) pending.push({ error: member, relation: "member", depth })
    if (cause !== undefined && !gathered.includes(cause)) pending.push({ error: cause, relation: "cause", depth })
  }
  return Array.from(found.values())
}

/** The nodes on the way from the error itself to the innermost that it came from: the first of several, where it gathers. */
export const chainIn = <Node extends ErrorNode>(tree: ReadonlyArray<Node>): ReadonlyArray<Node> => {
  const chain: Array<Node> = []
  for (const node of tree) {
    if (node.depth === chain.length) chain.push(node)
    else break
  }
  return chain
}

const originalOf = (error: unknown): unknown => attempt(() => Cause.originalError(error), error)
