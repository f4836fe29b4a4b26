/**
 * A nightly import as a page for a browser: suppliers read side by side, a feed that is tried again, sub-stories, log
 * lines, and a product that cannot be priced, with the values that stood there and the shop's own explanation.
 */
import * as NodeContext from "@effect/platform-node/NodeContext"
import { Console, Effect, Layer, Logger, Schedule, Schema } from "effect"
import { Diagnostics, HtmlReportRenderer, Narrative, RuleBookAnalyzer } from "effect-narrative"

class FeedUnavailable extends Schema.TaggedError<FeedUnavailable>()("FeedUnavailable", {
  supplier: Schema.String,
  status: Schema.Number
}) {
  override get message() {
    return `The feed of ${this.supplier} answered ${this.status}`
  }
}

class MissingRate extends Schema.TaggedError<MissingRate>()("MissingRate", {
  sku: Schema.String,
  currency: Schema.String
}) {
  override get message() {
    return `No exchange rate from ${this.currency} to EUR for ${this.sku}`
  }
}

interface Product {
  readonly sku: string
  readonly amount: number
  readonly currency: string
}

interface Supplier {
  readonly name: string
  readonly products: ReadonlyArray<Product>
  /** How many times its feed answers 503 first. */
  readonly busy: number
}

const rates = new Map([
  ["EUR", 1],
  ["NOK", 0.085],
  ["SEK", 0.087]
])

const fetchFeed = Effect.fn("fetchFeed")(function* (supplier: Supplier, calls: { made: number }) {
  yield* Effect.sleep("25 millis")
  calls.made += 1
  if (calls.made <= supplier.busy) return yield* new FeedUnavailable({ supplier: supplier.name, status: 503 })
  yield* Effect.logInfo("Feed read").pipe(Effect.annotateLogs({ products: supplier.products.length }))
  return supplier.products
})

const importSupplier = (supplier: Supplier) =>
  Effect.gen(function* () {
    const gentle = Schedule.exponential("40 millis").pipe(Schedule.intersect(Schedule.recurs(3)))
    const calls = { made: 0 }
    const products = yield* fetchFeed(supplier, calls).pipe(Narrative.retry(gentle), Narrative.stage("Fetch Feed"))
    yield* Effect.gen(function* () {
      yield* Narrative.annotate({ products: products.length, supplier: supplier.name })
      yield* Effect.sleep("12 millis")
    }).pipe(Narrative.stage("Validate Products"))
    if (products.length < 2) yield* Effect.logWarning(`${supplier.name} lists ${products.length} product only`)
    yield* Narrative.setOutcome(`${products.length} products`)
    return products
  }).pipe(Narrative.story("Import Supplier", { labels: { supplier: supplier.name } }))

const toEuros = Effect.fn("toEuros")(function* (product: Product) {
  const table = { base: "EUR", known: Array.from(rates.keys()), updated: "2026-11-19" }
  const rate = rates.get(product.currency)
  yield* Narrative.annotate({ sku: product.sku, currency: product.currency })
  if (rate === undefined) return yield* new MissingRate({ sku: product.sku, currency: product.currency })
  return Math.round(product.amount * rate * 100) / (table.base === "EUR" ? 100 : 1)
})

const priceProducts = Effect.fn("priceProducts")(function* (products: ReadonlyArray<Product>) {
  const prices = new Map<string, number>()
  for (const product of products) {
    yield* Effect.sleep("6 millis")
    const euros = yield* toEuros(product).pipe(Narrative.stage("Convert Price"))
    prices.set(product.sku, euros)
    yield* Narrative.progress(prices.size, products.length)
  }
  return prices
})

const renderThumbnails = Effect.sleep("2 seconds").pipe(Narrative.stage("Render Thumbnails"))

const importCatalogue = (suppliers: ReadonlyArray<Supplier>) =>
  Effect.gen(function* () {
    const feeds = yield* Effect.forEach(suppliers, importSupplier, { concurrency: 2 }).pipe(
      Narrative.stage("Import Suppliers")
    )
    const products = feeds.flat()
    yield* Narrative.note("products found", { products: products.length, suppliers: suppliers.length })
    const [prices] = yield* Effect.all(
      [
        priceProducts(products).pipe(Narrative.stage("Price Products")),
        Effect.raceFirst(renderThumbnails, Effect.sleep("30 millis")).pipe(Narrative.stage("Prepare Pictures"))
      ],
      { concurrency: "unbounded" }
    )
    yield* Effect.sleep("15 millis").pipe(Narrative.stage("Publish"))
    yield* Narrative.setOutcome(`${prices.size} prices`)
  }).pipe(
    Narrative.story("Import Catalogue", {
      totalStages: 4,
      labels: { region: "nordic" },
      attributes: { run: "nightly", apiKey: "k-93jd72hs" }
    })
  )

const nordic: ReadonlyArray<Supplier> = [
  {
    name: "Fjord Tea",
    busy: 0,
    products: [
      { sku: "FT-100", amount: 129, currency: "NOK" },
      { sku: "FT-200", amount: 249, currency: "NOK" },
      { sku: "FT-300", amount: 89, currency: "NOK" }
    ]
  },
  {
    name: "Söder Kaffe",
    busy: 2,
    products: [
      { sku: "SK-1", amount: 139, currency: "SEK" },
      { sku: "SK-2", amount: 99, currency: "SEK" }
    ]
  },
  { name: "Humble Honey", busy: 0, products: [{ sku: "HH-7", amount: 11.5, currency: "EUR" }] }
]

const withIceland: ReadonlyArray<Supplier> = [
  ...nordic,
  { name: "Reykjavík Salt", busy: 1, products: [{ sku: "RS-40", amount: 1490, currency: "ISK" }] }
]

const folder = process.env["NARRATIVE_DIR"] ?? ".narrative"

// What the shop knows of its own failures.
const ShopRules = RuleBookAnalyzer.layer({
  rules: [
    {
      id: "missing-rate",
      when: "A product is priced in a currency that the table of rates does not hold.",
      match: { types: ["MissingRate"] },
      hint: "Add the currency to the table of rates, or ask the supplier for prices in euros.",
      evidence: ["sku", "currency"]
    }
  ]
})

// Log lines stand in the report, so the default logger need not print them as well.
const Live = Layer.mergeAll(
  HtmlReportRenderer.layer({ path: `${folder}/report.html` }).pipe(Layer.provide(NodeContext.layer)),
  Diagnostics.layer({ mode: "rich" }),
  ShopRules,
  Narrative.logger,
  Logger.remove(Logger.defaultLogger)
)

const program = Effect.gen(function* () {
  yield* importCatalogue(nordic)
  yield* importCatalogue(withIceland).pipe(
    Effect.catchTag("MissingRate", (error) => Console.log(`Kept yesterday's prices. ${error.message}.`))
  )
}).pipe(Effect.provide(Live), Effect.zipRight(Console.log(`Report: ${folder}/report.html`)))

program.pipe(Narrative.runMain({ disablePrettyLogger: true }))
