/**
 * Services whose methods are stages: a busy payment gateway is tried again, shipping is a story of its own, and a
 * declined card fails the order.
 */
import { Console, Effect, Ref, Schedule, Schema } from "effect"
import { ConsoleRenderer, Narrative } from "effect-narrative"

interface Order {
  readonly id: string
  readonly card: string
  readonly items: ReadonlyArray<string>
}

class GatewayBusy extends Schema.TaggedError<GatewayBusy>()("GatewayBusy", { message: Schema.String }) {}

class CardDeclined extends Schema.TaggedError<CardDeclined>()("CardDeclined", { card: Schema.String }) {
  override get message() {
    return `The bank declined the card ${this.card}`
  }
}

const gentleRetry = Schedule.exponential("20 millis").pipe(Schedule.intersect(Schedule.recurs(3)))

class Payments extends Effect.Service<Payments>()("Payments", {
  effect: Effect.gen(function* () {
    const calls = yield* Ref.make(0)

    const request = Effect.fnUntraced(function* (order: Order) {
      const call = yield* Ref.updateAndGet(calls, (n) => n + 1)
      if (call <= 2) return yield* new GatewayBusy({ message: `503 from the gateway on call ${call}` })
      if (order.card.endsWith("0000")) return yield* new CardDeclined({ card: order.card })
      return `receipt-${call}`
    })

    const charge = Narrative.fn("Charge Card")(function* (order: Order) {
      const receipt = yield* request(order).pipe(
        Narrative.timeout("1 second"),
        Narrative.retry({ schedule: gentleRetry, while: (error) => error._tag === "GatewayBusy" })
      )
      yield* Narrative.annotate("receipt", receipt)
      return receipt
    })

    return { charge }
  })
}) {}

const validateOrder = Narrative.fn()(function* validateOrder(order: Order) {
  yield* Narrative.annotate({ order: order.id, items: order.items.length })
  yield* Effect.sleep("5 millis")
})

const shipOrder = (order: Order) =>
  Effect.forEach(order.items, (item) => Effect.sleep("10 millis").pipe(Narrative.stage(`Pack ${item}`))).pipe(
    Narrative.story("Ship Order", { totalStages: order.items.length })
  )

const placeOrder = (order: Order) =>
  Effect.gen(function* () {
    const payments = yield* Payments
    yield* validateOrder(order)
    const receipt = yield* payments.charge(order)
    yield* shipOrder(order)
    yield* Narrative.setOutcome(receipt)
  }).pipe(Narrative.story("Place Order", { attributes: { order: order.id }, totalStages: 2 }))

const program = Effect.gen(function* () {
  yield* placeOrder({ id: "A-1", card: "4242", items: ["Teapot", "Two Cups"] })
  yield* placeOrder({ id: "A-2", card: "0000", items: ["Kettle"] }).pipe(
    Effect.catchTag("CardDeclined", (error) => Console.log(`\nAsking for another card than ${error.card}.`))
  )
})

program.pipe(Effect.provide([Payments.Default, ConsoleRenderer.layer()]), Narrative.runMain)
