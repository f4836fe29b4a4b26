import { assert, describe, it } from "@effect/vitest"
import { Cause, Data, Effect, Schema } from "effect"
import * as Diagnostics from "../../src/diagnostics/Diagnostics.js"
import * as FailureReport from "../../src/event/FailureReport.js"

class OutOfStock extends Data.TaggedError("OutOfStock")<{ readonly article: string }> {
  get [FailureReport.details](): FailureReport.ErrorDetailsInput {
    return {
      code: "SHOP-17",
      help: `Order more of ${this.article}.`,
      url: "https://docs.example.com/errors/SHOP-17",
      labels: { article: this.article, password: "hunter2" },
      retryable: true
    }
  }
}

class TooHeavy extends Schema.TaggedError<TooHeavy>()(
  "TooHeavy",
  { grams: Schema.Number },
  {
    [FailureReport.details]: (error: { readonly grams: number }) => ({ code: "POST-1", labels: { grams: error.grams } })
  }
) {}

const described = (error: unknown) =>
  Effect.map(Diagnostics.describe(Cause.fail(error)), ({ failures: [failure] }) => failure)

describe("what an error says of itself", () => {
  it.effect("is in the report: code, help, page and labels, and whether to try again", () =>
    Effect.gen(function* () {
      const { details, hint, retryable } = yield* described(new OutOfStock({ article: "tea" }))
      assert.deepStrictEqual(details, {
        code: "SHOP-17",
        help: "Order more of tea.",
        url: "https://docs.example.com/errors/SHOP-17",
        labels: { article: "tea", password: "<redacted>" }
      })
      assert.strictEqual(hint, "Order more of tea.")
      assert.isTrue(retryable)
    })
  )

  it.effect("is found behind what wraps it", () =>
    Effect.gen(function* () {
      const wrapped = new Error("could not ship", { cause: new OutOfStock({ article: "tea" }) })
      assert.strictEqual((yield* described(wrapped)).details?.code, "SHOP-17")
    })
  )

  it.effect("may be an annotation of its schema", () =>
    Effect.gen(function* () {
      const { details } = yield* described(new TooHeavy({ grams: 900 }))
      assert.deepStrictEqual(details, { code: "POST-1", help: null, url: null, labels: { grams: 900 } })
    })
  )

  it.effect("costs the report nothing where it throws or is of another type", () =>
    Effect.gen(function* () {
      const throwing = Object.defineProperty(new Error("x"), FailureReport.details, {
        get: () => {
          throw new Error("no")
        }
      })
      assert.isNull((yield* described(throwing)).details)
      const odd = Object.assign(new Error("x"), { [FailureReport.details]: { code: 7, labels: "none" } })
      assert.isNull((yield* described(odd)).details?.code)
    })
  )
})
