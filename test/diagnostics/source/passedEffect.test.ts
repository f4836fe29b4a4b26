import { assert, describe, it } from "@effect/vitest"
import { Data, Effect } from "effect"
import { codeOf } from "../../../src/diagnostics/source/code.js"
import { isGiven, isPassedEffect } from "../../../src/diagnostics/source/passedEffect.js"
import { failureOf, lineOf } from "../reported.js"

class Refused extends Data.TaggedError("Refused")<{ readonly what: string }> {}

const isPassed = (code: string) => {
  const lines = code.split("\n")
  const line = lines.findIndex((text) => text.includes("HERE")) + 1
  const startLine = lines.findIndex((text) => text.includes("function*")) + 1
  const plain = lines.map((text) => text.replace(" // HERE", ""))
  return isPassedEffect(plain, line, { startLine })
}

describe("a generator that waits for an effect it was given", () => {
  it.each([
    "const limited = <A, E, R>(effect: Effect.Effect<A, E, R>) =>\n  Effect.gen(function* () {\n    return yield* effect; // HERE",
    "const limited = effect => Effect.gen(function* () {\n    yield* effect // HERE",
    "const retried = Effect.fn('retried')(function* (self, times) {\n  const n = times\n  return yield* self // HERE",
    "function once(name: string, run: Effect.Effect<void>) {\n  return Effect.gen(function* () {\n    yield* run // HERE"
  ])("is one that waits for a parameter: %s", (code) => assert.isTrue(isPassed(code)))

  it.each([
    "const failing = load()\nconst job = Effect.gen(function* () {\n  yield* failing // HERE",
    "const job = (effect) => Effect.gen(function* () {\n  const effect = other()\n  yield* effect // HERE",
    "const job = (load) => Effect.gen(function* () {\n  yield* load(1) // HERE",
    "const job = (load) => Effect.gen(function* () {\n  yield* load.pipe(Effect.orDie) // HERE",
    "run(effect)\nconst job = Effect.gen(function* () {\n  yield* effect // HERE"
  ])("is none that waits for anything else: %s", (code) => assert.isFalse(isPassed(code)))

  const isFirstGiven = (text: string) => {
    const start = text.lastIndexOf("effect.pipe")
    return isGiven(codeOf(text.split("\n")), [{ start, end: start + "effect".length }])
  }

  it.each([
    "const often = <A>(effect: Effect.Effect<A>) => effect.pipe(Effect.retry(policy))",
    "const often = (policy) => effect => effect.pipe(Effect.retry(policy))",
    "const often = ({ effect, times }) => {\n  const policy = make(times)\n  return effect.pipe(Effect.retry(policy))\n}",
    "const effect = load()\nconst often = (effect) => effect.pipe(Effect.retry(policy))"
  ])("is one that pipes a parameter: %s", (code) => assert.isTrue(isFirstGiven(code)))

  it.each([
    'import { effect } from "./effects.js"\nconst job = effect.pipe(Effect.retry(policy))',
    "const effect = load()\nconst job = effect.pipe(Effect.retry(policy))",
    "const other = [load].map((effect) => effect.length)\nconst effect = load()\nconst job = effect.pipe(Effect.orDie)",
    "const job = Effect.gen(function* () {\n  run((effect) => effect.length)\n  yield* effect.pipe(Effect.orDie)"
  ])("is none that pipes what the module has: %s", (code) => assert.isFalse(isFirstGiven(code)))

  const limited = <A, E>(effect: Effect.Effect<A, E>) =>
    Effect.gen(function* () {
      yield* Effect.yieldNow()
      return yield* effect // the wrapper
    })

  const placeOf = (body: Effect.Effect<unknown, unknown>) => Effect.map(failureOf(body, "rich"), lineOf)

  it.live("leaves the place to whoever gave it, if anyone waits there", () =>
    Effect.gen(function* () {
      const refused: Effect.Effect<number, Refused> = Effect.failSync(() =>
        Object.assign(new Refused({ what: "login" }), { stack: "Refused" })
      )
      const login = Effect.gen(function* () {
        const identifier = "ada"
        yield* limited(refused) // the call
        return identifier
      })
      assert.include(yield* placeOf(login), "// the call")
      assert.include(yield* placeOf(limited(refused)), "// the wrapper")
    })
  )
})
