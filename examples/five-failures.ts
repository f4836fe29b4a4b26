/**
 * Five failures on purpose, each told with the values that stood there: an error deep inside generators, a bug in plain
 * code, input of the wrong shape, two failures at once, and a step that takes too long.
 */
import { Console, Effect, Layer, Schema } from "effect"
import { ConsoleRenderer, Diagnostics, Narrative } from "effect-narrative"

// 1. A typed error, two generators deep. The secrets beside it stay hidden.

class CustomerNotFound extends Schema.TaggedError<CustomerNotFound>()("CustomerNotFound", { id: Schema.Number }) {
  override get message() {
    return `No customer has the id ${this.id}`
  }
}

const names = new Map([[7, "Ada"]])

const findCustomer = Effect.fn("findCustomer")(function* (id: number) {
  const database = { host: "db.internal", user: "billing", password: "correct horse battery" }
  const query = `customer/${id}`
  yield* Narrative.annotate({ query, host: database.host })
  const name = names.get(id)
  return name ?? (yield* new CustomerNotFound({ id }))
})

const sendInvoices = Effect.gen(function* () {
  const month = "2025-01"
  const orders = [
    { customer: 7, cents: 1250 },
    { customer: 12, cents: 480 }
  ]
  let cents = 0
  for (const order of orders) {
    const name = yield* findCustomer(order.customer).pipe(Narrative.stage("Find Customer"))
    cents += order.cents
    yield* Narrative.note(`${month}: ${name} owes`, { cents })
  }
}).pipe(Narrative.story("Send Invoices"))

// 2. A bug: the parcels were trusted to be complete.

interface Parcel {
  readonly id: string
  readonly address: { readonly city: string }
}

const labelOf = (parcel: Parcel) => `${parcel.id}: ${parcel.address.city.toUpperCase()}`

const printLabels = Effect.gen(function* () {
  const printer = "hall-2"
  const parcels: ReadonlyArray<Parcel> = JSON.parse('[{"id":"P-1","address":{"city":"Bergen"}},{"id":"P-2"}]')
  const labels = yield* Effect.sync(() => parcels.map(labelOf)).pipe(Narrative.stage("Write Labels"))
  yield* Console.log(`${labels.length} labels to ${printer}`)
}).pipe(Narrative.story("Print Labels"))

// 3. Input that does not have the shape it should.

const Settings = Schema.Struct({
  region: Schema.Literal("north", "south"),
  limits: Schema.Struct({ maxParcels: Schema.NonNegativeInt, apiKey: Schema.String })
})

const loadSettings = Effect.gen(function* () {
  const source = "settings.json"
  const input: unknown = { region: "north", limits: { maxParcels: "forty", apiKey: "k-93jd72hs" } }
  const settings = yield* Schema.decodeUnknown(Settings)(input).pipe(Narrative.stage("Validate Settings"))
  yield* Console.log(`${source}: ${settings.region}`)
}).pipe(Narrative.story("Load Settings"))

// 4. Two failures at once. What was hidden as `token` is hidden where it is repeated, too.

class Unreachable extends Schema.TaggedError<Unreachable>()("Unreachable", { message: Schema.String }) {}

const askCarrier = Effect.fn("askCarrier")(function* (carrier: string) {
  const token = `${carrier}-93jd72hs`
  const request = { path: `/parcels?key=${token}`, timeoutMillis: 200 }
  yield* Effect.sleep("10 millis")
  if (carrier === "Posten") return "on its way"
  return yield* new Unreachable({ message: `${carrier} does not answer ${request.path}` })
})

const trackParcels = Narrative.group({
  "Ask Posten": askCarrier("Posten"),
  "Ask Bring": askCarrier("Bring"),
  "Ask Correos": askCarrier("Correos")
}).pipe(Narrative.story("Track Parcels"))

// 5. A step that takes too long.

const upload = Effect.gen(function* () {
  const batch = { name: "january", megabytes: 12 }
  yield* Effect.sleep("1 minute").pipe(Narrative.timeout("50 millis"))
  yield* Console.log(`${batch.name} is there`)
}).pipe(Narrative.stage("Upload Batch"), Narrative.story("Back Up"))

const program = Effect.gen(function* () {
  yield* Effect.exit(sendInvoices)
  yield* Effect.exit(printLabels)
  yield* Effect.exit(loadSettings)
  yield* Effect.exit(trackParcels)
  yield* Effect.exit(upload)
  yield* Console.log("\nAll five failed, as they should.")
})

const Live = Layer.mergeAll(ConsoleRenderer.layer(), Diagnostics.layer({ mode: "rich" }))

program.pipe(Effect.provide(Live), Narrative.runMain)
