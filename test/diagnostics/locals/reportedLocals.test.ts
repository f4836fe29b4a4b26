/**
 * Programs whose reports once showed too little, or the wrong function's variables.
 */
// @effect-diagnostics globalErrorInEffectFailure:off -- plain errors are what users fail with, too.
import { FetchHttpClient, HttpClient } from "@effect/platform"
import { assert, describe, it } from "@effect/vitest"
import {
  Context,
  Data,
  Effect,
  FiberSet,
  Layer,
  Mailbox,
  Option,
  Pool,
  PubSub,
  Queue,
  Ref,
  Schema,
  Stream,
  SynchronizedRef,
  TQueue,
  TRef
} from "effect"
import { Diagnostics, Narrative } from "../../../src/index.js"
import { observe } from "../../laws/observed.js"

class Refused extends Data.TaggedError("Refused")<{ readonly what: string }> {}

/** The first failure of a story that this is the body of. */
const failureOf = <A, E>(body: Effect.Effect<A, E>, locals: "generators" | "throws" = "generators") =>
  Effect.gen(function* () {
    const observed = observe()
    yield* body.pipe(
      Narrative.story("Reported"),
      Effect.exit,
      Effect.provide(Layer.mergeAll(observed.layer, Diagnostics.layer({ mode: "rich", locals })))
    )
    const event = observed.events.find((event) => event._tag === "FailureOccurred")
    return event?.failures[0] ?? assert.fail("no failure was reported")
  })

const framesOf = <A, E>(body: Effect.Effect<A, E>, locals?: "throws") =>
  Effect.map(failureOf(body, locals), ({ stackFrames }) => stackFrames.filter(({ origin }) => origin === "app"))

const trail = "coastal-path"
const season = "autumn"

class Ingredient extends Schema.Class<Ingredient>("Ingredient")({ grams: Schema.Number.pipe(Schema.positive()) }) {}

class Repository extends Context.Tag("app/UserRepository")<Repository, { readonly find: () => string }>() {}
class Settings extends Context.Tag("app/Settings")<Settings, { readonly port: number }>() {}

describe("the variables of a report", () => {
  it.live("are those of a closure, even if all of them shadow variables of the module", () =>
    Effect.gen(function* () {
      const plan = (trail: string, season: string) =>
        Effect.gen(function* () {
          const wanted = `${trail}/${season}`
          yield* Effect.yieldNow()
          return yield* new Refused({ what: wanted })
        })
      const [frame] = yield* framesOf(plan("Ridge Walk", "Winter"))
      assert.deepInclude(frame?.locals, { trail: "Ridge Walk", season: "Winter", wanted: "Ridge Walk/Winter" })
      assert.deepStrictEqual([trail, season], ["coastal-path", "autumn"])
    })
  )

  it.live("are named where they are what Effect's modules make of others, and a TRef is what it holds", () =>
    Effect.gen(function* () {
      const work = Effect.gen(function* () {
        const pool = yield* Pool.make({ acquire: Effect.succeed(1), size: 1 })
        const box = yield* Mailbox.make<number>()
        const fibers = yield* FiberSet.make()
        const waiting = yield* TQueue.unbounded<number>()
        const balance = yield* TRef.make(5)
        const client = yield* HttpClient.HttpClient
        yield* Effect.yieldNow()
        return yield* new Refused({ what: [pool, box, fibers, waiting, balance, client].join().slice(0, 1) })
      })
      const [frame] = yield* framesOf(Effect.provide(Effect.scoped(work), FetchHttpClient.layer))
      assert.deepStrictEqual(frame?.locals, {
        pool: "[Pool]",
        box: "[Mailbox]",
        fibers: "[FiberSet]",
        waiting: "[TQueue]",
        balance: 5,
        client: "[HttpClient]"
      })
    })
  )

  it.live("are named where they are what Effect's modules make, and not data", () =>
    Effect.gen(function* () {
      const work = Effect.gen(function* () {
        const queue = yield* Queue.unbounded<number>()
        const bus = yield* PubSub.unbounded<number>()
        const fiber = yield* Effect.fork(Effect.never)
        const rows = Stream.make(1, 2)
        const best = Option.some(4)
        return yield* new Refused({
          what: `${queue.pipe.length} ${bus.pipe.length} ${fiber} ${rows.pipe.length} ${best}`
        })
      })
      const [frame] = yield* framesOf(work)
      const { best, ...named } = frame?.locals ?? {}
      assert.deepStrictEqual(named, { queue: "[Queue]", bus: "[PubSub]", fiber: "[Fiber]", rows: "[Stream]" })
      assert.deepInclude(best, { value: 4 })
    })
  )

  it.live("are kept where a sibling fiber hands the error on", () =>
    Effect.gen(function* () {
      const load = Effect.fn("load")(function* (bag: { readonly flight: string; readonly kilos: number }) {
        const surplus = bag.kilos - 23
        yield* Effect.yieldNow()
        if (surplus > 0) return yield* new Refused({ what: bag.flight })
        return bag.kilos
      })
      const bags = [20, 31, 19].map((kilos, i) => ({ flight: `TP-${i}`, kilos }))
      const [frame] = yield* framesOf(
        Stream.fromIterable(bags).pipe(Stream.mapEffect(load, { concurrency: 2 }), Stream.runCollect)
      )
      assert.deepInclude(frame?.locals, { surplus: 8, bag: { flight: "TP-1", kilos: 31 } })
      assert.strictEqual(frame?.function, "load")
    })
  )

  it.live("stand at the generator that waits, not at a callback written inside it", () =>
    Effect.gen(function* () {
      const tune = Effect.gen(function* () {
        const strings = [82.4, -40]
        return yield* Effect.succeed(strings).pipe(Effect.map((all) => all.map((hertz) => "~".repeat(hertz))))
      })
      const frames = yield* framesOf(tune)
      assert.deepStrictEqual(
        frames.slice(0, 3).map(({ locals, suspended }) => [suspended, locals]),
        [
          [false, null],
          [false, null],
          [true, { strings: [82.4, -40] }]
        ]
      )
    })
  )

  it.live("leave a service to its name, show what a Ref holds, and settings that are nothing but data", () =>
    Effect.gen(function* () {
      const program = Effect.gen(function* () {
        const repository = yield* Repository
        const settings = yield* Settings
        const count = yield* Ref.make({ n: 3 })
        const last = yield* SynchronizedRef.make("none")
        yield* Effect.yieldNow()
        if (settings.port > 0) return yield* new Refused({ what: `${settings.port}` })
        return [repository, count, last]
      }).pipe(Effect.provideService(Repository, { find: () => "" }), Effect.provideService(Settings, { port: 80 }))
      const [frame] = yield* framesOf(program)
      assert.deepStrictEqual(frame?.locals, {
        repository: "[UserRepository]",
        settings: { port: 80 },
        count: { n: 3 },
        last: "none"
      })
    })
  )

  it.live(
    "show the settings that a class of a service or of a schema holds, and of one that does something the name",
    () =>
      Effect.gen(function* () {
        class Address extends Schema.Class<Address>("Address")({ url: Schema.String }) {}
        class AppConfig extends Effect.Service<AppConfig>()("AppConfig", {
          effect: Effect.succeed(new Address({ url: "http://shop" }))
        }) {}
        class Pool extends Effect.Service<Pool>()("Pool", { succeed: { size: 3 } }) {
          take() {
            return this.size
          }
        }
        class Input extends Effect.Service<Input>()("Input", { succeed: { lines: Stream.make("a"), isTTY: false } }) {}
        const program = Effect.gen(function* () {
          const config = yield* AppConfig
          const pool = yield* Pool
          const input = yield* Input
          yield* Effect.yieldNow()
          if (config.url.startsWith("http:")) return yield* new Refused({ what: "no TLS" })
          return [pool, input]
        })
        const [frame] = yield* framesOf(Effect.provide(program, [AppConfig.Default, Pool.Default, Input.Default]))
        assert.deepStrictEqual(frame?.locals, { config: { url: "http://shop" }, pool: "[Pool]", input: "[Input]" })
      })
  )

  it.live(
    "begin with the fields that the failing statement and its condition name, where they are too long to be shown whole",
    () =>
      Effect.gen(function* () {
        const program = Effect.gen(function* () {
          const short = { title: "t", type: "article" }
          const work = { title: "t", authors: ["a"], type: "article", "cite-as": "10.1", subtype: "preprint" }
          yield* Effect.yieldNow()
          if (work.type !== "posted" || work.subtype === "") {
            return yield* Effect.fail(new Error(`${work["cite-as"]} of ${short.type}`))
          }
          return work
        })
        const [frame] = yield* framesOf(program)
        const work = frame?.locals?.["work"]
        assert.deepStrictEqual(Object.keys(typeof work === "object" && work !== null ? work : {}), [
          "type",
          "cite-as",
          "subtype",
          "title",
          "authors"
        ])
        assert.strictEqual(JSON.stringify(frame?.locals?.["short"]), '{"title":"t","type":"article"}')
      })
  )

  it.live("begin with those that the failing statement and its condition name, whatever is beside them", () =>
    Effect.gen(function* () {
      const program = Effect.fn("check")(function* () {
        const rows = Array.from({ length: 200 }, (_, id) => ({ id, name: `n${id}`, email: "x", amount: 1 }))
        const good = rows.slice(0, 150)
        const bad = 3
        const limit = 2
        yield* Effect.yieldNow()
        if (bad > limit) return yield* Effect.fail(new Error(`${bad} bad`))
        return good
      })
      const [frame] = yield* framesOf(program())
      const locals = frame?.locals ?? {}
      assert.deepStrictEqual(Object.keys(locals), ["bad", "limit", "rows", "good"])
      assert.deepInclude(locals, { bad: 3, limit: 2 })
      const { good, rows } = locals
      assert.isAbove(Array.isArray(rows) ? rows.length : 0, 50)
      assert.isAbove(Array.isArray(good) ? good.length : 0, 50)
    })
  )

  it.live("are `undefined` where a function that threw held that, since V8 knows", () =>
    Effect.gen(function* () {
      const price = (fare: { readonly zone: number } | undefined, seats: number) => {
        if (fare === undefined) throw new RangeError(`no fare for ${seats} seats`)
        return fare.zone * seats
      }
      const [frame] = yield* framesOf(
        Effect.sync(() => price(undefined, 2)),
        "throws"
      )
      assert.deepStrictEqual(frame?.locals, { fare: "<undefined>", seats: 2 })
    })
  )
})

describe("the place of a failure", () => {
  it.live("is where a class is used, not where one without a constructor is declared", () =>
    Effect.gen(function* () {
      const weigh = (grams: number) => new Ingredient({ grams })
      const { location } = yield* failureOf(Effect.sync(() => weigh(-9)))
      assert.strictEqual(location?.sourceLine?.trim(), "const weigh = (grams: number) => new Ingredient({ grams })")
    })
  )
})
