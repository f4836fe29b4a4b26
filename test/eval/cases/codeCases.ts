import { Config, ConfigProvider, Context, Data, Deferred, Effect, Option } from "effect"
import { Narrative } from "../../../src/index.js"
import type { EvalCase } from "../EvalCase.js"

class Mailer extends Context.Tag("shop/Mailer")<Mailer, { readonly send: (to: string) => Effect.Effect<void> }>() {}
class Declined extends Data.TaggedError("Declined")<{ readonly message: string; readonly order: string }> {}
class OrderRejected extends Data.TaggedError("OrderRejected")<{ readonly code: string; readonly reason: string }> {}

interface Customer {
  readonly name: string
  readonly address?: { readonly city: string }
}

const settings = (entries: Readonly<Record<string, string>>) =>
  Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(entries))))

export const codeCases: ReadonlyArray<EvalCase> = [
  {
    name: "a customer without an address",
    truth: {
      line: "return customer.address.city.toUpperCase()",
      rule: "property-of-nothing",
      cause: [["customer.address"], ["undefined", "missing"]]
    },
    program: Effect.gen(function* () {
      const labelOf = (customer: Required<Customer>) => {
        return customer.address.city.toUpperCase()
      }
      const customer: Customer = { name: "Ada" }
      const label = Effect.sync(() => labelOf(customer as Required<Customer>))
      return yield* label.pipe(Narrative.stage("Print Label"))
    }).pipe(Narrative.story("Ship Parcel"))
  },
  {
    name: "a plug-in without its method",
    truth: {
      line: "plugin.transform(1)",
      rule: "not-a-function",
      cause: [["plugin.transform"], ["not a function"]]
    },
    program: Effect.gen(function* () {
      const plugin = { name: "prices" } as unknown as { readonly transform: (price: number) => number }
      const price = yield* Effect.sync(() => {
        return plugin.transform(1)
      }).pipe(Narrative.stage("Apply Plug-in"))
      return price
    }).pipe(Narrative.story("Price Article"))
  },
  {
    name: "a walk without an end",
    truth: {
      line: "node.parent === undefined ? 0 : depth(",
      rule: "stack-overflow",
      cause: [["stack"], ["calling itself", "recursion", "recursive", "cycl"]]
    },
    program: Effect.gen(function* () {
      const tree: { parent?: unknown } = {}
      tree.parent = tree
      const depth = (node: { parent?: unknown }): number =>
        node.parent === undefined ? 0 : depth(node.parent as { parent?: unknown }) + 1
      return yield* Effect.sync(() => depth(tree)).pipe(Narrative.stage("Measure Tree"))
    }).pipe(Narrative.story("Index Categories"))
  },
  {
    name: "an order that holds itself, sent as JSON",
    truth: {
      line: "JSON.stringify(order)",
      rule: "json-circular",
      cause: [["circ", "itself", "cycle"], ["json"]]
    },
    program: Effect.gen(function* () {
      const order: { id: number; customer: { orders: Array<unknown> } } = { id: 1, customer: { orders: [] } }
      order.customer.orders.push(order)
      const body = yield* Effect.sync(() => {
        return JSON.stringify(order)
      }).pipe(Narrative.stage("Encode Order"))
      return body.length
    }).pipe(Narrative.story("Send Order"))
  },
  {
    name: "cents that are a BigInt, and a fee that is not",
    truth: {
      line: "cents + fee",
      rule: "bigint-mixed",
      cause: [["bigint"], ["number", "mix", "type"]]
    },
    program: Effect.gen(function* () {
      const cents: number = 1250n as unknown as number
      const fee = 20
      const total = yield* Effect.sync(() => {
        return cents + fee
      }).pipe(Narrative.stage("Add Fee"))
      return total
    }).pipe(Narrative.story("Charge Card"))
  },
  {
    name: "a date with a thirteenth month",
    truth: {
      line: "new Date(due).toISOString()",
      rule: "invalid-date",
      cause: [["date"], ["valid"]]
    },
    program: Effect.gen(function* () {
      const due = "2024-13-01"
      const iso = yield* Effect.sync(() => {
        return new Date(due).toISOString()
      }).pipe(Narrative.stage("Write Due Date"))
      return iso
    }).pipe(Narrative.story("Make Invoice"))
  },
  {
    name: "a function sent to a worker",
    truth: {
      line: "structuredClone(job)",
      rule: "clone-failed",
      cause: [["clone"], ["function", "=>", "cannot"]]
    },
    program: Effect.gen(function* () {
      const job = { id: 1, done: () => true }
      const copy = yield* Effect.sync(() => {
        return structuredClone(job)
      }).pipe(Narrative.stage("Hand Over Job"))
      return copy.id
    }).pipe(Narrative.story("Run Jobs"))
  },
  {
    name: "a key that is not set",
    truth: {
      line: 'yield* Config.redacted("PAYMENT_KEY")',
      rule: "setting-missing",
      cause: [["payment_key"], ["missing", "not set", "not there"]]
    },
    program: Effect.gen(function* () {
      const key = yield* Config.redacted("PAYMENT_KEY").pipe(Narrative.stage("Read Settings"))
      return key
    }).pipe(settings({ PAYMENTS_KEY: "x" }), Narrative.story("Start Payments"))
  },
  {
    name: "a number of workers that is a word",
    truth: {
      line: 'yield* Config.integer("WORKERS")',
      rule: "setting-invalid",
      cause: [["workers"], ["integer", "number", "many"]]
    },
    program: Effect.gen(function* () {
      const workers = yield* Config.integer("WORKERS").pipe(Narrative.stage("Read Settings"))
      return workers
    }).pipe(settings({ WORKERS: "many" }), Narrative.story("Start Workers"))
  },
  {
    name: "a mailer that was not provided",
    truth: {
      line: "const mailer = yield* Mailer",
      rule: "service-missing",
      cause: [["shop/mailer"], ["provided", "missing", "not found"]]
    },
    program: Effect.gen(function* () {
      const mailer = yield* Mailer
      yield* mailer.send("ada@x.org").pipe(Narrative.stage("Send Mail"))
    }).pipe(Narrative.story("Greet Customer")) as Effect.Effect<void>
  },
  {
    name: "a discount that no customer has",
    truth: {
      line: "yield* discountOf(",
      rule: "option-none",
      cause: [
        ["discountof", "discount"],
        ["none", "no value", "empty"]
      ]
    },
    program: Effect.gen(function* () {
      const discounts = new Map([["gold", 10]])
      const discountOf = (level: string) => Option.fromNullable(discounts.get(level))
      const discount = yield* discountOf("silver")
      return discount
    }).pipe(Narrative.stage("Find Discount"), Narrative.story("Price Order"))
  },
  {
    name: "a wait for what never comes",
    hard: "the error says that it took too long, not what it waited for",
    truth: {
      line: "yield* Deferred.await(paid)",
      rule: "timeout",
      cause: [
        ["timed out", "timeout", "too long"],
        ["paid", "deferred", "payment"]
      ]
    },
    program: Effect.gen(function* () {
      const paid = yield* Deferred.make<void>()
      yield* Deferred.await(paid).pipe(Effect.timeout("20 millis"), Narrative.stage("Wait for Payment"))
    }).pipe(Narrative.story("Ship Order"))
  },
  {
    name: "a card that was declined",
    hard: "the message speaks of a connection refused",
    truth: {
      line: "yield* new Declined(",
      rule: null,
      cause: [["declined"], ["card", "bank"]],
      innocent: ["nothing listens", "econnrefused", "start what should listen"]
    },
    program: Effect.gen(function* () {
      const order = "A-17"
      return yield* new Declined({ message: "connection refused by the bank: card declined", order })
    }).pipe(Narrative.stage("Charge Card"), Narrative.story("Pay Order"))
  },
  {
    name: "an order whose number looks like a database's code",
    hard: "the code 23505 is an order's here, and a unique violation's in PostgreSQL",
    truth: {
      line: "yield* new OrderRejected(",
      rule: null,
      cause: [
        ["closed", "outside"],
        ["23505", "order"]
      ],
      innocent: ["unique", "duplicate", "row with the same"]
    },
    program: Effect.gen(function* () {
      return yield* new OrderRejected({ code: "23505", reason: "the shop is closed" })
    }).pipe(Narrative.stage("Accept Order"), Narrative.story("Take Order"))
  }
]
