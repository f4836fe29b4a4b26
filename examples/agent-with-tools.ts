/**
 * An agent that uses a tool and asks a provider. The provider, a server on this machine, fails for a while: the circuit opens, refuses, and
 * closes again. A sink gets all of it as events.
 */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { FetchHttpClient, HttpClient } from "@effect/platform"
import { Console, Data, Effect } from "effect"
import { CircuitBreaker, EventSink, Narrative, Work } from "effect-narrative"

class ProviderDown extends Data.TaggedError("ProviderDown")<{ readonly status: number }> {}

/** Answers 503 to its first two calls. */
const provider = Effect.acquireRelease(
  Effect.async<{ readonly url: string; readonly close: () => void }>((resume) => {
    let calls = 0
    const server = createServer((_, response) => {
      response.writeHead(++calls > 2 ? 200 : 503, { "content-type": "application/json" })
      response.end(JSON.stringify({ text: "Take the Fjord Hotel", usage: { prompt: 120, completion: 8 } }))
    })
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo
      resume(Effect.succeed({ url: `http://127.0.0.1:${port}`, close: () => server.close() }))
    })
  }),
  ({ close }) => Effect.sync(close)
)

interface Answer {
  readonly text: string
  readonly usage: { readonly prompt: number; readonly completion: number }
}

const ask = (url: string) =>
  Effect.gen(function* () {
    const response = yield* HttpClient.get(url)
    if (response.status !== 200) return yield* new ProviderDown({ status: response.status })
    // What the server above sends.
    return (yield* response.json) as Answer
  }).pipe(
    Work.providerCall({
      operation: "chat",
      provider: "local",
      model: "tiny-1",
      usage: ({ usage }) => usage,
      circuitBreaker: true
    })
  )

const findHotels = Effect.succeed(["Fjord Hotel", "Tundra Inn"]).pipe(
  Work.tool("find_hotels", { arguments: { city: "Bergen" }, output: (found) => `${found.length} hotels` })
)

const answer = (url: string) =>
  Effect.gen(function* () {
    yield* findHotels
    return (yield* ask(url)).text
  }).pipe(
    Work.agent({ id: "concierge" }),
    Narrative.story("Answer"),
    Effect.catchTags({
      ProviderDown: ({ status }) => Effect.succeed(`no answer: ${status}`),
      CircuitBreakerOpenError: () => Effect.succeed("no answer: the circuit is open")
    })
  )

const Events = EventSink.layer(
  EventSink.make("events", (type, data) =>
    /^(?:tool|circuit)\./.test(type) ? Console.log(`  ${type} ${data["tool_name"] ?? data["provider"]}`) : undefined
  )
)

const program = Effect.gen(function* () {
  const { url } = yield* provider
  for (let i = 0; i < 4; i++) yield* Console.log(yield* answer(url))
  yield* Effect.sleep("2100 millis")
  for (let i = 0; i < 2; i++) yield* Console.log(yield* answer(url))
}).pipe(
  Effect.scoped,
  Effect.provide([Events, CircuitBreaker.layer({ tripPolicy: { failures: 2 }, resetAfter: "2 seconds" })]),
  Effect.provide(FetchHttpClient.layer)
)

Effect.runPromise(program)
