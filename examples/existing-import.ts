/**
 * An import that runs on a schedule and knows nothing of stories: its spans are those of `Effect.fn` and `Effect.withSpan`.
 * Each run is a story by the line with `NarrativeSpans.layer()`; the second one fails.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Data, Effect, Schedule, Schema } from "effect"
import { ConsoleRenderer, NarrativeSpans } from "effect-narrative"

class Unavailable extends Data.TaggedError("Unavailable")<{ readonly message: string }> {}

const Customer = Schema.Struct({ name: Schema.NonEmptyString, email: Schema.String })

const pages: ReadonlyArray<ReadonlyArray<unknown>> = [
  [
    { name: "Ada", email: "ada@example.org" },
    { name: "Grace", email: "grace@example.org" }
  ],
  [
    { name: "Edsger", email: "edsger@example.org" },
    { name: "", email: "unknown@example.org" }
  ]
]

let calls = 0

/** The first call of each run is refused. */
const request = (page: number) =>
  Effect.suspend(() =>
    calls++ % 2 === 0 ? new Unavailable({ message: "try again" }) : Effect.succeed(pages[page] ?? [])
  ).pipe(Effect.withSpan("http.client GET", { kind: "client", attributes: { "server.address": "crm.example.org" } }))

const fetchPage = Effect.fn("fetchPage")(function* (page: number) {
  yield* Effect.annotateCurrentSpan("page", page)
  return yield* request(page).pipe(Effect.retry({ times: 2 }))
})

const decode = Effect.fn("decodeCustomer")(function* (row: unknown) {
  return yield* Schema.decodeUnknown(Customer)(row)
})

const save = Effect.fn("saveCustomer")(function* (customer: typeof Customer.Type) {
  yield* Effect.annotateCurrentSpan("customer", customer.name)
})

let run = 0

const importCustomers = Effect.gen(function* () {
  const rows = yield* fetchPage(run++)
  for (const row of rows) yield* save(yield* decode(row))
}).pipe(Effect.withSpan("Import Customers"))

importCustomers.pipe(
  Effect.ignore,
  Effect.repeat(Schedule.spaced("10 millis").pipe(Schedule.intersect(Schedule.recurs(1)))),
  Effect.provide([NarrativeSpans.layer({ names: { fetchPage: "Fetch Page" } }), ConsoleRenderer.layer()]),
  NodeRuntime.runMain
)
