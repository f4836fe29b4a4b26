/**
 * Programs that fail inside the data types and services of Effect.
 */
import {
  Cache,
  Config,
  Context,
  Data,
  Deferred,
  Effect,
  Either,
  FiberRef,
  Layer,
  Match,
  Option,
  Pool,
  PubSub,
  Queue,
  Request,
  RequestResolver,
  Schema,
  STM,
  Stream,
  SynchronizedRef,
  TRef
} from "effect"
import type { Failing } from "./Failing.js"

class NoPrice extends Data.TaggedError("NoPrice")<{ readonly sku: string }> {}
class Broke extends Data.TaggedError("Broke")<{ readonly cause: unknown }> {}

const Reading = Schema.Struct({ buoy: Schema.String, celsius: Schema.NumberFromString })

const streamed = Stream.make("a-1", "b-2").pipe(
  Stream.mapEffect((sku) => (sku === "b-2" ? Effect.fail(new NoPrice({ sku })) : Effect.succeed(sku))), // @streamed
  Stream.runCollect
)

async function* pages() {
  yield 1
  await Promise.resolve()
  throw new RangeError("page 2 is missing") // @iterated
}

const iterated = Effect.suspend(() =>
  Stream.fromAsyncIterable(pages(), (cause) => new Broke({ cause })).pipe(Stream.runDrain)
)

const streamMapped = Effect.gen(function* () {
  const unit = "kg"
  return yield* Stream.make("1", "2n").pipe(
    Stream.map((text) => JSON.parse(text) as number), // @streamMapped
    Stream.runFold(unit, (all, one) => `${all} ${one}`)
  )
})

class Prices extends Context.Tag("Prices")<Prices, { readonly of: (sku: string) => number }>() {}

const layered = Effect.map(Prices, (prices) => prices.of("a")).pipe(
  Effect.provide(
    Layer.effect(
      Prices,
      Effect.gen(function* () {
        const sku = "catalogue"
        return yield* new NoPrice({ sku }) // @layered
      })
    )
  )
)

const service = Effect.map(Prices, (prices) => prices.of("z-9")).pipe(
  Effect.provideService(Prices, {
    of: (sku) => {
      throw new RangeError(`no price of ${sku}`) // @service
    }
  })
)

const missing = Effect.gen(function* () {
  const region = "eu-west"
  const url = yield* Config.string("TIDES_URL_OF_NOBODY") // @missing
  return [region, url]
})

const decoded = Effect.gen(function* () {
  const line = "N-7=??"
  const [buoy, celsius] = line.split("=")
  return yield* Schema.decodeUnknown(Reading)({ buoy, celsius }) // @decoded
})

const decodedSync = Effect.sync(() => Schema.decodeUnknownSync(Reading)({ buoy: "N-8", celsius: "cold" })) // @decodedSync

const constructed = Effect.sync(() => {
  class Crate extends Schema.Class<Crate>("Crate")({ kilos: Schema.Positive }) {}
  return new Crate({ kilos: -4 }) // @constructed
})

const cached = Effect.gen(function* () {
  const prices = yield* Cache.make({
    capacity: 4,
    timeToLive: "1 minute",
    lookup: (sku: string) => new NoPrice({ sku }) // @cached
  })
  return yield* prices.get("c-3")
})

const queued = Effect.gen(function* () {
  const queue = yield* Queue.unbounded<string>()
  yield* Queue.offer(queue, "d-4")
  const sku = yield* Queue.take(queue)
  if (sku.startsWith("d")) return yield* new NoPrice({ sku }) // @queued
  return sku
})

const deferred = Effect.gen(function* () {
  const price = yield* Deferred.make<number, NoPrice>()
  const sku = "e-5"
  yield* Effect.fork(Effect.flatMap(Effect.yieldNow(), () => Deferred.fail(price, new NoPrice({ sku })))) // @deferred
  return yield* Deferred.await(price)
})

const published = Effect.scoped(
  Effect.gen(function* () {
    const hub = yield* PubSub.unbounded<number>()
    const inbox = yield* PubSub.subscribe(hub)
    yield* PubSub.publish(hub, 0)
    const divisor = yield* Queue.take(inbox)
    return yield* Effect.sync(() => 10n / BigInt(divisor)) // @published
  })
)

const currentSku = FiberRef.unsafeMake("f-6")

const fiberLocal = Effect.gen(function* () {
  const sku = yield* FiberRef.get(currentSku)
  return yield* Effect.fail(new NoPrice({ sku })) // @fiberLocal
})

const transaction = Effect.gen(function* () {
  const stock = yield* TRef.make(0)
  return yield* TRef.get(stock).pipe(
    STM.flatMap((left) => (left > 0 ? STM.succeed(left) : STM.fail(new NoPrice({ sku: "g-7" })))) // @transaction
  )
})

const updated = Effect.gen(function* () {
  const total = yield* SynchronizedRef.make(5)
  const sku = "h-8"
  yield* SynchronizedRef.updateEffect(total, (n) => (n > 3 ? new NoPrice({ sku }) : Effect.succeed(n))) // @updated
})

const pooled = Effect.scoped(
  Effect.gen(function* () {
    const size = 2
    const pool = yield* Pool.make({ acquire: Effect.suspend(() => new NoPrice({ sku: "i-9" })), size }) // @pooled
    return yield* Pool.get(pool)
  })
)

class FindPrice extends Request.TaggedClass("FindPrice")<number, NoPrice, { readonly sku: string }> {}

const prices = RequestResolver.fromEffect(
  ({ sku }: FindPrice) => (sku === "" ? Effect.succeed(1) : new NoPrice({ sku })) // @resolved
)

const resolved = Effect.gen(function* () {
  const sku = "j-10"
  return yield* Effect.request(new FindPrice({ sku }), prices)
})

const matched = Effect.gen(function* () {
  const status = yield* Effect.succeed<string>("refunded")
  return yield* Effect.sync(() => Match.value(status).pipe(Match.orElseAbsurd)) // @matched
})

const unwrapped = Effect.gen(function* () {
  const row = { price: Option.none<number>() }
  return yield* Effect.sync(() => Option.getOrThrow(row.price)) // @unwrapped
})

const noneYielded = Effect.gen(function* () {
  const wanted = "header"
  const found = yield* Option.fromNullable(wanted.length > 9 ? wanted : null) // @noneYielded
  return found
})

const nullable = Effect.gen(function* () {
  const shelf = new Map([["k-11", 4]])
  return yield* Effect.fromNullable(shelf.get("k-12")) // @nullable
})

const left = Effect.gen(function* () {
  const sku = "l-12"
  return yield* Either.left(new NoPrice({ sku })) // @left
})

const parsed = Effect.gen(function* () {
  const text = '{"sku": '
  return yield* Effect.try({
    try: () => JSON.parse(text) as unknown, // @parsed
    catch: (cause) => new Broke({ cause })
  })
})

const dated = Effect.gen(function* () {
  const departs = new Date("2026-13-45")
  return yield* Effect.sync(() => departs.toISOString()) // @dated
})

const emptied = Effect.gen(function* () {
  const crates: ReadonlyArray<number> = []
  return yield* Effect.sync(() => crates.reduce((a, b) => Math.max(a, b))) // @emptied
})

const looked = Effect.gen(function* () {
  const shelves = { upper: ["a"] } as Readonly<Record<string, ReadonlyArray<string>>>
  const shelf = "lower"
  return yield* Effect.sync(() => (shelves[shelf] as ReadonlyArray<string>).length) // @looked
})

export const modules: Readonly<Record<string, Failing>> = {
  streamed: { program: streamed, type: "NoPrice", cause: /b-2/ },
  iterated: { program: iterated, type: "Broke", cause: /page 2 is missing/ },
  streamMapped: { program: streamMapped, type: "SyntaxError", cause: /not valid JSON/, value: { unit: "kg" } },
  layered: { program: layered, type: "NoPrice", cause: /catalogue/, value: { sku: "catalogue" } },
  service: { program: service, type: "RangeError", cause: /z-9/ },
  missing: {
    program: missing,
    type: "ConfigError",
    cause: /TIDES_URL_OF_NOBODY/,
    value: { region: "eu-west" }
  },
  decoded: { program: decoded, type: "ParseError", cause: /"\?\?".*N-7/, value: { line: "N-7=??" } },
  decodedSync: { program: decodedSync, type: "ParseError", cause: /"cold".*N-8/ },
  constructed: { program: constructed, type: "ParseError", cause: /positive number, actual -4/ },
  cached: { program: cached, type: "NoPrice", cause: /c-3/ },
  queued: { program: queued, type: "NoPrice", cause: /d-4/, value: { sku: "d-4" } },
  deferred: { program: deferred, type: "NoPrice", cause: /e-5/, value: { sku: "e-5" } },
  published: { program: published, type: "RangeError", cause: /divi/i, value: { divisor: 0 } },
  fiberLocal: { program: fiberLocal, type: "NoPrice", cause: /f-6/, value: { sku: "f-6" } },
  transaction: { program: transaction, type: "NoPrice", cause: /g-7/ },
  updated: { program: updated, type: "NoPrice", cause: /h-8/, value: { sku: "h-8" } },
  pooled: { program: pooled, type: "NoPrice", cause: /i-9/, value: { size: 2 } },
  resolved: { program: resolved, type: "NoPrice", cause: /j-10/, value: { sku: "j-10" } },
  matched: { program: matched, type: "Error", cause: /absurd|refunded/, value: { status: "refunded" } },
  unwrapped: { program: unwrapped, type: "Error", cause: /None/ },
  noneYielded: {
    program: noneYielded,
    type: "NoSuchElementException",
    cause: /./,
    value: { wanted: "header" }
  },
  nullable: { program: nullable, type: "NoSuchElementException", cause: /./ },
  left: { program: left, type: "NoPrice", cause: /l-12/, value: { sku: "l-12" } },
  parsed: { program: parsed, type: "Broke", cause: /not valid JSON|ends too early/, value: { text: '{"sku": ' } },
  dated: { program: dated, type: "RangeError", cause: /departs is not a valid date/ },
  emptied: { program: emptied, type: "TypeError", cause: /crates is empty/, value: { crates: [] } },
  looked: { program: looked, type: "TypeError", cause: /shelves\[shelf\] is undefined/, value: { shelf: "lower" } }
}
