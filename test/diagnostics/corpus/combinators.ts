// @effect-diagnostics globalErrorInEffectFailure:off -- plain errors are what users fail with, too.
/**
 * Programs that fail inside the combinators of Effect.
 */
import { readFile } from "node:fs/promises"
import { Data, Duration, Effect, Fiber, Schedule } from "effect"
import type { Failing } from "./Failing.js"

class Rejected extends Data.TaggedError("Rejected")<{ readonly part: string }> {}
class Unread extends Data.TaggedError("Unread")<{ readonly path: string; readonly cause: unknown }> {}
class Refused extends Data.TaggedError("Refused")<{ readonly seat: number; readonly cause?: unknown }> {}

const inspect = (part: string, deviation: number) =>
  deviation > 0.2 ? Effect.fail(new Rejected({ part })) : Effect.succeed(part) // @all @forEach @zip @validate

const promise = Effect.gen(function* () {
  const door = "north"
  return yield* Effect.promise(async () => {
    await Promise.resolve()
    throw new Error(`the bell of ${door} is mute`) // @promise
  })
})

const tryPromise = Effect.gen(function* () {
  const path = "/nowhere/timetable.json"
  return yield* Effect.tryPromise({
    try: () => readFile(path, "utf8"), // @tryPromise
    catch: (cause) => new Unread({ path, cause })
  })
})

const unknownException = Effect.gen(function* () {
  const path = "/nowhere/map.json"
  return yield* Effect.tryPromise(() => readFile(path)) // @unknownException
})

const all = Effect.gen(function* () {
  const batch = "B-7"
  const parts = yield* Effect.all([inspect("hub", 0.1), inspect("axle", 0.31)])
  return [batch, parts]
})

const forEach = Effect.gen(function* () {
  const measured = { hub: 0.05, rim: 0.74 }
  return yield* Effect.forEach(Object.entries(measured), ([part, deviation]) => inspect(part, deviation))
})

const validate = Effect.gen(function* () {
  const order = 12
  const parts = yield* Effect.all([inspect("axle", 0.31)], { mode: "validate", concurrency: 2 })
  return [order, parts]
})

const zip = Effect.zip(inspect("hub", 0), inspect("rim", 0.9), { concurrent: true })

const race = Effect.gen(function* () {
  const seat = 14
  const slow = Effect.delay(Effect.succeed("late"), "1 second")
  return yield* Effect.raceFirst(slow, new Refused({ seat })) // @race
})

const acquire = Effect.scoped(
  Effect.gen(function* () {
    const seat = 3
    const lease = yield* Effect.acquireRelease(new Refused({ seat }), () => Effect.void) // @acquire
    return lease
  })
)

const release = Effect.scoped(
  Effect.gen(function* () {
    const open = { rows: undefined as unknown as ReadonlyArray<string> }
    yield* Effect.acquireRelease(Effect.succeed(open), ({ rows }) => Effect.sync(() => rows.length)) // @release
  })
)

const retry = Effect.gen(function* () {
  let attempt = 0
  const ask = Effect.suspend(() => {
    attempt += 1
    return new Refused({ seat: attempt }) // @retry
  })
  return yield* Effect.retry(ask, Schedule.recurs(2))
})

const repeat = Effect.gen(function* () {
  const left = ["a", "b"]
  const next = Effect.suspend(() => {
    const taken = left.pop()
    return taken === undefined ? new Rejected({ part: "none" }) : Effect.succeed(taken) // @repeat
  })
  return yield* Effect.repeat(next, Schedule.forever)
})

const timeout = Effect.gen(function* () {
  const host = "db-1"
  const answer: string = yield* Effect.never.pipe(Effect.timeout(Duration.millis(5))) // @timeout
  return host + answer
})

const timeoutFail = Effect.gen(function* () {
  const seat = 9
  return yield* Effect.never.pipe(
    Effect.timeoutFail({ duration: "5 millis", onTimeout: () => new Refused({ seat }) }) // @timeoutFail
  )
})

const filterOrFail = Effect.gen(function* () {
  const part = "spoke"
  yield* Effect.succeed(part).pipe(
    Effect.filterOrFail(
      (name) => name.length > 9,
      (name) => new Rejected({ part: name }) // @filterOrFail
    )
  )
})

const mapError = Effect.gen(function* () {
  const seat = 21
  yield* inspectSeat(seat).pipe(Effect.mapError((cause) => new Refused({ seat, cause })))
})

const inspectSeat = (seat: number) =>
  Effect.sync(() => seat % 2).pipe(
    Effect.flatMap((odd) => (odd === 1 ? Effect.fail(new Rejected({ part: `seat ${seat}` })) : Effect.void)) // @mapError @rethrown
  )

const rethrown = Effect.gen(function* () {
  const seat = 23
  yield* Effect.catchAll(inspectSeat(seat), (cause) => Effect.fail(new Refused({ seat, cause })))
})

const fallback = Effect.gen(function* () {
  const seat = 25
  yield* Effect.orElse(inspectSeat(seat), () => new Refused({ seat: seat + 1 })) // @fallback
})

const callback = Effect.gen(function* () {
  const port = 17
  return yield* Effect.async<never, RangeError>((resume) => {
    setTimeout(() => resume(Effect.fail(new RangeError(`port ${port} does not answer`))), 2) // @callback
  })
})

const joined = Effect.gen(function* () {
  const part = "chain"
  const fiber = yield* Effect.fork(Effect.zipRight(Effect.yieldNow(), inspectLater(part)))
  return yield* Fiber.join(fiber)
})

const inspectLater = Effect.fn("inspectLater")(function* (part: string) {
  const deviation = part.length / 10
  if (deviation > 0.2) return yield* new Rejected({ part }) // @joined
  return part
})

const permits = Effect.gen(function* () {
  const gate = yield* Effect.makeSemaphore(1)
  const part = "fork"
  return yield* gate.withPermits(1)(inspectLater(part).pipe(Effect.mapError(({ part }) => `${part} is bent`))) // @permits
})

const text = Effect.gen(function* () {
  const litres = 55
  if (litres > 40) return yield* Effect.fail("it would drown") // @text
  return litres
})

const code = Effect.gen(function* () {
  const answered = 404
  yield* Effect.suspend(() => (answered > 399 ? Effect.fail(answered) : Effect.void)) // @code
  return answered
})

const message = Effect.gen(function* () {
  const stock = -1
  if (stock < 0) return yield* Effect.dieMessage("no stock is below zero") // @message
  return stock
})

const mapped = Effect.gen(function* () {
  const crew: Readonly<Record<string, { readonly name: string } | undefined>> = { vasa: undefined }
  return yield* Effect.succeed("vasa").pipe(
    Effect.map((ship) => (crew[ship] as { readonly name: string }).name) // @mapped
  )
})

const body = Effect.gen(function* () {
  const ship = yield* Effect.succeed<{ readonly captain?: { readonly name: string } }>({})
  return (ship.captain as { readonly name: string }).name // @body
})

const any = Effect.gen(function* () {
  const ring = async (door: number): Promise<never> => {
    await Promise.resolve()
    throw new Error(`no bell at ${door}`) // @any
  }
  return yield* Effect.tryPromise(() => Promise.any([ring(4), ring(6)]))
})

export const combinators: Readonly<Record<string, Failing>> = {
  promise: { program: promise, type: "Error", cause: /bell of north is mute/, value: { door: "north" } },
  tryPromise: { program: tryPromise, type: "Unread", cause: /timetable\.json does not exist/ },
  unknownException: {
    program: unknownException,
    type: "UnknownException",
    cause: /map\.json does not exist/,
    value: { path: "/nowhere/map.json" }
  },
  all: { program: all, type: "Rejected", cause: /axle/, value: { batch: "B-7" } },
  forEach: { program: forEach, type: "Rejected", cause: /rim/, value: { measured: { hub: 0.05, rim: 0.74 } } },
  validate: { program: validate, type: "Rejected", cause: /axle/, value: { order: 12 } },
  zip: { program: zip, type: "Rejected", cause: /rim/ },
  race: { program: race, type: "Refused", cause: /seat is 14/, value: { seat: 14 } },
  acquire: { program: acquire, type: "Refused", cause: /seat is 3/, value: { seat: 3 } },
  release: { program: release, type: "TypeError", cause: /rows is undefined/ },
  retry: { program: retry, type: "Refused", cause: /seat is 3/, value: { attempt: 3 } },
  repeat: { program: repeat, type: "Rejected", cause: /none/, value: { left: [] } },
  timeout: { program: timeout, type: "TimeoutException", cause: /5ms/, value: { host: "db-1" } },
  timeoutFail: { program: timeoutFail, type: "Refused", cause: /seat is 9/, value: { seat: 9 } },
  filterOrFail: { program: filterOrFail, type: "Rejected", cause: /spoke/, value: { part: "spoke" } },
  mapError: { program: mapError, type: "Refused", cause: /seat 21/, value: { seat: 21 } },
  rethrown: { program: rethrown, type: "Refused", cause: /seat 23/, value: { seat: 23 } },
  fallback: { program: fallback, type: "Refused", cause: /seat is 26/, value: { seat: 25 } },
  callback: { program: callback, type: "RangeError", cause: /port 17/, value: { port: 17 } },
  joined: { program: joined, type: "Rejected", cause: /chain/, value: { part: "chain", deviation: 0.5 } },
  permits: { program: permits, type: "string", cause: /fork is bent/, value: { part: "fork" } },
  text: { program: text, type: "string", cause: /it would drown/, value: { litres: 55 } },
  code: { program: code, type: "number", cause: /404/, value: { answered: 404 } },
  message: { program: message, type: "RuntimeException", cause: /below zero/, value: { stock: -1 } },
  mapped: { program: mapped, type: "TypeError", cause: /crew\[ship\] is undefined/, value: { crew: {} } },
  body: { program: body, type: "TypeError", cause: /ship\.captain is undefined/ },
  any: { program: any, type: "UnknownException", cause: /no bell at 4.*no bell at 6/ }
}
