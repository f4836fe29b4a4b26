/**
 * What tokens cost, where a program says so.
 */
import * as Context from "effect/Context"
import type { AnyFiber } from "../runtime/fiber.js"
import type { Call } from "./workContext.js"

/** In US dollars for a million tokens. */
export interface Price {
  readonly prompt: number
  readonly completion: number
  readonly cached?: number | undefined
  readonly reasoning?: number | undefined
}

export type Prices = { readonly [model: string]: Price }

export const Prices = Context.GenericTag<Prices>("effect-narrative/Prices")

const perMillion = 1_000_000

/** What a call cost; `undefined` where there is no price of its model. */
export const costOf = (fiber: AnyFiber, model: string, { cached, completion, prompt, reasoning }: Call) => {
  const prices: Prices | undefined = fiber.currentContext.unsafeMap.get(Prices.key)
  const price = prices === undefined ? undefined : priceOf(prices, model)
  if (price === undefined) return undefined
  const read = Math.min(cached, prompt)
  const thought = Math.min(reasoning, completion)
  const total =
    (prompt - read) * price.prompt +
    read * (price.cached ?? price.prompt) +
    (completion - thought) * price.completion +
    thought * (price.reasoning ?? price.completion)
  return total / perMillion
}

/** That of the model, else that of the longest name it begins with: `gpt-4o` is also the price of `gpt-4o-2024-08-06`. */
const priceOf = (prices: Prices, model: string): Price | undefined => {
  if (Object.hasOwn(prices, model)) return prices[model]
  let best: string | undefined
  for (const name of Object.keys(prices)) {
    const isLonger = best === undefined || name.length > best.length
    if (isLonger && name !== "" && model.startsWith(name) && /^[-@:.]/.test(model.slice(name.length))) best = name
  }
  return best === undefined ? undefined : prices[best]
}
