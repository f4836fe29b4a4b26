import { assert, describe, it } from "@effect/vitest"
import { Chunk, Context, Effect, Exit, Layer, Option, Stream } from "effect"
import { expectTypeOf } from "vitest"
import { Instrument, Narrative, type NarrativeEvent, Renderer } from "../../src/index.js"

type Event = NarrativeEvent.NarrativeEvent

/** Runs an effect in a story; gives a line for each event of its stages. */
const narrate = <A, E>(self: Effect.Effect<A, E>, inStory = true) =>
  Effect.suspend(() => {
    const events: Array<Event> = []
    const recorder = Renderer.make("recorder", (event) => void events.push(event))
    return Effect.exit(inStory ? Narrative.story(self, "Story") : self).pipe(
      Effect.provide(Renderer.replace(recorder)),
      Effect.map((exit) => ({ exit, lines: events.flatMap(line) }))
    )
  })

const line = (event: Event): ReadonlyArray<string> => {
  switch (event._tag) {
    case "StageStarted":
      return [`+ ${event.stagePath.join(" > ")}`]
    case "StageCompleted":
      return [`✔ ${event.stageName}`]
    case "StageFailed":
      return [`✖ ${event.stageName} ${event.errorType}`]
    case "StageCancelled":
      return [`⊘ ${event.stageName}`]
    default:
      return []
  }
}

const stage = (name: string) => [`+ ${name}`, `✔ ${name}`]

class Base {
  audit() {
    return "audited"
  }
}

class Orders extends Base {
  #charged = 0
  static made = 0

  static create() {
    return new Orders()
  }

  get charged() {
    return this.#charged
  }

  charge(cents: number) {
    return Effect.sync(() => {
      this.#charged += cents
      return this.#charged
    })
  }

  total(...cents: ReadonlyArray<number>) {
    return cents.reduce((sum, next) => sum + next, 0)
  }

  async load(id: string) {
    await Promise.resolve()
    return `order ${id}`
  }

  *ids() {
    yield 1
    yield 2
  }

  rows<A>(row: A) {
    return Stream.make(row, row)
  }

  find(id: string) {
    return Option.some(id)
  }

  refuse() {
    throw new RangeError("refused")
  }

  _log() {
    return "logged"
  }

  [Symbol.toPrimitive]() {
    return "orders"
  }
}

class OrderService extends Context.Tag("@app/OrderService")<OrderService, Orders>() {}

const instrumented = Layer.sync(OrderService, () => new Orders()).pipe(Instrument.service(OrderService))

describe("a service that is instrumented", () => {
  it.effect("has a stage for each call, that ends when its work does", () =>
    Effect.gen(function* () {
      const { exit, lines } = yield* narrate(
        Effect.gen(function* () {
          const orders = yield* OrderService
          const sum = yield* orders.charge(5)
          const total = orders.total(1, 2)
          const order = yield* Effect.promise(() => orders.load("7"))
          const ids = Array.from(orders.ids())
          const rows = yield* Stream.runCollect(orders.rows("a"))
          return { sum, total, order, ids, rows: Chunk.toReadonlyArray(rows) }
        }).pipe(Effect.provide(instrumented))
      )
      assert.deepStrictEqual(exit, Exit.succeed({ sum: 5, total: 3, order: "order 7", ids: [1, 2], rows: ["a", "a"] }))
      assert.deepStrictEqual(
        lines,
        ["charge", "total", "load", "ids", "rows"].flatMap((name) => stage(`OrderService.${name}`))
      )
    })
  )

  it.effect(
    "leaves accessors, inherited methods, symbols, names with an underscore and what is no effect's own as they are",
    () =>
      Effect.gen(function* () {
        const { exit, lines } = yield* narrate(
          Effect.gen(function* () {
            const orders = yield* OrderService
            assert.instanceOf(orders, Orders)
            assert.strictEqual(orders.charge.name, "charge")
            assert.strictEqual(orders.charge.length, 1)
            assert.strictEqual(orders.charge, orders.charge)
            return [orders.charged, orders.audit(), orders._log(), `${orders as unknown as string}`]
          }).pipe(Effect.provide(instrumented))
        )
        assert.deepStrictEqual(exit, Exit.succeed([0, "audited", "logged", "orders"]))
        assert.deepStrictEqual(lines, [])
      })
  )

  it.effect("gives an Option as an Option, and throws the error that it threw", () =>
    Effect.gen(function* () {
      const { exit, lines } = yield* narrate(
        Effect.gen(function* () {
          const orders = yield* OrderService
          assert.isTrue(Option.isOption(orders.find("7")))
          assert.throws(() => orders.refuse(), RangeError, "refused")
        }).pipe(Effect.provide(instrumented))
      )
      assert.isTrue(Exit.isSuccess(exit))
      assert.deepStrictEqual(lines, [
        ...stage("OrderService.find"),
        "+ OrderService.refuse",
        "✖ OrderService.refuse RangeError"
      ])
    })
  )

  it.effect("emits nothing outside any story", () =>
    Effect.gen(function* () {
      const { exit, lines } = yield* narrate(
        Effect.gen(function* () {
          const orders = yield* OrderService
          const rows = yield* Stream.runCollect(orders.rows(1))
          return [
            yield* orders.charge(1),
            orders.total(1),
            Chunk.size(rows),
            yield* Effect.promise(() => orders.load("1"))
          ]
        }).pipe(Effect.provide(instrumented)),
        false
      )
      assert.deepStrictEqual(exit, Exit.succeed([1, 1, 2, "order 1"]))
      assert.deepStrictEqual(lines, [])
    })
  )

  it.effect("nests its stages, on the first call and on every other", () =>
    Effect.gen(function* () {
      const inner = Instrument.module({ add: (a: number, b: number) => a + b })
      class Sums {
        sum(a: number, b: number) {
          return inner.add(a, b)
        }
      }
      Instrument.class(Sums)
      const { lines } = yield* narrate(
        Effect.sync(() => {
          const sums = new Sums()
          return sums.sum(1, 2) + sums.sum(1, 2)
        })
      )
      const once = ["+ Sums.sum", "+ Sums.sum > Add", "✔ Add", "✔ Sums.sum"]
      assert.deepStrictEqual(lines, [...once, ...once])
    })
  )

  it.effect("works through the accessors of an Effect.Service", () =>
    Effect.gen(function* () {
      class Greeter extends Effect.Service<Greeter>()("Greeter", {
        accessors: true,
        succeed: { greet: (name: string) => Effect.succeed(`hello ${name}`), ready: Effect.sync(() => true) }
      }) {}
      const { exit, lines } = yield* narrate(
        Effect.zip(Greeter.greet("ada"), Greeter.ready).pipe(
          Effect.provide(Greeter.Default.pipe(Instrument.layer({ match: /^Greet/ })))
        )
      )
      assert.deepStrictEqual(exit, Exit.succeed(["hello ada", true] as [string, boolean]))
      assert.deepStrictEqual(lines, [...stage("Greeter.greet"), ...stage("Greeter.ready")])
    })
  )

  it.effect("that is frozen is left alone", () =>
    Effect.gen(function* () {
      class Frozen extends Context.Tag("Frozen")<Frozen, { readonly run: () => number }>() {}
      const { exit } = yield* narrate(
        Effect.map(Frozen, ({ run }) => run()).pipe(
          Effect.provide(Layer.succeed(Frozen, Object.freeze({ run: () => 1 })).pipe(Instrument.service(Frozen)))
        )
      )
      assert.deepStrictEqual(exit, Exit.succeed(1))
    })
  )

  it.effect("ends the stage of a stream with what stops it", () =>
    Effect.gen(function* () {
      const source = Instrument.module({ numbers: () => Stream.concat(Stream.make(1, 2), Stream.fail("broken")) })
      const { lines } = yield* narrate(
        Effect.zipRight(Stream.runHead(source.numbers()), Effect.ignore(Stream.runDrain(source.numbers())))
      )
      assert.deepStrictEqual(lines, [...stage("Numbers"), "+ Numbers", "✖ Numbers string"])
    })
  )
})

describe("a class that is instrumented", () => {
  it.effect("by decorators has the stages that they say", () =>
    Effect.gen(function* () {
      @Instrument.stages()
      class Shop {
        open() {
          return this.log("open")
        }

        @Instrument.stage("Charge Card")
        async charge(cents: number) {
          return cents
        }

        @Instrument.stage()
        validateOrder() {
          return true
        }

        @Instrument.skip
        log(message: string) {
          return message
        }
      }
      const { exit, lines } = yield* narrate(
        Effect.promise(async () => {
          const shop = new Shop()
          return [shop.open(), shop.validateOrder(), await shop.charge(7)]
        })
      )
      assert.deepStrictEqual(exit, Exit.succeed(["open", true, 7]))
      assert.deepStrictEqual(lines, ["Shop.open", "Validate Order", "Charge Card"].flatMap(stage))
      assert.strictEqual(Shop.name, "Shop")
    })
  )

  it.effect("has inherited and static methods as stages where they are asked for", () =>
    Effect.gen(function* () {
      class Parent {
        audit() {
          return 1
        }
      }
      class Child extends Parent {
        static create() {
          return new Child()
        }
      }
      const { lines } = yield* narrate(
        Effect.sync(() => Instrument.class(Child, { inherited: true, static: true }).create().audit())
      )
      assert.deepStrictEqual(lines, [...stage("Child.create"), ...stage("Child.audit")])
      assert.isFalse(Object.hasOwn(Object.getOwnPropertyDescriptor(Parent.prototype, "audit")?.value, "prototype"))
    })
  )

  it.effect("is a stage once, however often it is instrumented", () =>
    Effect.gen(function* () {
      class Once {
        run() {
          return 1
        }
      }
      Instrument.class(Instrument.class(Once))
      const { lines } = yield* narrate(Effect.sync(() => new Once().run()))
      assert.deepStrictEqual(lines, stage("Once.run"))
    })
  )
})

describe("a module that is instrumented", () => {
  it.effect("has its functions, effects and classes as stages, and constructors that construct", () =>
    Effect.gen(function* () {
      function Legacy(this: { kind: string }, kind: string) {
        this.kind = kind
      }
      class Shop {
        open() {
          return "open"
        }
      }
      const given = { validateOrder: (id: number) => id > 0, ready: Effect.sync(() => true), Shop, Legacy, version: 1 }
      const module = Instrument.module(given)
      const { exit, lines } = yield* narrate(
        Effect.gen(function* () {
          // A function of the old kind constructs, which its type does not say.
          const made: unknown = Reflect.construct(module.Legacy as unknown as new (kind: string) => object, ["old"])
          assert.instanceOf(made, Legacy as unknown as new () => object)
          assert.propertyVal(made, "kind", "old")
          return [module.validateOrder(1), yield* module.ready, new module.Shop().open(), module.version]
        })
      )
      assert.deepStrictEqual(exit, Exit.succeed([true, true, "open", 1]))
      assert.deepStrictEqual(lines, ["Validate Order", "Ready", "Shop.open"].flatMap(stage))
    })
  )
})

// Only the types are looked at: nothing in here is run.
const types = () => {
  class Store extends Context.Tag("Store")<
    Store,
    {
      readonly get: <A>(key: string, decode: (text: string) => A) => Effect.Effect<A, Error>
      readonly put: { (key: string): void; (key: string, value: number): Promise<number> }
    }
  >() {}
  const layer: Layer.Layer<Store, "error", OrderService> = Layer.fail("error")
  expectTypeOf(layer.pipe(Instrument.service(Store))).toEqualTypeOf<Layer.Layer<Store, "error", OrderService>>()
  expectTypeOf(layer.pipe(Instrument.layer({ match: "Store" }))).toEqualTypeOf<
    Layer.Layer<Store, "error", OrderService>
  >()
  expectTypeOf(Instrument.class(Orders)).toEqualTypeOf<typeof Orders>()
  const namespace = { generic: <A>(value: A) => value, Orders }
  expectTypeOf(Instrument.module(namespace)).toEqualTypeOf<typeof namespace>()
}

describe("Types", () => {
  it("stay as they are", () => assert.isFunction(types))
})
