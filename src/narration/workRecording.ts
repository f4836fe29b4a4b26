/**
 * How work is recorded: in the story a fiber is in, in every story around it, and in metrics.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import { leavesOf } from "../cause/causeLeaves.js"
import { typeOf } from "../cause/thrownValue.js"
import * as Instruments from "../metrics/Instruments.js"
import { clip, text } from "../plain/PlainValue.js"
import { attempt } from "../plain/untrusted.js"
import { useBuiltIn } from "../redaction/builtInRedactor.js"
import { type AnyFiber, withFiber } from "../runtime/fiber.js"
import { isEnabled } from "../runtime/muting.js"
import { inOrder, type Waiting } from "../runtime/waiting.js"
import { warnOnce } from "../runtime/warnOnce.js"
import { redactorOf } from "./region.js"
import * as workContext from "./workContext.js"

/** Whole numbers of 0 or more; whatever else a program gives is left out. */
export type Tokens = { readonly [type in keyof typeof tokenTypes]?: unknown }

export const record = (f: (fiber: AnyFiber) => Waiting): Effect.Effect<void> =>
  withFiber((fiber) =>
    isEnabled(fiber) ? Effect.uninterruptible(Effect.suspend(() => f(fiber) ?? Effect.void)) : Effect.void
  )

export const wholeNumbers = "whole numbers of 0 or more"
export const unknown = "unknown"
const noStory = "none"

export const isCount = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0

export const refused = (what: string, takes: string, field: string, value: unknown): Waiting =>
  warnOnce(`Work.${what} takes ${takes}; ${field} ${clip(text(value), 40)} was left out`)

export const storyNameOf = ({ story }: workContext.Place): string => story?.name ?? noStory

// Metrics are read without renderers.
useBuiltIn()

/** A name as it may leave; what is no text is not known. */
export const nameIn = (fiber: AnyFiber, name: unknown): string =>
  typeof name === "string" && name.trim() !== "" ? clip(redactorOf(fiber).text(name), 256) : unknown

const tokenTypes = {
  prompt: "promptTokens",
  completion: "completionTokens",
  cached: "cachedTokens",
  reasoning: "reasoningTokens"
} as const

export const addTokens = (
  fiber: AnyFiber,
  place: workContext.Place,
  model: string,
  tokens: Tokens,
  call = workContext.workContextOf(fiber).call
): Waiting => {
  const shown = nameIn(fiber, model)
  let waiting: Waiting
  for (const type of ["prompt", "completion", "cached", "reasoning"] as const) {
    const count: unknown = attempt(() => tokens[type], Number.NaN)
    if (isCount(count)) {
      workContext.tally(place.story, (tally) => tally.use(shown, tokenTypes[type], count))
      workContext.measure(fiber, place, Instruments.tokensUsed, [shown, type], count)
      if (call !== undefined) call[type] += count
    } else if (count !== undefined) {
      waiting = inOrder(waiting, refused("recordTokens", wholeNumbers, type, count))
    }
  }
  return waiting
}

export const addCost = (
  fiber: AnyFiber,
  place: workContext.Place,
  model: string,
  usd: unknown,
  call = workContext.workContextOf(fiber).call
): Waiting => {
  if (typeof usd !== "number" || !Number.isFinite(usd) || usd < 0) {
    return refused("recordCost", "US dollars of 0 or more", "cost", usd)
  }
  const shown = nameIn(fiber, model)
  if (call !== undefined) call.costUsd = (call.costUsd ?? 0) + usd
  workContext.tally(place.story, (tally) => tally.use(shown, "costUsd", usd))
  workContext.measure(fiber, place, Instruments.costUsd, [shown, workContext.agentIdOf(fiber)], usd)
  return undefined
}

/** `undefined` for a success, and for an interruption, which is no error. */
export const errorTypeOf = (fiber: AnyFiber, exit: Exit.Exit<unknown, unknown>): string | undefined => {
  if (exit._tag === "Success" || Cause.isInterruptedOnly(exit.cause)) return undefined
  return nameIn(fiber, typeOf(leavesOf(exit.cause)[0]?.error))
}
