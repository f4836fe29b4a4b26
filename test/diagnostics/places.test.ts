import { HttpServerResponse } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import { Cause, Data, Effect, Exit, FiberId, Schema, Stream } from "effect"
import * as Narrative from "../../src/Narrative.js"
import { failureOf, lineOf, recorded, reportOf } from "./reported.js"

class TideUnknown extends Data.TaggedError("TideUnknown")<{ readonly harbour: string }> {}
class CrossingFailed extends Data.TaggedError("CrossingFailed")<{ readonly ferry: string; readonly cause: unknown }> {}

const tideAt = Effect.fn("tideAt")(function* (harbour: string) {
  const metres = new Map([["Hirtshals", 0.4]]).get(harbour)
  if (metres === undefined) return yield* new TideUnknown({ harbour })
  return metres
})

const cross = (ferry: string, harbours: ReadonlyArray<string>) =>
  Effect.forEach(harbours, (harbour) => tideAt(harbour)).pipe(
    Effect.mapError((cause) => new CrossingFailed({ ferry, cause }))
  )

describe("the place of an error that wraps another", () => {
  it.live("is where the innermost was made, with the values there", () =>
    Effect.gen(function* () {
      const failure = yield* failureOf(cross("Margrethe", ["Hirtshals", "Skagen"]), "rich")
      assert.strictEqual(failure.errorType, "CrossingFailed")
      assert.include(lineOf(failure), "yield* new TideUnknown({ harbour })")
      assert.strictEqual(failure.stackFrames.find((frame) => frame.locals !== null)?.locals?.["harbour"], "Skagen")
    })
  )

  it.live("leaves the wrapper its own place, and reports each error that it came from", () =>
    Effect.gen(function* () {
      const failure = yield* failureOf(cross("Margrethe", ["Skagen"]))
      assert.include(failure.ownLocation?.sourceLine, "new CrossingFailed({ ferry, cause })")
      assert.deepStrictEqual(
        failure.causes.map(({ depth, errorMessage, errorType, relation }) => [
          depth,
          relation,
          errorType,
          errorMessage
        ]),
        [[1, "cause", "TideUnknown", '{"harbour":"Skagen"}']]
      )
      assert.include(failure.causes[0]?.location?.sourceLine, "new TideUnknown")
    })
  )

  it.live("is the line that threw, inside Effect.try with a catch", () =>
    Effect.gen(function* () {
      const query = (sql: string): number => {
        if (sql.includes("x")) throw new Error(`syntax error in ${sql}`)
        return 1
      }
      const failure = yield* failureOf(
        Effect.try({ try: () => query("select x"), catch: (cause) => new CrossingFailed({ ferry: "none", cause }) })
      )
      assert.include(lineOf(failure), "throw new Error(`syntax error")
      assert.strictEqual(failure.location?.function, "query")
    })
  )
})

describe("the place of a failure without a line of its own", () => {
  it.live("is that of the generator which waited, for a failure that is a text", () =>
    Effect.gen(function* () {
      const dose = (litres: number) =>
        Effect.flatMap(Effect.succeed(litres), (amount) =>
          amount > 40 ? Effect.fail("it would drown") : Effect.succeed(amount)
        )
      const water = Effect.gen(function* () {
        yield* dose(12)
        return yield* dose(55)
      })
      const failure = yield* failureOf(water, "rich")
      assert.deepStrictEqual([failure.locationReason, lineOf(failure)], ["generator", "return yield* dose(55)"])
    })
  )

  it.live("is that of the nearest span before that of the story, and the spans are reported", () =>
    Effect.gen(function* () {
      const bare = Effect.mapError(Effect.fail("gone"), (message) =>
        Object.assign(new Error(message), { stack: `Error: ${message}\n    at node:internal/x:1:1` })
      )
      const insert = bare.pipe(Effect.withSpan("UsersRepo.insert"))
      const failure = yield* failureOf(insert.pipe(Effect.withSpan("Accounts.createUser"), Narrative.stage("Save")))
      assert.strictEqual(failure.locationReason, "span")
      assert.include(lineOf(failure), 'Effect.withSpan("UsersRepo.insert")')
      assert.strictEqual(failure.location?.function, "UsersRepo.insert")
      assert.deepStrictEqual(
        failure.spans.map(({ kind, name }) => [kind, name]),
        [
          ["span", "UsersRepo.insert"],
          ["span", "Accounts.createUser"],
          ["stage", "Save"]
        ]
      )
    })
  )

  it.live("is that of a span which is nearer than the generator that waited, and not of one further out", () =>
    Effect.gen(function* () {
      const bare = Effect.mapError(Effect.sleep("1 millis").pipe(Effect.zipRight(Effect.fail("gone"))), (message) =>
        Object.assign(new Error(message), { stack: message })
      )
      const attributes = { email: "ada@example.com", password: "hunter2-and-more" }
      const insert = bare.pipe(Effect.withSpan("UsersRepo.insert", { attributes }))
      const waits = Effect.gen(function* () {
        return yield* insert
      })
      const nearer = yield* failureOf(waits, "rich")
      assert.deepStrictEqual([nearer.locationReason, nearer.location?.function], ["span", "UsersRepo.insert"])
      assert.deepStrictEqual(nearer.spans[0]?.attributes, { email: "ada@example.com", password: "<redacted>" })
      const generating = Effect.gen(function* () {
        return yield* bare
      }).pipe(Effect.withSpan("Accounts.create"))
      const further = yield* failureOf(generating, "rich")
      assert.deepStrictEqual([further.locationReason, lineOf(further)], ["generator", "return yield* bare"])
    })
  )

  it.live("is where it failed, and not where an error that many share is written", () =>
    Effect.gen(function* () {
      const stack = [
        "Closed: the pool is closed",
        `    at ${import.meta.filename}:1:1`,
        "    at ModuleJob.run (node:internal/modules/esm/module_job:325:25)"
      ].join("\n")
      const closed = Object.assign(new Error("the pool is closed"), { stack })
      const swim = Effect.gen(function* () {
        yield* Effect.void
        return yield* Effect.fail(closed)
      })
      const rich = yield* failureOf(swim, "rich")
      assert.strictEqual(lineOf(rich), "return yield* Effect.fail(closed)")
      assert.strictEqual(rich.ownLocation?.line, 1)
      const lean = yield* failureOf(Effect.fail(closed).pipe(Effect.withSpan("swim")))
      assert.strictEqual(lean.locationReason, "span")
    })
  )

  it.live("is the call of a class without a constructor of its own, and not its declaration", () =>
    Effect.gen(function* () {
      class Ingredient extends Schema.Class<Ingredient>("Ingredient")({ grams: Schema.Positive }) {}
      const weigh = (scale: number) => new Ingredient({ grams: scale - 40 })
      const failure = yield* failureOf(Effect.sync(() => weigh(31)))
      assert.include(lineOf(failure), "const weigh =")
    })
  )

  it.live("is called by the declaration around it, and not as Effect calls it", () =>
    Effect.gen(function* () {
      const loadUser = (id: number) => Effect.suspend(() => Effect.fail<unknown>(new Error(`no user ${id}`)))
      assert.strictEqual((yield* failureOf(loadUser(1))).location?.function, "loadUser")
    })
  )
})

describe("several errors in one failure", () => {
  class Rejected extends Data.TaggedError("Rejected")<{ readonly part: string }> {}
  const inspect = (part: string) => (part === "hub" ? Effect.succeed(part) : Effect.fail(new Rejected({ part })))

  it.live("that are a list are a failure each, with its line", () =>
    Effect.gen(function* () {
      const { failures } = yield* reportOf(Effect.validateAll(["axle", "hub", "rim"], inspect))
      assert.deepStrictEqual(
        failures.map(({ errorType, exactCause, path }) => [path, errorType, exactCause]),
        [
          ["[0]", "Rejected", 'Rejected: part is "axle"'],
          ["[1]", "Rejected", 'Rejected: part is "rim"']
        ]
      )
      for (const failure of failures) assert.include(lineOf(failure), "new Rejected({ part })")
    })
  )

  it.live("that an AggregateError gathers are all recorded, each with its line", () =>
    Effect.gen(function* () {
      const ring = async (door: number): Promise<never> => {
        await Promise.resolve()
        throw new Error(`the bell of ${door} is mute`)
      }
      const failure = yield* failureOf(
        Effect.tryPromise({ try: () => Promise.any([ring(4), ring(6)]), catch: (error) => error as AggregateError })
      )
      assert.strictEqual(failure.errorType, "AggregateError")
      assert.strictEqual(failure.exactCause, "2 errors: Error: the bell of 4 is mute; Error: the bell of 6 is mute")
      const expected = lineOf(failure)
      assert.include(expected, "throw new Error(`the bell of")
      assert.deepStrictEqual(
        failure.causes.map(({ location, relation }) => [relation, location?.sourceLine?.trim()]),
        Array.from({ length: 2 }, () => ["member", expected])
      )
    })
  )

  it.live("of which a SuppressedError hides the first, are both recorded", () =>
    Effect.gen(function* () {
      const suppressed = new RangeError("row 12 is out of range")
      const error = new Error("could not close connection 7")
      const failure = yield* failureOf(
        Effect.fail(Object.assign(new Error("suppressed"), { name: "SuppressedError", suppressed, error }))
      )
      assert.strictEqual(
        failure.exactCause,
        "RangeError: row 12 is out of range; and then, in cleaning up: Error: could not close connection 7"
      )
      assert.include(lineOf(failure), "new RangeError(")
      assert.deepStrictEqual(
        failure.causes.map(({ errorType }) => errorType),
        ["RangeError", "Error"]
      )
    })
  )

  it.live("that are a cause, an exit or a rejection of Effect's own are what is inside", () =>
    Effect.gen(function* () {
      const inner = Effect.fail<unknown>(new RangeError("row 7 is bad"))
      const failing = [
        Effect.flatMap(Effect.exit(inner), (exit) => (Exit.isFailure(exit) ? Effect.die(exit.cause) : Effect.void)),
        Effect.flatMap(Effect.exit(inner), (exit) => Effect.fail(exit)),
        Effect.sync(() => Effect.runSync(inner))
      ]
      for (const effect of failing)
        assert.strictEqual((yield* failureOf<unknown, unknown>(effect)).errorType, "RangeError")
    })
  )

  it.live("are one where both halves of a request failed with one error of the socket", () =>
    Effect.gen(function* () {
      const socket = new Error("connect ECONNREFUSED")
      const half = () => Object.assign(new Error("Transport error"), { _tag: "RequestError", cause: socket })
      const { failures } = yield* reportOf(Effect.failCause(Cause.parallel(Cause.fail(half()), Cause.fail(half()))))
      assert.lengthOf(failures, 1)
    })
  )

  it.live("are not counted by what a server answered, and a client that went away is a cancellation", () =>
    Effect.gen(function* () {
      const answer = Cause.die(HttpServerResponse.empty({ status: 500 }))
      const { failures } = yield* reportOf(Effect.failCause(Cause.sequential(Cause.die(new Error("boom")), answer)))
      assert.deepStrictEqual(
        failures.map(({ errorMessage }) => errorMessage),
        ["boom"]
      )
      const gone = Effect.failCause(Cause.sequential(Cause.interrupt(FiberId.make(-499, 0)), answer))
      const events = yield* recorded(gone, "lean")
      assert.isFalse(events.some(({ _tag }) => _tag === "FailureOccurred"))
      assert.deepInclude(events.at(-1), { _tag: "StoryCompleted", status: "cancelled" })
    })
  )
})

describe("the frames of a failure", () => {
  it.live("have the callbacks written in a generator before the generator, which waited for them", () =>
    Effect.gen(function* () {
      const tune = Effect.gen(function* () {
        const strings = [82, -40]
        return yield* Effect.succeed(strings).pipe(Effect.map((all) => all.map((hertz) => "~".repeat(hertz))))
      })
      const { stackFrames } = yield* failureOf(tune, "rich")
      const own = stackFrames.filter(({ origin }) => origin === "app").map(({ suspended }) => suspended)
      assert.deepStrictEqual(own.slice(0, 3), [false, false, true])
    })
  )

  it.live("begin with the app's own behind a native function, and not with who waited for it", () =>
    Effect.gen(function* () {
      const heaviest = (crates: ReadonlyArray<number>) => Effect.sync(() => crates.reduce((a, b) => Math.max(a, b)))
      const stow = Effect.gen(function* () {
        return yield* heaviest([])
      })
      const { exactCause, stackFrames } = yield* failureOf(stow, "rich")
      const own = stackFrames.filter(({ origin }) => origin === "app")
      assert.deepStrictEqual(
        own.slice(0, 2).map(({ suspended }) => suspended),
        [false, true]
      )
      assert.match(exactCause, /^crates is empty/)
    })
  )
})

describe("the generators on the way to a failure", () => {
  it.live("are those around a group of stages, too, as they are around Effect.all", () =>
    Effect.gen(function* () {
      const leaf = Effect.gen(function* () {
        yield* Effect.void
        return yield* Effect.fail<unknown>(new Error("leaf"))
      })
      const namesOf = (run: Effect.Effect<unknown, unknown>) =>
        Effect.map(
          failureOf(
            Effect.gen(function* () {
              const tenant = "acme"
              yield* run
              return tenant
            }),
            "rich"
          ),
          ({ stackFrames }) =>
            stackFrames.filter(({ locals }) => locals !== null).flatMap(({ locals }) => Object.keys(locals ?? {}))
        )
      assert.include(yield* namesOf(Effect.all([leaf])), "tenant")
      assert.include(yield* namesOf(Narrative.group({ A: leaf, B: Effect.void })), "tenant")
    })
  )

  it.live("are the one that yielded a text which has failed already, and those around it", () =>
    Effect.gen(function* () {
      const dose = (litres: number) => (litres > 40 ? Effect.fail("it would drown") : Effect.succeed(litres))
      const water = Effect.gen(function* () {
        const used = yield* dose(12)
        return used + (yield* dose(55))
      })
      const failure = yield* failureOf(
        Effect.gen(function* () {
          const garden = yield* water
          return garden
        }),
        "rich"
      )
      assert.deepStrictEqual(
        [failure.locationReason, lineOf(failure)],
        ["generator", "return used + (yield* dose(55))"]
      )
      assert.deepStrictEqual(failure.stackFrames[0]?.locals, { used: 12 })
      assert.strictEqual(
        failure.stackFrames.find(({ locals }) => locals !== null && "garden" in locals)?.suspended,
        true
      )
    })
  )
})

describe("a stage that failed", () => {
  const find = (id: number) => Effect.fail(new TideUnknown({ harbour: `no ${id}` }))
  const endOf = (program: Effect.Effect<unknown, unknown>, mode: "lean" | "rich" = "lean") =>
    Effect.map(recorded(program, mode), (events) => events.find((event) => event._tag === "StageFailed"))

  it.live("says its line, whether it is caught or not", () =>
    Effect.gen(function* () {
      const caught = find(1).pipe(Narrative.stage("Find"), Effect.ignore)
      const own = (yield* failureOf(find(1))).location
      assert.deepStrictEqual((yield* endOf(caught))?.location, own && { ...own, sourceLine: null })
    })
  )

  it.live("says the line of the generator where its error says none", () =>
    Effect.gen(function* () {
      const water = Effect.gen(function* () {
        return yield* Effect.fail("it would drown")
      })
      const program = water.pipe(Narrative.stage("Water"))
      const event = yield* endOf(program, "rich")
      assert.isNotNull(event?.location)
      assert.strictEqual(event?.location?.line, (yield* failureOf(program, "rich")).location?.line)
    })
  )
})

describe("the place of a text that failed in a stage", () => {
  const dose = (litres: number) => (litres > 40 ? Effect.fail("it would drown") : Effect.succeed(litres))
  const placeIn = (water: Effect.Effect<number, string>) =>
    Effect.map(
      failureOf(
        Effect.gen(function* () {
          const garden = yield* water
          return garden
        }),
        "rich"
      ),
      (failure) => [failure.locationReason, lineOf(failure)]
    )

  it.live("is the generator inside the stage", () =>
    Effect.gen(function* () {
      const water = Effect.gen(function* () {
        const used = yield* dose(12)
        return used + (yield* dose(55))
      })
      const yielded = ["generator", "return used + (yield* dose(55))"]
      assert.deepStrictEqual(yield* placeIn(water.pipe(Narrative.stage("Water"))), yielded)
      const forked = Effect.all([water], { concurrency: 2 }).pipe(Effect.map(([used]) => used))
      assert.deepStrictEqual(yield* placeIn(forked.pipe(Narrative.stage("Water"))), yielded)
      const nested = water.pipe(Narrative.stage("Dose"), Narrative.stage("Water"))
      assert.deepStrictEqual(yield* placeIn(nested), yielded)
    })
  )

  it.live("is the stage where only generators outside it were waiting", () =>
    Effect.gen(function* () {
      const stage = dose(55).pipe(Narrative.stage("Water"))
      assert.deepStrictEqual(yield* placeIn(stage), ["stage", 'const stage = dose(55).pipe(Narrative.stage("Water"))'])
    })
  )
})

describe("a stage that a helper made", () => {
  const bare = Effect.mapError(Effect.fail("gone"), (message) => Object.assign(new Error(message), { stack: message }))
  const step = <A, E>(name: string, effect: Effect.Effect<A, E>) => effect.pipe(Narrative.stage(name))

  it.live("is placed where the helper was called with its name", () =>
    Effect.gen(function* () {
      const program = Effect.suspend(() => step("Load", bare))
      for (const mode of ["lean", "rich"] as const) {
        const failure = yield* failureOf(program, mode)
        assert.deepStrictEqual(
          [failure.locationReason, lineOf(failure)],
          ["stage", 'const program = Effect.suspend(() => step("Load", bare))']
        )
      }
    })
  )
})

describe("a function whose calls are stages", () => {
  class Refused extends Data.TaggedError("Refused")<{ readonly cause?: unknown }> {}
  const remote = Effect.mapError(Effect.fail("gone"), () => Object.assign(new Refused({}), { stack: "Refused" }))

  it.live("has its definition as the place of a failure without a line", () =>
    Effect.gen(function* () {
      const load = Narrative.fn("Load")(() => remote)
      const failure = yield* failureOf(load())
      assert.deepStrictEqual([failure.locationReason, failure.stageName], ["stage", "Load"])
      assert.include(lineOf(failure), 'Narrative.fn("Load")')
      const loadAll = Narrative.fn()(function loadAll() {
        return remote
      })
      const other = yield* failureOf(loadAll())
      assert.deepStrictEqual([other.locationReason, other.stageName], ["stage", "Load All"])
      assert.include(lineOf(other), "Narrative.fn()(function loadAll")
    })
  )

  it.live("has the line that waits in it, where it is a generator", () =>
    Effect.gen(function* () {
      const loadAll = Narrative.fn(function* loadAll() {
        return yield* remote
      })
      const failure = yield* failureOf(loadAll())
      assert.deepStrictEqual([failure.locationReason, failure.stageName], ["generator", "Load All"])
      assert.include(lineOf(failure), "return yield* remote")
    })
  )

  it.live("may be any that gives an effect, as for Effect.fn", () =>
    Effect.gen(function* () {
      const double = Narrative.fn("Double")(
        (n: number) => Effect.succeed(n * 2),
        Effect.map((n) => n + 1)
      )
      assert.strictEqual(yield* double(2), 5)
      const failing = Narrative.fn()(function loadAll(_: number): Effect.Effect<number> {
        throw new RangeError("too far")
      })
      assert.deepInclude(yield* failureOf(failing(1)), { stageName: "Load All", errorType: "RangeError", kind: "die" })
    })
  )
})

describe("the sentence of a failure", () => {
  it.live("says in which of many records a value is wrong, and hides a secret one", () =>
    Effect.gen(function* () {
      const Reading = Schema.Struct({ buoy: Schema.String, celsius: Schema.NumberFromString })
      const decode = Stream.make("11.2", "??").pipe(
        Stream.mapEffect((celsius) => Schema.decodeUnknown(Reading)({ buoy: "N-7", celsius })),
        Stream.runCollect
      )
      assert.strictEqual(
        (yield* failureOf(decode)).exactCause,
        'ParseError at celsius: Unable to decode "??" into a number (in {"buoy":"N-7","celsius":"??"})'
      )
      const Login = Schema.Struct({ user: Schema.String, password: Schema.Number })
      const { exactCause } = yield* failureOf(Schema.decodeUnknown(Login)({ user: "ada", password: "abc" }))
      assert.strictEqual(
        exactCause,
        'ParseError at password: Expected number, actual <redacted> (in {"user":"ada","password":"<redacted>"})'
      )
    })
  )

  it.live("names the BigInt among the values it mixes", () =>
    Effect.gen(function* () {
      const bill = Effect.gen(function* () {
        const reading = yield* Effect.succeed({ litres: 48_000n as unknown as number, leak: 0.02 })
        return yield* Effect.sync(() => Math.ceil(reading.litres * (1 - reading.leak)) / 1000)
      })
      const { exactCause, stackFrames } = yield* failureOf(bill, "rich")
      assert.match(exactCause, /: reading\.litres is the BigInt$/)
      const reading = stackFrames.find(({ locals }) => locals !== null)?.locals?.["reading"]
      assert.deepStrictEqual(reading, { litres: "48000n", leak: 0.02 })
    })
  )

  it.live("hides what is secret by its name, however short or common it is", () =>
    Effect.gen(function* () {
      const errors = [
        { _tag: "Denied", password: "abc" },
        { _tag: "Denied", pin: 4321 },
        { _tag: "Denied", credentials: { user: "ada", pw: "x81kd" } },
        new Map([["password", "admin"]]),
        new URLSearchParams({ token: "hunter2" })
      ]
      for (const error of errors) {
        const { errorMessage, exactCause } = yield* failureOf(Effect.fail(error))
        assert.notMatch(`${errorMessage} ${exactCause}`, /abc|4321|x81kd|admin|hunter2/)
      }
    })
  )
})
