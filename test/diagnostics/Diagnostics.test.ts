// @effect-diagnostics globalErrorInEffectFailure:off -- plain errors are what users fail with, too.
import { assert, describe, it } from "@effect/vitest"
import { Array, Cause, ConfigError, ConfigProvider, Effect, Exit, Layer, Logger } from "effect"
import { Diagnostics, Narrative, Redaction } from "../../src/index.js"
import { observe } from "../laws/observed.js"

const environment = (values: Readonly<Record<string, string>>) =>
  Layer.setConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(values))))

const statusIn = (values: Readonly<Record<string, string>>) =>
  Diagnostics.status.pipe(Effect.provide(Diagnostics.layerEnvironment.pipe(Layer.provide(environment(values)))))

/** The failure event of a story that fails inside two generators. */
const failing = Effect.gen(function* () {
  const observed = observe()
  const findUser = Effect.fn("findUser")(function* (id: number) {
    const table = "users"
    const password = "hunter2-in-a-local"
    const label = `${table}:${id}:${password.length}`
    yield* Effect.yieldNow()
    return yield* Effect.fail(new Error(`no user ${id} for ${password} in ${label}`))
  })
  yield* Effect.gen(function* () {
    const requestId = "r-1"
    yield* Narrative.annotate("order", 42)
    const user = yield* findUser(7)
    return [requestId, user]
  }).pipe(Narrative.stage("Find"), Narrative.story("Lookup"), Effect.exit, Effect.provide(observed.layer))
  const failure = observed.events.find((event) => event._tag === "FailureOccurred")
  return failure ?? assert.fail("no failure was reported")
})

describe("the diagnostics' settings", () => {
  it.effect("are lean in development where the environment says nothing", () =>
    Effect.gen(function* () {
      assert.deepInclude(yield* statusIn({}), { requested: "lean", mode: "lean", environment: "development" })
    })
  )

  it.effect("make rich lean in production, and say what would lift that", () =>
    Effect.gen(function* () {
      const rich = { RUNTIME_NARRATIVE_FAILURE_DIAGNOSTICS: "rich" }
      const status = yield* statusIn({ ...rich, RUNTIME_NARRATIVE_ENV: "production" })
      assert.deepInclude(status, { requested: "rich", mode: "lean", environment: "production" })
      assert.include(status.reason, "RUNTIME_NARRATIVE_ALLOW_RICH_IN_PRODUCTION")
      assert.deepInclude(yield* statusIn({ ...rich, NODE_ENV: "production" }), { mode: "lean" })
      for (const yes of ["1", "true", "TRUE"]) {
        const allowed = { RUNTIME_NARRATIVE_ENV: "production", RUNTIME_NARRATIVE_ALLOW_RICH_IN_PRODUCTION: yes }
        assert.deepInclude(yield* statusIn({ ...rich, ...allowed }), { mode: "rich" })
      }
    })
  )

  it.effect("prefer RUNTIME_NARRATIVE_ENV to NODE_ENV", () =>
    Effect.gen(function* () {
      const status = yield* statusIn({ RUNTIME_NARRATIVE_ENV: "staging", NODE_ENV: "production" })
      assert.strictEqual(status.environment, "staging")
    })
  )

  it.effect("that are invalid fail early, naming the variable and the values it takes", () =>
    Effect.gen(function* () {
      for (const [name, value, takes] of [
        ["RUNTIME_NARRATIVE_FAILURE_DIAGNOSTICS", "verbose", "lean or rich"],
        ["RUNTIME_NARRATIVE_ALLOW_RICH_IN_PRODUCTION", "perhaps", "true"],
        ["RUNTIME_NARRATIVE_LOCALS", "all", "generators or throws"]
      ] as const) {
        const error = yield* Effect.flip(statusIn({ [name]: value }))
        assert.isTrue(ConfigError.isConfigError(error))
        assert.include(String(error), name)
        assert.include(String(error), takes)
        assert.include(String(error), value)
      }
    })
  )
})

describe("rich diagnostics that this runtime cannot give", () => {
  const withoutInspector = Layer.scopedDiscard(
    Effect.acquireRelease(
      Effect.sync(() => {
        const given = process.getBuiltinModule
        process.getBuiltinModule = () => undefined
        return given
      }),
      (given) =>
        Effect.sync(() => {
          process.getBuiltinModule = given
        })
    )
  )

  it.effect("are lean, and warned of once, whatever number of stories", () =>
    Effect.gen(function* () {
      const warnings: Array<string> = []
      const logger = Logger.replace(
        Logger.defaultLogger,
        Logger.make(({ message }) => void warnings.push(Array.ensure(message).join(" ")))
      )
      const status = yield* Diagnostics.status.pipe(
        Effect.zipLeft(Effect.void.pipe(Narrative.story("First"), Effect.repeatN(2))),
        Effect.provide(
          Diagnostics.layer({ mode: "rich" }).pipe(
            Layer.provide(withoutInspector),
            Layer.provideMerge(Layer.merge(logger, observe().layer))
          )
        )
      )
      assert.deepInclude(status, { requested: "rich", mode: "lean" })
      assert.lengthOf(warnings, 1)
      assert.include(warnings[0], "no inspector")
    })
  )

  it.live("have the places of lean ones: the line that waited", () =>
    Effect.gen(function* () {
      const { events, layer } = observe()
      yield* Effect.gen(function* () {
        return yield* Effect.zipRight(Effect.yieldNow(), Effect.fail("refused"))
      }).pipe(
        Narrative.story("Lookup"),
        Effect.exit,
        Effect.provide(Layer.merge(layer, Layer.provide(Diagnostics.layer({ mode: "rich" }), withoutInspector)))
      )
      const report = events.find((event) => event._tag === "FailureOccurred")
      assert.strictEqual(report?.diagnosticsMode, "lean")
      assert.include(report?.failures[0].location?.sourceLine, "return yield* Effect.zipRight")
    })
  )
})

describe("a report", () => {
  it.live("in rich mode shows the values that stood in every generator, and hides what is secret everywhere", () =>
    Effect.gen(function* () {
      const report = yield* failing.pipe(Effect.provide(Diagnostics.layer({ mode: "rich" })))
      const [failure] = report.failures
      assert.strictEqual(report.diagnosticsMode, "rich")
      const locals = failure.stackFrames.flatMap((frame) => (frame.locals === null ? [] : [frame.locals]))
      assert.deepInclude(locals[0], { id: 7, table: "users", password: "<redacted>" })
      assert.deepInclude(locals[1], { requestId: "r-1" })
      assert.deepStrictEqual(failure.stageAttributes, { order: 42 })
      assert.isAtLeast(report.redactedValues, 1)
      assert.notInclude(JSON.stringify(report), "hunter2-in-a-local")
      assert.include(failure.errorMessage, "no user 7 for <redacted>")
      assert.match(failure.location?.file ?? "", /Diagnostics\.test\.ts$/)
    })
  )

  it.live("in lean mode has no values", () =>
    Effect.gen(function* () {
      const report = yield* failing.pipe(Effect.provide(Diagnostics.layer()))
      assert.strictEqual(report.diagnosticsMode, "lean")
      assert.isTrue(report.failures[0].stackFrames.every((frame) => frame.locals === null))
    })
  )

  it.live("hides what the program's own redaction names", () =>
    Effect.gen(function* () {
      const report = yield* failing.pipe(
        Effect.provide(Layer.mergeAll(Diagnostics.layer({ mode: "rich" }), Redaction.layer({ extra: ["request id"] })))
      )
      assert.notInclude(JSON.stringify(report), "r-1")
    })
  )

  it.effect("of any cause can be had outside a story", () =>
    Effect.gen(function* () {
      const report = yield* Diagnostics.describe(Cause.fail(new RangeError("too far")))
      assert.deepInclude(report.failures[0], { errorType: "RangeError", errorMessage: "too far", stageName: null })
    })
  )

  it.live("releases what it captured, and captures nothing once the layer is closed", () =>
    Effect.gen(function* () {
      yield* failing.pipe(Effect.provide(Diagnostics.layer({ mode: "rich" })))
      const after = yield* failing.pipe(Effect.provide(Diagnostics.layer()))
      assert.isTrue(Exit.isSuccess(Exit.succeed(after)))
      assert.isTrue(after.failures[0].stackFrames.every((frame) => frame.locals === null))
    })
  )

  it.live("in rich mode with throws shows the values of plain functions, too", () =>
    Effect.gen(function* () {
      const observed = observe()
      const status = yield* Diagnostics.status
      const parse = (text: string): number => {
        const trimmed = text.trim()
        if (trimmed === "") throw new RangeError("nothing to parse")
        return Number(trimmed)
      }
      yield* Effect.sync(() => parse("   ")).pipe(
        Narrative.stage("Parse"),
        Narrative.story("Throws"),
        Effect.exit,
        Effect.provide(observed.layer)
      )
      const event = observed.events.find((event) => event._tag === "FailureOccurred")
      const frame = event?.failures[0].stackFrames.find((frame) => frame.function === "parse")
      assert.deepInclude(frame?.locals, { text: "   ", trimmed: "" }, status.reason)
      assert.isFalse(frame?.suspended)
    }).pipe(Effect.provide(Diagnostics.layer({ mode: "rich", locals: "throws" })))
  )

  it.live("in rich mode reports the defect of a finalizer that Effect leaves out of the cause", () =>
    Effect.gen(function* () {
      const observed = observe()
      const failing = Effect.yieldNow().pipe(Effect.zipRight(Effect.fail(new Error("the first"))))
      const finalized = Effect.never.pipe(Effect.ensuring(Effect.die(new Error("in a finalizer"))))
      yield* Effect.all([failing, finalized], { concurrency: "unbounded" }).pipe(
        Narrative.story("Both"),
        Effect.exit,
        Effect.provide(observed.layer)
      )
      const event = observed.events.find((event) => event._tag === "FailureOccurred")
      assert.includeMembers(
        (event?.failures ?? []).map((failure) => failure.errorMessage),
        ["the first", "in a finalizer"]
      )
    }).pipe(Effect.provide(Diagnostics.layer({ mode: "rich" })))
  )
})
