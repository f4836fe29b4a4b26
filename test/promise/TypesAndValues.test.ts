import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import { Context, type Effect, Layer } from "effect"
import { Diagnostics } from "../../src/index.js"
import { Narrator } from "../../src/promise/index.js"
import { recorded } from "./narrators.js"

declare const narrator: Narrator.Narrator

class Stock extends Context.Tag("Stock")<Stock, number>() {}

describe("The types of a narrator", () => {
  it("give what a function gives", () => {
    const types = () => {
      expectTypeOf(narrator.stage("a", () => 1)).toEqualTypeOf<number>()
      expectTypeOf(narrator.story("a", { kind: "job" }, () => "b")).toEqualTypeOf<string>()
      expectTypeOf(narrator.stage("a", async () => 1)).toEqualTypeOf<Promise<number>>()
      expectTypeOf(narrator.stage("a", (): PromiseLike<number> => Promise.resolve(1))).toEqualTypeOf<Promise<number>>()
      expectTypeOf(narrator.stage("a", (): number | Promise<number> => 1)).toEqualTypeOf<number | Promise<number>>()
      expectTypeOf(
        narrator.stage("a", async function* () {
          yield 1
        })
      ).toEqualTypeOf<AsyncGenerator<number, void, unknown>>()
      expectTypeOf(narrator.wrap("a", (n: number, s: string) => `${n}${s}`)).parameters.toEqualTypeOf<
        [n: number, s: string]
      >()
      // @ts-expect-error: a name comes first.
      narrator.stage(() => 1)
    }
    assert.isFunction(types)
  })

  it("ask for no service that the layer does not have", () => {
    const types = async () => {
      const stocked = await Narrator.make(Layer.succeed(Stock, 1))
      expectTypeOf(stocked.runPromise(Stock)).toEqualTypeOf<Promise<number>>()
      expectTypeOf(stocked.provide(Stock)).toEqualTypeOf<Effect.Effect<number>>()
      // @ts-expect-error: this one has no services.
      // @effect-diagnostics-next-line missingEffectContext:off
      narrator.runPromise(Stock)
    }
    assert.isFunction(types)
  })
})

describe("A failure of plain code", () => {
  it("shows the variables of the function that threw, where they are asked for", () =>
    recorded(
      async ({ events, narrator }) => {
        const charge = (amount: number) => {
          const currency = "EUR"
          if (amount > 10) throw new RangeError(`too much: ${amount} ${currency}`)
        }
        await narrator.story("Order", () => narrator.stage("Charge", async () => charge(12))).catch(() => undefined)
        const failed = events().find((event) => event._tag === "FailureOccurred")
        const values = JSON.stringify(failed?.failures[0])
        assert.match(values, /"currency"/)
        assert.match(values, /"amount"/)
      },
      Diagnostics.layer({ mode: "rich", locals: "throws" })
    ))
})
