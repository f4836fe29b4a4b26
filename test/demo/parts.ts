/**
 * What the agents of the demo are made of: a shop of books imports its catalogue, has it translated, and bills for it.
 */
import { Data, Effect, Schedule } from "effect"
import { Narrative, Work } from "../../src/index.js"
import type { Random } from "./random.js"

export class FeedUnavailable extends Data.TaggedError("FeedUnavailable")<{
  readonly supplier: string
  readonly status: number
}> {
  override get message(): string {
    return `The feed of ${this.supplier} answered ${this.status}`
  }
}

export class MissingRate extends Data.TaggedError("MissingRate")<{ readonly currency: string; readonly sku: string }> {
  override get message(): string {
    return `No exchange rate from ${this.currency} to EUR for ${this.sku}`
  }
}

export class RateLimited extends Data.TaggedError("RateLimited")<{
  readonly provider: string
  readonly retryAfter: number
}> {
  override get message(): string {
    return `${this.provider} allows no more calls for ${this.retryAfter} s`
  }
}

export class LedgerMismatch extends Data.TaggedError("LedgerMismatch")<{
  readonly invoice: string
  readonly expected: number
  readonly found: number
}> {
  override get message(): string {
    return `Invoice ${this.invoice} comes to ${this.expected}, and the ledger has ${this.found}`
  }
}

export class OutOfMemory extends Data.TaggedError("OutOfMemory")<{
  readonly file: string
  readonly megabytes: number
}> {
  override get message(): string {
    return `${this.file} needs ${this.megabytes} MB`
  }
}

/** What a run of an agent is given. */
export interface Setting {
  readonly random: Random
  readonly version: string
  /** How many times as long everything takes. */
  readonly slowness: number
}

export const suppliers = ["Aurora", "Birch & Sons", "Compass", "Delta Press", "Eider", "Fjordline"] as const

/** Takes about so long, in milliseconds. */
export const work = ({ random, slowness }: Setting, millis: number) => Effect.sleep(random.around(millis * slowness))

export const fetchFeed = (setting: Setting, supplier: string, outage: number) =>
  Effect.gen(function* () {
    const { random } = setting
    yield* Narrative.annotate("http.url", `https://feeds.example.org/${supplier.toLowerCase().replaceAll(/\W+/g, "-")}`)
    yield* work(setting, 900)
    if (random.chance(outage)) return yield* new FeedUnavailable({ supplier, status: random.pick([502, 503, 504]) })
    const bytes = random.whole(40_000, 900_000)
    yield* Narrative.annotate("bytes", bytes)
    return Math.round(bytes / 4_000)
  }).pipe(
    Narrative.stage(`Fetch ${supplier}`, { kind: "http", attributes: { supplier } }),
    Narrative.retry({ times: 2, schedule: Schedule.exponential("2 seconds") })
  )

export const priceBook = (setting: Setting, sku: string, missing: number) =>
  Effect.gen(function* () {
    const { random } = setting
    const amount = random.whole(490, 4_900)
    const currency = random.pick(["EUR", "EUR", "SEK", "NOK", "GBP"])
    yield* work(setting, setting.version === "1.5.0" ? 420 : 180)
    const rate = random.chance(missing) ? undefined : 1
    if (rate === undefined) return yield* new MissingRate({ currency: "ISK", sku })
    return { amount, currency, rate }
  })

/** A call of a model, with its tokens and its cost. */
export const ask = (
  setting: Setting,
  model: string,
  tokens: readonly [prompt: number, completion: number],
  limited = 0.01
) =>
  Effect.gen(function* () {
    const { random } = setting
    yield* work(setting, 2_400)
    if (random.chance(limited))
      return yield* new RateLimited({ provider: "models.example.org", retryAfter: random.whole(5, 60) })
    const prompt = Math.round(random.around(tokens[0]))
    const completion = Math.round(random.around(tokens[1]))
    yield* Work.recordTokens(model, { prompt, completion })
    yield* Work.recordCost(model, (prompt * 2.5 + completion * 10) / 1_000_000)
    return completion
  }).pipe(Work.providerCall({ operation: "chat", provider: "models.example.org", model }))
