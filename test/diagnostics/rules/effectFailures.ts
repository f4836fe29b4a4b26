import { Cause, Config, ConfigError, ConfigProvider, Context, Data, Effect, Match, Option, Schema } from "effect"
import { StageGroupError } from "../../../src/narration/StageGroupError.js"
import { type RuleCase, rejecting, ruleCase, throwing } from "./RuleCase.js"

class Repository extends Context.Tag("app/Repository")<Repository, object>() {}
class BrokenCircuitError extends Data.TaggedError("BrokenCircuitError")<{ readonly name: string }> {}

const reading = <A>(config: Config.Config<A>, entries: Readonly<Record<string, string>> = {}) =>
  Effect.withConfigProvider(config, ConfigProvider.fromMap(new Map(Object.entries(entries))))

const Customer = Schema.Struct({ email: Schema.NonEmptyString, age: Schema.Number })

export const effectFailures: ReadonlyArray<RuleCase> = [
  ruleCase("service-missing", "a service that is not provided", Repository as unknown as Effect.Effect<object>, {
    why: "the service app/Repository was not provided"
  }),
  ruleCase("setting-missing", "a setting that is not set", reading(Config.nested(Config.string("KEY"), "API")), {
    why: "the setting API.KEY is missing",
    hint: "`API_KEY`"
  }),
  ruleCase("setting-invalid", "a port that is no number", reading(Config.integer("PORT"), { PORT: "x" })),
  ruleCase(
    "setting-unreadable",
    "a source that is away",
    Effect.fail(ConfigError.SourceUnavailable(["KEY"], "the file is away", Cause.empty))
  ),
  ruleCase(
    "schema-mismatch",
    "a text where a number belongs",
    Schema.decodeUnknown(Customer)({ email: "a", age: "7" }),
    {
      why: 'ParseError at age: Expected number, actual "7"',
      hint: "Schema.NumberFromString"
    }
  ),
  ruleCase("schema-mismatch", "a field that is missing", Schema.decodeUnknown(Customer)({ email: "a" }), {
    hint: "Schema.optional"
  }),
  ruleCase("schema-mismatch", "a null", Schema.decodeUnknown(Customer)({ email: null, age: 7 }), {
    hint: "Schema.NullOr"
  }),
  ruleCase("option-none", "nothing in an Option", Option.none()),
  ruleCase("timeout", "a timeout of Effect's", Effect.timeout(Effect.never, 0)),
  rejecting("timeout", "a timeout of a signal's", async () => {
    const signal = AbortSignal.timeout(0)
    await new Promise((resolve) => signal.addEventListener("abort", resolve))
    signal.throwIfAborted()
  }),
  ruleCase("circuit-open", "a circuit that is open", Effect.fail(new BrokenCircuitError({ name: "db" }))),
  throwing("aborted", "a signal that was aborted", () => AbortSignal.abort().throwIfAborted()),
  ruleCase("interrupted", "a fiber that was interrupted", Effect.interrupt),
  throwing("sync-run-of-async", "runSync of what waits", () => Effect.runSync(Effect.sleep(1))),
  ruleCase(
    "not-an-effect",
    "a number in place of an effect",
    Effect.flatMap(Effect.void, () => 5 as unknown as Effect.Effect<void>),
    { why: "5 was run as an effect, and is none" }
  ),
  throwing("unhandled-case", "a value no case is for", () =>
    Match.value("c" as "a").pipe(
      Match.when("a", () => 1),
      Match.orElseAbsurd
    )
  ),
  ruleCase("illegal-argument", "an argument that is refused", Effect.fail(new Cause.IllegalArgumentException("n < 0"))),
  ruleCase("capacity-exceeded", "a queue that is full", Effect.fail(new Cause.ExceededCapacityException("full"))),
  ruleCase(
    "stages-interrupted",
    "a group that was interrupted",
    Effect.fail(new StageGroupError({ failures: { load: Cause.empty } }))
  ),
  rejecting("all-promises-rejected", "no promise that came true", () => Promise.any([Promise.reject(new Error("a"))])),
  ruleCase(
    "unknown-exception",
    "a rejection without a catch",
    Effect.tryPromise(() => Promise.reject("gone"))
  )
]
