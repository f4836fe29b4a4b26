import { assert, describe, it } from "@effect/vitest"
import { Data, Effect, flow, Match, pipe } from "effect"
import { failureOf, lineOf } from "./reported.js"

class Refused extends Data.TaggedError("Refused")<{ readonly message: string; readonly cause?: unknown }> {}
class Busy extends Data.TaggedError("Busy")<{ readonly message: string }> {}

/** Fails as a driver does: with an error in whose stack no line of the program is. */
const driver = (code: string): Effect.Effect<number, Error & { readonly code: string }> =>
  Effect.suspend(() => Effect.fail(Object.assign(new Error(`driver: ${code}`), { code, stack: `Error: ${code}` })))

const toRefusal = (error: Error & { readonly code: string }): Refused | Busy => {
  const message = error.message.replace("driver: ", "")
  if (error.code === "busy") return new Busy({ message })
  return new Refused({ message })
}

const toOther =
  (what: string) =>
  (error: Error & { readonly code: string }): Refused | Busy => {
    const message = `${what}: ${error.code}`
    if (error.code === "busy") return new Busy({ message })
    return new Refused({ message })
  }

const depthOf: (water: string) => Effect.Effect<number, Refused> = flow(
  Match.value,
  Match.when("trench", () => driver("deep")),
  Match.when("ocean", () => driver("wide")),
  Match.orElse(() => Effect.fail("no water is known by that name")),
  Effect.mapError(toRefused)
)

function toRefused(error: unknown): Refused {
  return new Refused(error instanceof Error ? { message: error.message, cause: error } : { message: String(error) })
}

const decide = (metres: number) => {
  if (metres > 40) return Effect.fail(new Refused({ message: "too deep" }))
  return Effect.succeed(metres)
}

const placeOf = <A, E>(effect: Effect.Effect<A, E>, mode: "lean" | "rich" = "lean") =>
  Effect.map(failureOf(effect, mode), lineOf)

describe("the place of an error that a mapper of several statements makes", () => {
  it.live("is what is before the mapper, where that is written in its pipe", () =>
    Effect.gen(function* () {
      const dive = driver("leak").pipe(
        Effect.map((metres) => metres + 1),
        Effect.mapError((error) => {
          const message = error.message.toUpperCase()
          return new Refused({ message })
        })
      )
      assert.strictEqual(yield* placeOf(dive), 'const dive = driver("leak").pipe(')
    })
  )

  it.live("is what is before the mapper where several steps are, in rich mode, which knows how far it went", () =>
    Effect.gen(function* () {
      const dive = Effect.gen(function* () {
        return yield* driver("reef").pipe(
          Effect.map((metres) => `${metres} metres deep, and no light at all`),
          Effect.tap((words) => Effect.annotateCurrentSpan({ words })),
          Effect.mapError((error) => {
            const message = error.message.toUpperCase()
            return new Refused({ message, cause: error })
          })
        )
      })
      assert.strictEqual(yield* placeOf(dive, "rich"), 'return yield* driver("reef").pipe(')
      assert.strictEqual(yield* placeOf(dive, "lean"), "return new Refused({ message, cause: error })")
    })
  )

  it.live("is what is before a mapper that matches, also where it is not in a pipe", () =>
    Effect.gen(function* () {
      const surface = Effect.suspend(() =>
        Effect.mapError(driver("cold"), (error) =>
          Match.value(error.code).pipe(
            Match.when("busy", () => new Busy({ message: error.message })),
            Match.orElse(() => new Refused({ message: error.message }))
          )
        )
      )
      assert.include(yield* placeOf(surface), 'driver("cold"),')
    })
  )

  it.live("is what is before the one use of a function of the module", () =>
    Effect.gen(function* () {
      const dive = pipe(
        driver("dark"),
        Effect.map((metres) => `${metres} metres deep, and no light at all`),
        Effect.map((words) => words.length),
        Effect.mapError(toRefusal)
      )
      assert.strictEqual(yield* placeOf(dive), 'driver("dark"),')
    })
  )

  it.live("is the nearest span where the function is used at several places, also where it gives a function", () =>
    Effect.gen(function* () {
      const dive = driver("deep").pipe(Effect.mapError(toOther("dive")), Effect.withSpan("dive"))
      const climb = driver("steep").pipe(Effect.mapError(toOther("climb")), Effect.withSpan("climb"))
      assert.include(yield* placeOf(dive), 'Effect.withSpan("dive")')
      assert.include(yield* placeOf(climb), 'Effect.withSpan("climb")')
    })
  )

  it.live("is what is before a span in its pipe, where that alone can fail", () =>
    Effect.gen(function* () {
      const dive = driver("blue").pipe(
        Effect.map((metres) => `${metres} metres deep, and no light at all`),
        Effect.mapError(toOther("dive")),
        Effect.withSpan("dive")
      )
      assert.strictEqual(yield* placeOf(dive), 'const dive = driver("blue").pipe(')
      const twice = driver("green").pipe(
        Effect.flatMap((metres) => driver(`green of ${metres} metres, and no light`)),
        Effect.mapError(toOther("dive")),
        Effect.withSpan("twice")
      )
      assert.strictEqual(yield* placeOf(twice), 'Effect.withSpan("twice")')
    })
  )

  it.live("is what the function of a span calls, where that alone can fail", () =>
    Effect.gen(function* () {
      const dive = Effect.fn("dive")((code: string) =>
        driver(`${code} and no light at all in water`)
          .pipe(Effect.map((metres) => `${metres} metres deep`))
          .pipe(Effect.mapError(toOther("dive")))
      )
      assert.include(yield* placeOf(dive("green")), "and no light at all in water")
      const twice = Effect.fn("twice")((code: string) =>
        driver(code).pipe(
          Effect.flatMap((metres) => driver(`green of ${metres} metres`)),
          Effect.mapError(toOther("twice"))
        )
      )
      assert.strictEqual(yield* placeOf(twice("green")), 'const twice = Effect.fn("twice")((code: string) =>')
    })
  )

  it.live("is what is before a mapper that ends in a defect, or is one of several handlers", () =>
    Effect.gen(function* () {
      const dive = driver("kelp").pipe(
        Effect.orDieWith((error) => {
          const message = error.message.toUpperCase()
          return new Refused({ message })
        })
      )
      assert.strictEqual(yield* placeOf(dive), 'const dive = driver("kelp").pipe(')
      const climb = Effect.mapError(driver("wall"), ({ message }) => ({ _tag: "Wall" as const, message })).pipe(
        Effect.catchTags({
          Wall: ({ message }) =>
            Effect.fail(
              new Refused({
                message
              })
            )
        })
      )
      assert.include(yield* placeOf(climb), 'driver("wall")')
    })
  )

  it.live("is the step that fails with the very text that the mapper repeats", () =>
    Effect.gen(function* () {
      assert.include(yield* placeOf(depthOf("lake")), 'Effect.fail("no water is known by that name")')
      assert.include(yield* placeOf(depthOf("lake"), "rich"), 'Effect.fail("no water is known by that name")')
    })
  )

  it.live("stays where a function decides that something fails", () =>
    Effect.gen(function* () {
      const dive = Effect.flatMap(Effect.succeed(55), decide).pipe(Effect.withSpan("dive"))
      assert.include(yield* placeOf(dive), "if (metres > 40) return Effect.fail(new Refused")
      assert.include(yield* placeOf(dive, "rich"), "if (metres > 40) return Effect.fail(new Refused")
    })
  )
})
