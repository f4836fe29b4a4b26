import { assert, describe, it } from "@effect/vitest"
import { Array, Cause, Effect, Exit, FastCheck as fc, Layer, Logger } from "effect"
import { Narrative, NarrativeEvent, Redaction } from "../../src/index.js"
import { assertWellFormed, observe } from "../laws/observed.js"

/** What narration emitted and what it warned of. */
const recorded = <A, E>(self: Effect.Effect<A, E>) =>
  Effect.gen(function* () {
    const warnings: globalThis.Array<string> = []
    const observed = observe(
      Logger.replace(
        Logger.defaultLogger,
        Logger.make(({ message }) => void warnings.push(Array.ensure(message).join(" ")))
      )
    )
    const exit = yield* Effect.exit(self).pipe(Effect.provide(observed.layer))
    assertWellFormed(observed.events)
    for (const event of observed.events) {
      const line = NarrativeEvent.toWire(event)
      assert.isBelow(line.length, 100_000)
      assert.deepStrictEqual(yield* NarrativeEvent.fromWire(line), event)
    }
    return { exit, events: observed.events, warnings }
  })

const hostile = {
  toString() {
    throw new Error("toString")
  },
  toJSON() {
    throw new Error("toJSON")
  },
  get getter() {
    throw new Error("getter")
  }
}

const cyclic: Record<string, unknown> = { name: "cyclic" }
cyclic["self"] = cyclic

describe("bad input", () => {
  it.effect("of an empty name is warned of once, and named for what it is", () =>
    Effect.gen(function* () {
      const { events, exit, warnings } = yield* recorded(
        Effect.succeed(1).pipe(Narrative.stage("  "), Narrative.stage("  "), Narrative.story(""))
      )
      assert.deepStrictEqual(exit, Exit.succeed(1))
      assert.deepStrictEqual(warnings, [
        "A story has no name: give Narrative.story a text that is not empty",
        "A stage has no name: give Narrative.stage a text that is not empty"
      ])
      assert.strictEqual(events[0]?.storyName, "(unnamed story)")
    })
  )

  it.effect("of a total that is none is warned of once, naming the setting and its values", () =>
    Effect.gen(function* () {
      const { events, warnings } = yield* recorded(
        Effect.all([Narrative.setTotalStages(-3), Narrative.setTotalStages(1.5), Narrative.setTotalStages(1.5)]).pipe(
          Narrative.story("Totals", { totalStages: Number.NaN })
        )
      )
      assert.deepStrictEqual(warnings, [
        "totalStages has to be a whole number of 0 or more; NaN was ignored",
        "totalStages has to be a whole number of 0 or more; -3 was ignored",
        "totalStages has to be a whole number of 0 or more; 1.5 was ignored"
      ])
      assert.deepInclude(events[0], { totalStages: null })
    })
  )

  it.effect("of more done than there is in all is brought into range", () =>
    Effect.gen(function* () {
      const { events, warnings } = yield* recorded(
        Effect.all([Narrative.progress(12, 10), Narrative.progress(-1, 10), Narrative.progress(Number.NaN)]).pipe(
          Narrative.stage("Overdone"),
          Narrative.story("Progress")
        )
      )
      assert.deepInclude(
        events.find((event) => event._tag === "StageProgressed"),
        { done: 10, total: 10 }
      )
      assert.deepStrictEqual(warnings, [
        "Narrative.progress was given more than the total as done; it shows the total",
        "Narrative.progress takes amounts of 0 or more; -1 of 10 was ignored",
        "Narrative.progress takes amounts of 0 or more; NaN was ignored"
      ])
    })
  )

  it.effect("of a name, label or attribute of 1 MB is clipped", () =>
    Effect.gen(function* () {
      const megabyte = "x".repeat(1_000_000)
      const { events, exit } = yield* recorded(
        Effect.succeed(1).pipe(
          Effect.tap(Narrative.annotate(megabyte, megabyte)),
          Effect.tap(Narrative.note(megabyte, globalThis.Array.from({ length: 10_000 }, () => megabyte).slice(0, 3))),
          Effect.tap(Narrative.setOutcome(megabyte)),
          Narrative.stage(megabyte, { attributes: { megabyte } }),
          Narrative.story(megabyte, { labels: { megabyte }, attributes: { megabyte } })
        )
      )
      assert.deepStrictEqual(exit, Exit.succeed(1))
      assert.isAbove(events.length, 3)
    })
  )

  it.effect("of a cyclic, throwing or huge value is shown as far as it can be", () =>
    Effect.gen(function* () {
      const values = { hostile, cyclic, big: 10n ** 400n, none: undefined, symbol: Symbol("s"), nan: Number.NaN }
      const { events, exit } = yield* recorded(
        Effect.succeed(1).pipe(
          Effect.tap(Narrative.annotate(values)),
          Effect.tap(Narrative.note("values", values)),
          Narrative.stage("Values", { attributes: values }),
          Narrative.story("Values", { attributes: values })
        )
      )
      assert.deepStrictEqual(exit, Exit.succeed(1))
      assert.deepInclude(events[0], {
        attributes: {
          hostile: "<unreadable>",
          cyclic: { name: "cyclic", self: "<circular>" },
          big: `1${"0".repeat(400)}`,
          symbol: "Symbol(s)",
          nan: "NaN"
        }
      })
    })
  )

  it.effect("of an error whose every property throws still has the story recorded to its end", () =>
    Effect.gen(function* () {
      const trap = () => {
        throw new Error("trap")
      }
      const error = new Proxy(new Error("x"), { get: trap, has: trap, getOwnPropertyDescriptor: trap, ownKeys: trap })
      const { events, exit } = yield* recorded(
        Effect.failCause(Cause.die(error)).pipe(Narrative.stage("Throws"), Narrative.story("Hostile"))
      )
      assert.isTrue(Exit.isFailure(exit))
      assert.deepInclude(events.at(-1), { status: "failed" })
    })
  )

  it.effect.prop(
    "of any value anywhere never fails the program and always leaves events that can be read back",
    [fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true })],
    ([value]) =>
      Effect.gen(function* () {
        const any = value as never
        const { exit } = yield* recorded(
          Effect.succeed(1).pipe(
            Effect.tap(Narrative.annotate({ any })),
            Effect.tap(Narrative.note(any, any)),
            Effect.tap(Narrative.progress(any, any)),
            Effect.tap(Narrative.setTotalStages(any)),
            Effect.tap(Narrative.setOutcome(any)),
            Effect.tap(Narrative.recordFailure(any)),
            Narrative.stage("Any", { attributes: { any } }),
            Narrative.story("Any", { labels: { any }, attributes: { any }, totalStages: any })
          )
        )
        assert.deepStrictEqual(exit, Exit.succeed(1))
      }),
    { fastCheck: { numRuns: 200 } }
  )
})

const throws = () => {
  throw new Error("redactor")
}

/** Somebody's own, in the place of ours. */
const brokenRedaction = Layer.succeed(Redaction.Redaction, {
  isSecretName: throws,
  value: throws,
  record: throws,
  text: throws,
  source: throws
})

/** Answers, but with nothing that could be reported. */
const senseless = { nonsense: Symbol("nonsense") }
const senselessRedaction = Layer.succeed(Redaction.Redaction, {
  isSecretName: () => senseless,
  value: () => senseless,
  record: () => senseless,
  text: () => senseless,
  source: () => senseless
} as unknown as Redaction.Redactor)

describe("a redactor that fails", () => {
  const tellingAll = Effect.fail("busy: hunter2").pipe(
    Narrative.retry({ times: 1 }),
    Effect.ignore,
    Effect.zipRight(Narrative.annotate("shelf", "hunter2")),
    Effect.zipRight(Narrative.note("noted hunter2", { row: "hunter2" })),
    Effect.zipRight(Narrative.setOutcome("hunter2")),
    Effect.zipRight(Effect.logInfo("hunter2")),
    Narrative.stage("Load", { attributes: { row: "hunter2" } }),
    Effect.zipRight(Effect.ignore(Narrative.stage(Effect.fail("bad row hunter2"), "Check"))),
    Effect.as(42)
  )
  const options = { labels: { team: "hunter2" }, attributes: { user: "hunter2" } }
  const failing = Narrative.stage(Effect.fail("bad row hunter2"), "Check").pipe(Narrative.story("Import", options))

  for (const { how, layer, first } of [
    { how: "throws", layer: brokenRedaction, first: "isSecretName: Error" },
    { how: "answers with nonsense", layer: senselessRedaction, first: "text: TypeError" }
  ]) {
    it.effect(`changes no result and shows nothing: one that ${how}`, () =>
      Effect.gen(function* () {
        const { events, exit, warnings } = yield* recorded(
          Effect.all([Narrative.story(tellingAll, "Import", options), Effect.exit(failing)]).pipe(Effect.provide(layer))
        )
        assert.deepStrictEqual(exit, Exit.succeed([42, Exit.fail("bad row hunter2")]))
        assert.notInclude(events.map(NarrativeEvent.toWire).join("\n"), "hunter2")
        assert.deepStrictEqual(warnings, [
          // What the program logs itself.
          "hunter2",
          `The Redaction in use failed (${first}): whatever it fails for is hidden whole`
        ])
      })
    )
  }
})
