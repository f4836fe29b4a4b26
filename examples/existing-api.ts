/**
 * An HTTP API on SQLite that knows nothing of stories: its spans are those of `Effect.fn`, `Effect.withSpan`, the server and
 * the SQL client. The line with `NarrativeSpans.layer()` narrates them. Here it calls itself a few times and exits.
 */
import { createServer } from "node:http"
import {
  HttpClient,
  HttpClientRequest,
  HttpRouter,
  HttpServer,
  HttpServerRequest,
  HttpServerResponse
} from "@effect/platform"
import { NodeHttpClient, NodeHttpServer, NodeRuntime } from "@effect/platform-node"
import { SqlClient } from "@effect/sql"
import { SqliteClient } from "@effect/sql-sqlite-node"
import { Data, Effect, Layer, Schema } from "effect"
import { ConsoleRenderer, NarrativeSpans } from "effect-narrative"

class OutOfStock extends Data.TaggedError("OutOfStock")<{ readonly message: string }> {}

const NewOrder = Schema.Struct({ product: Schema.String, amount: Schema.Int })

class Products extends Effect.Service<Products>()("Products", {
  effect: Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const take = Effect.fn("Products.take")(function* (product: string, amount: number) {
      yield* Effect.annotateCurrentSpan({ product, amount })
      const [row] = yield* sql<{ stock: number }>`SELECT stock FROM products WHERE name = ${product}`
      const stock = row?.stock ?? 0
      if (stock < amount) return yield* new OutOfStock({ message: `${stock} of ${product} left, ${amount} ordered` })
      yield* sql`UPDATE products SET stock = stock - ${amount} WHERE name = ${product}`
    })
    return { take }
  })
}) {}

class Orders extends Effect.Service<Orders>()("Orders", {
  dependencies: [Products.Default],
  effect: Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const products = yield* Products
    const place = Effect.fn("Orders.place")(function* (order: typeof NewOrder.Type) {
      yield* products.take(order.product, order.amount)
      const [row] = yield* sql<{ id: number }>`INSERT INTO orders ${sql.insert(order)} RETURNING id`
      return row?.id
    }, sql.withTransaction)
    const show = Effect.fn("Orders.show")(function* (id: string) {
      const [row] = yield* sql`SELECT * FROM orders WHERE id = ${id}`
      return row
    })
    return { place, show }
  })
}) {}

const createTables = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE products (name TEXT PRIMARY KEY, stock INTEGER)`
  yield* sql`CREATE TABLE orders (id INTEGER PRIMARY KEY, product TEXT, amount INTEGER)`
  yield* sql`INSERT INTO products VALUES ('lamp', 3)`
}).pipe(Effect.withSpan("Create Tables"))

const api = HttpRouter.empty.pipe(
  HttpRouter.post(
    "/orders",
    Effect.gen(function* () {
      const order = yield* HttpServerRequest.schemaBodyJson(NewOrder)
      const orders = yield* Orders
      return yield* HttpServerResponse.json({ id: yield* orders.place(order) }, { status: 201 })
    })
  ),
  HttpRouter.get(
    "/orders/:id",
    Effect.gen(function* () {
      const { id = "" } = yield* HttpRouter.params
      const orders = yield* Orders
      const order = yield* orders.show(id)
      return order === undefined ? HttpServerResponse.empty({ status: 404 }) : yield* HttpServerResponse.json(order)
    })
  )
)

const Database = SqliteClient.layer({ filename: ":memory:" })

const Server = HttpServer.serve(api).pipe(
  Layer.provideMerge(Layer.effectDiscard(createTables)),
  Layer.provideMerge(
    Layer.mergeAll(Orders.Default, NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" }))
  ),
  Layer.provideMerge(Database)
)

const requests = Effect.gen(function* () {
  const { address } = yield* HttpServer.HttpServer
  const client = (yield* HttpClient.HttpClient).pipe(HttpClient.withTracerPropagation(false))
  const url = `http://127.0.0.1:${address._tag === "TcpAddress" ? address.port : 0}`
  const order = (amount: number) =>
    HttpClientRequest.post(`${url}/orders`).pipe(HttpClientRequest.bodyUnsafeJson({ product: "lamp", amount }))
  yield* client.execute(order(2))
  yield* client.get(`${url}/orders/1`)
  yield* client.execute(order(2))
}).pipe(Effect.withTracerEnabled(false))

requests.pipe(
  Effect.provide(
    Server.pipe(
      Layer.provideMerge(NodeHttpClient.layer),
      Layer.provideMerge(Layer.merge(NarrativeSpans.layer(), ConsoleRenderer.layer()))
    )
  ),
  NodeRuntime.runMain
)
