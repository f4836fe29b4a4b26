/**
 * Failures are told in Slack, and those of stock in a team's own webhook too: the same one once, and then how many more
 * there were. Slack and the team are played by a server of this program.
 */
import { createHmac } from "node:crypto"
import { createServer } from "node:http"
import { FetchHttpClient, HttpRouter, HttpServer, HttpServerRequest, HttpServerResponse } from "@effect/platform"
import { NodeHttpServer } from "@effect/platform-node"
import { Console, Effect, Layer, Redacted, Schema } from "effect"
import { AlertRenderer, Narrative } from "effect-narrative"

const secret = Redacted.make("shared with the team")

const slackReceived: Array<string> = []
const teamReceived: Array<string> = []

const SlackMessage = Schema.parseJson(Schema.Struct({ text: Schema.String }))

const slack = Effect.gen(function* () {
  const { text } = yield* Schema.decode(SlackMessage)(yield* (yield* HttpServerRequest.HttpServerRequest).text)
  slackReceived.push(text)
  return HttpServerResponse.text("ok")
})

// What a receiver does: check who wrote the body, then read it.
const team = Effect.gen(function* () {
  const request = yield* HttpServerRequest.HttpServerRequest
  const body = yield* request.text
  const digest = createHmac("sha256", Redacted.value(secret)).update(body).digest("hex")
  if (request.headers["x-narrative-signature"] !== `sha256=${digest}`) return HttpServerResponse.empty({ status: 401 })
  const alert = yield* Schema.decode(Schema.parseJson(AlertRenderer.Alert))(body)
  const isSummary = alert._tag === "SummaryAlert"
  teamReceived.push(
    isSummary ? `${alert.count} more (${alert.reason})` : `${alert.storyPath.join(" > ")}: ${alert.status}`
  )
  return HttpServerResponse.empty()
})

const Receivers = HttpServer.serve(
  HttpRouter.empty.pipe(HttpRouter.post("/slack", slack), HttpRouter.post("/team", team))
)

const Alerts = Layer.unwrapEffect(
  HttpServer.addressFormattedWith((address) =>
    Effect.succeed(
      AlertRenderer.layer({
        destinations: [
          AlertRenderer.slack(Redacted.make(`${address}/slack`)),
          AlertRenderer.webhook(`${address}/team`, { name: "team", secret, errorTypes: ["OutOfStock"] })
        ]
      })
    )
  )
)

const Live = Alerts.pipe(
  Layer.provide(Receivers),
  Layer.provide([NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" }), FetchHttpClient.layer])
)

class OutOfStock extends Schema.TaggedError<OutOfStock>()("OutOfStock", { message: Schema.String }) {}
class Offline extends Schema.TaggedError<Offline>()("Offline", { message: Schema.String }) {}

const restock = (order: number) =>
  new OutOfStock({ message: `No teapots left for order ${order} <!channel>` }).pipe(
    Narrative.stage("Order More"),
    Narrative.story("Restock"),
    Narrative.story("Nightly")
  )

const backup = new Offline({ message: "The vault does not answer" }).pipe(
  Narrative.stage("Copy"),
  Narrative.story("Backup")
)

const program = Effect.gen(function* () {
  for (const order of [17, 18, 19, 20]) yield* Effect.ignore(restock(order))
  yield* Effect.ignore(backup)
})

const shown = Effect.gen(function* () {
  yield* Console.log(["Slack:", ...slackReceived].join("\n  "))
  yield* Console.log(["Team:", ...teamReceived].join("\n  "))
})

// The layer that closes sends what it still has; the receivers close after it.
program.pipe(Effect.provide(Live), Effect.zipRight(shown), Narrative.runMain)
