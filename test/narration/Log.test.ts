// @effect-diagnostics multipleEffectProvide:off -- that a layer may be provided twice is part of what is tested.
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Redacted } from "effect"
import { Log, Narrative } from "../../src/index.js"
import { observe } from "../laws/observed.js"

const secret = "hunter2-of-the-north"

const written = (options: Log.Options = {}) => {
  const lines: Array<string> = []
  return { lines, layer: Log.layer({ format: "json", ...options, write: (line) => void lines.push(line) }) }
}

const parsed = (lines: ReadonlyArray<string>): ReadonlyArray<Record<string, unknown>> =>
  lines.map((line) => JSON.parse(line))

describe("Log", () => {
  it.effect("writes an event with its data and what was bound, at every level", () =>
    Effect.gen(function* () {
      const { layer, lines } = written({ level: "debug" })
      const log = Log.make({ component: "orchestrator" }).bind({ job_id: "job-1", stage: 1 })
      yield* Effect.gen(function* () {
        yield* log.debug("api_request_prepared", { prompt_length: 12 })
        yield* log.info("stage_started", { stage: 2 })
        yield* log.unbind("job_id").warning("cost_threshold_approaching")
        yield* log.error("api_call_failed", { error: new Error("refused") })
        yield* log.critical("database_connection_lost")
      }).pipe(Effect.provide(layer))
      const all = parsed(lines)
      assert.deepStrictEqual(
        all.map(({ level }) => level),
        ["debug", "info", "warning", "error", "critical"]
      )
      assert.deepStrictEqual(all[1], {
        component: "orchestrator",
        job_id: "job-1",
        stage: 2,
        timestamp: "1970-01-01T00:00:00.000Z",
        level: "info",
        event: "stage_started"
      })
      assert.notProperty(all[2], "job_id")
      assert.include(all[3]?.["exception"], "refused")
    })
  )

  it.effect("writes nothing below its level, which the environment may say", () =>
    Effect.gen(function* () {
      const { layer, lines } = written()
      const env = Layer.setConfigProvider(ConfigProvider.fromMap(new Map([["LOG_LEVEL", "WARNING"]])))
      const log = Log.make()
      const both = Effect.zipRight(log.info("quiet"), log.warning("loud"))
      yield* both.pipe(Effect.provide(Layer.provide(layer, env)))
      assert.deepStrictEqual(
        parsed(lines).map(({ event }) => event),
        ["loud"]
      )
      const wrong = Layer.setConfigProvider(ConfigProvider.fromMap(new Map([["LOG_LEVEL", "shout"]])))
      assert.match(String(yield* Effect.flip(Effect.provide(both, Layer.provide(layer, wrong)))), /LOG_LEVEL/)
    })
  )

  it.effect("writes no line twice, beside Narrative.logger, in a story, and where it is provided twice", () =>
    Effect.gen(function* () {
      const { layer, lines } = written()
      const observed = observe(Narrative.logger)
      yield* Log.make()
        .info("once")
        .pipe(Narrative.story("Answer"), Effect.provide(layer), Effect.provide(Layer.merge(observed.layer, layer)))
      assert.strictEqual(lines.length, 1)
      assert.strictEqual(observed.events.filter(({ _tag }) => _tag === "LogRecorded").length, 1)
    })
  )

  it.effect("lets no secret out, by name, by type or repeated in the event", () =>
    Effect.gen(function* () {
      for (const format of ["json", "console"] as const) {
        const { layer, lines } = written({ format })
        yield* Log.make({ password: secret })
          .info(`used ${secret}`, { token: Redacted.make(secret), error: new Error(`not with ${secret}`) })
          .pipe(Narrative.story("Answer"), Effect.provide(layer))
        assert.strictEqual(lines.length, 1)
        assert.notInclude(lines.join(), secret)
      }
    })
  )

  it.effect("writes a line for people that stays one line", () =>
    Effect.gen(function* () {
      const { layer, lines } = written({ format: "console" })
      yield* Log.make({ job_id: "job-1" }).info("stage_started", { said: "a\n\u001b[31mb" }).pipe(Effect.provide(layer))
      assert.match(
        lines[0] ?? "",
        /^1970-01-01T00:00:00\.000Z \[info {4}\] stage_started +job_id=job-1 said=a {2}\[31mb$/
      )
    })
  )
})
