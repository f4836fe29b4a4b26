/**
 * What every analyzer that asks over HTTP has to hold, against a real server, with each of the clients that users have.
 */
import { inspect } from "node:util"
import { FetchHttpClient, type HttpClient } from "@effect/platform"
import { NodeHttpClient } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import {
  Cause,
  ConfigProvider,
  Duration,
  Effect,
  Exit,
  Fiber,
  Layer,
  Logger,
  Option,
  Redacted,
  Schema,
  TestClock,
  Tracer
} from "effect"
import { AnthropicAnalyzer, OllamaAnalyzer, OpenAiCompatibleAnalyzer } from "../../../src/analysis/index.js"
import type { HttpModelOptions } from "../../../src/analysis/models/httpModel.js"
import type { FailureAnalyzer } from "../../../src/index.js"
import { failureReport } from "../../fixtures/events.js"
import { type Api, anthropic, apis, ollama, openAi, secretKey } from "../../fixtures/modelApis.js"
import * as ModelServer from "../../fixtures/modelServer.js"

const clients: Readonly<Record<string, Layer.Layer<HttpClient.HttpClient>>> = {
  fetch: FetchHttpClient.layer,
  undici: NodeHttpClient.layerUndici,
  "node:http": NodeHttpClient.layer
}

const answer = JSON.stringify({
  exact_why: "Row 7 has two cells",
  evidence: [{ text: "the row is short", cites: ["E1"] }],
  targeted_fix: "Check the length",
  code_changes: "src/load.ts:7"
})

/** Where the APIs take what is said to a model. */
const Messages = Schema.Struct({
  system: Schema.optional(Schema.String),
  prompt: Schema.optional(Schema.String),
  messages: Schema.optional(Schema.Array(Schema.Struct({ content: Schema.String })))
})

const noEnvironment = Effect.withConfigProvider(ConfigProvider.fromMap(new Map()))

/** Asks an analyzer of that API at `url`. */
const ask = (api: Api, url: string | URL, options: HttpModelOptions = {}) =>
  api.make({ model: "llama3", endpoint: url, ...options }).pipe(
    Effect.flatMap((analyzer) => analyzer.analyze(failureReport)),
    noEnvironment
  )

const errorOf = (api: Api, respond: ModelServer.Respond, options?: HttpModelOptions) =>
  Effect.flatMap(ModelServer.serve(respond), ({ url }) => Effect.flip(ask(api, url, options)))

const misconfigured = <A, R>(effect: Effect.Effect<A, FailureAnalyzer.AnalyzerError, R>) =>
  effect.pipe(
    Effect.flip,
    noEnvironment,
    Effect.tap((error) => Effect.sync(() => assert.strictEqual(error.reason, "Misconfigured")))
  )

for (const [client, layer] of Object.entries(clients)) {
  // What goes over the wire is each API's; how it may break is each client's.
  for (const api of client === "fetch" ? apis : [ollama]) {
    describe(`${api.name} through ${client}`, () => {
      it.scoped("gives the model's answer, with what it cites", () =>
        Effect.gen(function* () {
          const { request, url } = yield* ModelServer.serve(ModelServer.json(api.saying(answer)))
          const analysis = Option.getOrThrow(yield* ask(api, url))
          assert.deepStrictEqual(analysis, {
            analyzer: api.name,
            model: "llama3",
            exactWhy: "Row 7 has two cells",
            evidence: [{ text: "the row is short", cites: [{ id: "E1", text: "CsvError: bad row 7" }] }],
            targetedFix: "Check the length",
            codeChanges: "src/load.ts:7",
            rawText: null,
            droppedCitations: 0
          })
          const { headers, method, path } = yield* request
          assert.strictEqual(`${method} ${path}`, `POST ${api.path}`)
          assert.strictEqual(headers["content-type"], "application/json")
        }).pipe(Effect.provide(layer))
      )

      for (const [status, reason, retryable] of [
        [400, "Refused", false],
        [401, "Unauthorized", false],
        [403, "Unauthorized", false],
        [404, "NotFound", false],
        [413, "Refused", false],
        [429, "RateLimited", true],
        [500, "Refused", true],
        [529, "Refused", true]
      ] as const) {
        it.scoped(`reports status ${status} as ${reason}, with what the server says of it`, () =>
          Effect.gen(function* () {
            const error = yield* errorOf(api, ModelServer.json(api.error("so it is", "some_error"), status))
            assert.strictEqual(error.reason, reason)
            assert.strictEqual(error.status, status)
            assert.strictEqual(error.description, `status ${status}: so it is`)
            assert.strictEqual(error.retryable, retryable)
            assert.strictEqual(error.model, "llama3")
            assert.match(error.endpoint ?? "", new RegExp(`^http://127\\.0\\.0\\.1:\\d+${api.path}$`))
          }).pipe(Effect.provide(layer))
        )
      }

      it.scoped("follows no redirection: neither a key nor a prompt goes where it was not asked to", () =>
        Effect.gen(function* () {
          const elsewhere = yield* ModelServer.serve(ModelServer.json(api.saying(answer)))
          for (const status of [301, 302, 303, 307, 308]) {
            const redirect = ModelServer.json({}, status, { location: `${elsewhere.url}${api.path}` })
            const error = yield* errorOf(api, redirect, { headers: { "api-key": Redacted.make(secretKey) } })
            assert.deepStrictEqual([error.reason, error.status, error.retryable], ["Refused", status, false])
            assert.include(error.advice, "Set `endpoint` to the address it redirects to")
          }
          assert.strictEqual(elsewhere.count(), 0)
        }).pipe(Effect.provide(layer))
      )

      it.scoped("reports a connection that is refused", () =>
        Effect.gen(function* () {
          const { url } = yield* Effect.scoped(ModelServer.serve(ModelServer.silent))
          const error = yield* Effect.flip(ask(api, url))
          assert.deepStrictEqual([error.reason, error.description], ["Unreachable", "no connection (ECONNREFUSED)"])
          assert.isTrue(error.retryable)
        }).pipe(Effect.provide(layer))
      )

      for (const [what, respond] of [
        ["with a length", ModelServer.reset],
        ["in chunks", ModelServer.truncated]
      ] as const) {
        it.scoped(`reports a body sent ${what} that breaks off`, () =>
          Effect.gen(function* () {
            const error = yield* errorOf(api, respond)
            assert.strictEqual(error.reason, "Unreachable")
            assert.include(error.description, "broke off")
          }).pipe(Effect.provide(layer))
        )
      }

      it.scoped("waits no longer than it may, and hangs up", () =>
        Effect.gen(function* () {
          const { hangUp, request, url } = yield* ModelServer.serve(ModelServer.silent)
          const asking = yield* Effect.fork(Effect.flip(ask(api, url)))
          yield* request
          yield* TestClock.adjust("12 seconds")
          const error = yield* Fiber.join(asking)
          yield* hangUp
          assert.strictEqual(error.reason, "Timeout")
          assert.strictEqual(error.description, "no answer within 12s")
          assert.include(error.advice, "RUNTIME_NARRATIVE_ANALYZER_TIMEOUT_SECONDS")
        }).pipe(Effect.provide(layer))
      )

      it.scoped("reads no more of an endless answer than a megabyte", () =>
        Effect.gen(function* () {
          const error = yield* errorOf(api, ModelServer.endless)
          assert.strictEqual(error.reason, "InvalidAnswer")
          assert.include(error.description, "longer than 1000000 bytes")
        }).pipe(Effect.provide(layer))
      )

      for (const [what, respond, description] of [
        ["a page", ModelServer.plain("<html>Sign in</html>", "text/html"), "the answer is no JSON (text/html)"],
        [
          "half a JSON",
          ModelServer.plain('{"response": "ha', "application/json"),
          "the answer is no JSON (application/json)"
        ],
        ["nothing", ModelServer.plain("", "application/json"), "the answer is empty"],
        ["a model that says nothing", ModelServer.json(api.saying(" ")), "the answer says nothing"]
      ] as const) {
        it.scoped(`reports ${what} as an invalid answer`, () =>
          Effect.gen(function* () {
            const error = yield* errorOf(api, respond)
            assert.deepStrictEqual([error.reason, error.description], ["InvalidAnswer", description])
            assert.isFalse(error.retryable)
          }).pipe(Effect.provide(layer))
        )
      }

      it.scoped("takes the name of its model from the answer only where it is one", () =>
        Effect.gen(function* () {
          for (const model of [null, 7, " ", {}]) {
            const body = { ...Object(api.saying(answer)), model }
            const { url } = yield* ModelServer.serve(ModelServer.json(body))
            assert.strictEqual(Option.getOrThrow(yield* ask(api, url)).model, "llama3")
          }
        }).pipe(Effect.provide(layer))
      )

      for (const body of [42, null, "", [], {}, { choices: [] }, { content: null }, { response: 7 }]) {
        it.scoped(`reports ${JSON.stringify(body)} as an invalid answer`, () =>
          Effect.gen(function* () {
            const error = yield* errorOf(api, ModelServer.json(body))
            assert.strictEqual(error.reason, "InvalidAnswer")
          }).pipe(Effect.provide(layer))
        )
      }
    })
  }
}

describe("analyzers over HTTP", () => {
  const live = Layer.mergeAll(FetchHttpClient.layer)

  for (const api of apis) {
    it.scoped(`${api.name} reports an error inside an answer of status 200`, () =>
      Effect.gen(function* () {
        const error = yield* errorOf(api, ModelServer.json(api.error("the model crashed", "api_error")))
        assert.strictEqual(error.reason, "Refused")
        assert.include(error.description, "the model crashed")
      }).pipe(Effect.provide(live))
    )

    it.scoped(`${api.name} reports an error at the end of a stream that was not asked for`, () =>
      Effect.gen(function* () {
        const line = JSON.stringify(api.error("runner process has terminated", "overloaded_error"))
        const stream = `${JSON.stringify(api.saying("half"))}\n\nevent: error\ndata: ${line}\n\n`
        const error = yield* errorOf(api, ModelServer.plain(stream, "text/event-stream"))
        assert.strictEqual(error.reason, "Refused")
        assert.include(error.description, "runner process has terminated")
      }).pipe(Effect.provide(live))
    )

    it.scoped(`${api.name} keeps what is no JSON as it came`, () =>
      Effect.gen(function* () {
        const { url } = yield* ModelServer.serve(ModelServer.json(api.saying("The row is short.")))
        assert.strictEqual(Option.getOrThrow(yield* ask(api, url)).rawText, "The row is short.")
      }).pipe(Effect.provide(live))
    )

    it.scoped(`${api.name} sends no more characters than it may, and none of its trace`, () =>
      Effect.gen(function* () {
        const spans: Array<string> = []
        const native = yield* Effect.tracer
        const tracer = Tracer.make({
          span: (...args) => {
            spans.push(args[0])
            return native.span(...args)
          },
          context: (f) => f()
        })
        const { request, url } = yield* ModelServer.serve(ModelServer.json(api.saying(answer)))
        yield* ask(api, url, { maxContextChars: 3_000 }).pipe(Effect.withSpan("story"), Effect.withTracer(tracer))
        const { body, headers } = yield* request
        assert.deepStrictEqual(spans, ["story"])
        assert.isUndefined(headers["traceparent"])
        assert.isUndefined(headers["b3"])
        const { messages, prompt = "", system = "" } = Schema.decodeUnknownSync(Messages)(body)
        const said = [system, prompt, ...(messages ?? []).map(({ content }) => content)]
        assert.include(said.join(""), "CsvError: bad row 7")
        assert.isAtMost(said.join("").length, 3_000)
      }).pipe(Effect.provide(live))
    )

    it.scoped(`${api.name} shows neither key, nor credentials, nor query of its endpoint`, () =>
      Effect.gen(function* () {
        const logged: Array<string> = []
        const logger = Logger.replace(
          Logger.defaultLogger,
          Logger.make(({ message }) => void logged.push(inspect(message, { depth: 20 })))
        )
        const given = "ada-7Lq:pw-hunter2"
        // The server repeats what it was sent, as some do.
        const { request, url } = yield* ModelServer.serve((request, response) =>
          ModelServer.json(
            api.error(
              `${request.path} for ${given}: bad key ${JSON.stringify(request.headers)}`,
              "authentication_error"
            ),
            401
          )(request, response)
        )
        const address = new URL(`${url}/?api-version=q5RmT2xZ&key=a%2Fb%20c-7Jw&t0kenAlone`)
        address.username = "ada-7Lq"
        address.password = "pw-hunter2"
        const exit = yield* ask(api, address, {
          headers: { "x-tenant": Redacted.make("tenant-7f3a9c"), "api-key": "plain-5d1e" }
        }).pipe(
          Effect.tapError((error) => Effect.logWarning(error.message, error)),
          Effect.exit,
          Effect.provide(logger)
        )
        const sent = yield* request
        assert.include(sent.path, "?api-version=q5RmT2xZ")
        assert.strictEqual(sent.headers["x-tenant"], "tenant-7f3a9c")
        if (api === ollama) {
          assert.strictEqual(sent.headers["authorization"], `Basic ${btoa(given)}`)
        }
        const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
        assert.instanceOf(error, Error)
        const recorded = [
          error.message,
          String(error),
          error.stack ?? "",
          JSON.stringify(error),
          inspect(error, { depth: 20, showHidden: true }),
          Cause.pretty(Cause.fail(error)),
          ...logged
        ].join("\n")
        assert.include(recorded, "status 401")
        assert.include(recorded, "for <redacted>:<redacted>")
        for (const secret of [
          secretKey,
          "pw-hunter2",
          btoa(given),
          "q5RmT2xZ",
          "c-7Jw",
          "t0kenAlone",
          "tenant-7f3a9c",
          "plain-5d1e"
        ]) {
          assert.notInclude(recorded, secret)
        }
      }).pipe(Effect.provide(live))
    )

    it.scoped(`${api.name} keeps its key out of the error of a connection that fails`, () =>
      Effect.gen(function* () {
        const { url } = yield* Effect.scoped(ModelServer.serve(ModelServer.silent))
        const error = yield* Effect.flip(ask(api, url))
        assert.notInclude(inspect(error, { depth: 20, showHidden: true }), secretKey)
      }).pipe(Effect.provide(live))
    )

    for (const [endpoint, path] of [
      ["", api.path],
      ["/", api.path],
      ["/proxy", `/proxy${api === openAi ? "/chat/completions" : api.path}`],
      ["/v1", api === ollama ? "/v1/api/generate" : api.path],
      [api.path, api.path],
      [`${api.path}/?x=1#y`, `${api.path}?x=1`]
    ] as const) {
      it.scoped(`${api.name} asks ${path} at the endpoint "${endpoint}"`, () =>
        Effect.gen(function* () {
          const { request, url } = yield* ModelServer.serve(ModelServer.json(api.saying(answer)))
          yield* ask(api, `${url}${endpoint}`)
          assert.strictEqual((yield* request).path, path)
        }).pipe(Effect.provide(live))
      )
    }

    it.scoped(`${api.name} sends what \`body\` adds, and leaves out what it makes undefined`, () =>
      Effect.gen(function* () {
        const { request, url } = yield* ModelServer.serve(ModelServer.json(api.saying(answer)))
        yield* ask(api, url, { body: { seed: 7, model: undefined } })
        const { body } = yield* request
        assert.strictEqual(body["seed"], 7)
        assert.notProperty(body, "model")
      }).pipe(Effect.provide(live))
    )

    it.scoped(`${api.name} gives an error for a request that cannot be written`, () =>
      Effect.gen(function* () {
        const error = yield* errorOf(api, ModelServer.json({}), { body: { big: 1n } })
        assert.strictEqual(error.reason, "Unknown")
      }).pipe(Effect.provide(live))
    )

    it.effect(`${api.name} names an endpoint that is no address, without what is secret in it`, () =>
      Effect.gen(function* () {
        for (const endpoint of ["localhost", "ftp://ada:pw-hunter2@host/", "//ada:pw-hunter2@x?key=q5RmT2xZ", ""]) {
          const error = yield* misconfigured(ask(api, endpoint))
          assert.include(error.message, "endpoint is no address")
          assert.include(error.message, "http://")
          assert.notMatch(error.message, /hunter2|q5RmT2xZ/)
        }
      }).pipe(Effect.provide(live))
    )

    for (const [setting, options] of [
      ["maxTokens", { maxTokens: 0 }],
      ["temperature", { temperature: -1 }],
      ["maxContextChars", { maxContextChars: 100 }],
      ["timeout", { timeout: 0 }],
      ["x-bad", { headers: { "x-bad": "two\nlines" } }]
    ] as const) {
      it.effect(`${api.name} refuses at once a wrong ${setting}, and names it`, () =>
        Effect.gen(function* () {
          assert.include((yield* misconfigured(ask(api, "http://localhost", options))).message, setting)
        }).pipe(Effect.provide(live))
      )
    }

    it.scoped(`${api.name} takes its model from RUNTIME_NARRATIVE_MODEL`, () =>
      Effect.gen(function* () {
        const { request, url } = yield* ModelServer.serve(ModelServer.json(api.saying(answer)))
        yield* Effect.flatMap(api.make({ endpoint: url }), (analyzer) => analyzer.analyze(failureReport)).pipe(
          Effect.withConfigProvider(ConfigProvider.fromMap(new Map([["RUNTIME_NARRATIVE_MODEL", "phi-4"]])))
        )
        assert.strictEqual((yield* request).body["model"], "phi-4")
      }).pipe(Effect.provide(live))
    )

    it.scoped(`${api.name} takes its timeout from RUNTIME_NARRATIVE_ANALYZER_TIMEOUT_SECONDS`, () =>
      Effect.gen(function* () {
        const { request, url } = yield* ModelServer.serve(ModelServer.silent)
        const asking = yield* api.make({ endpoint: url, model: "llama3" }).pipe(
          Effect.flatMap((analyzer) => analyzer.analyze(failureReport)),
          Effect.withConfigProvider(
            ConfigProvider.fromMap(new Map([["RUNTIME_NARRATIVE_ANALYZER_TIMEOUT_SECONDS", "2.5"]]))
          ),
          Effect.flip,
          Effect.fork
        )
        yield* request
        yield* TestClock.adjust("2500 millis")
        assert.strictEqual((yield* Fiber.join(asking)).description, "no answer within 2s 500ms")
      }).pipe(Effect.provide(live))
    )
  }

  for (const seconds of ["soon", "0", "-1", "Infinity", "1e9"]) {
    it.effect(`refuses at once a timeout of ${seconds} seconds, and names the variable`, () =>
      Effect.gen(function* () {
        const error = yield* OllamaAnalyzer.make({ model: "llama3" }).pipe(
          Effect.withConfigProvider(
            ConfigProvider.fromMap(new Map([["RUNTIME_NARRATIVE_ANALYZER_TIMEOUT_SECONDS", seconds]]))
          ),
          Effect.flip
        )
        assert.strictEqual(error.reason, "Misconfigured")
        assert.include(
          error.message,
          `RUNTIME_NARRATIVE_ANALYZER_TIMEOUT_SECONDS takes a number of seconds above 0, up to 2147483, not "${seconds}"`
        )
      }).pipe(Effect.provide(live))
    )
  }

  it.effect("fails its layer where no model is named, and says which variable names one", () =>
    Effect.gen(function* () {
      for (const layer of [OllamaAnalyzer.layer(), OpenAiCompatibleAnalyzer.layer({ model: " " })]) {
        const error = yield* misconfigured(Effect.scoped(Layer.build(layer)))
        assert.include(error.message, "no model is named. Set RUNTIME_NARRATIVE_MODEL")
      }
    }).pipe(Effect.provide(live))
  )

  it.effect("fails its layer where a key is missing, and says which variable holds it", () =>
    Effect.gen(function* () {
      for (const options of [{}, { apiKey: Redacted.make(" ") }]) {
        const error = yield* misconfigured(Effect.scoped(Layer.build(AnthropicAnalyzer.layer(options))))
        assert.include(error.message, "there is no API key. Set ANTHROPIC_API_KEY")
      }
    }).pipe(Effect.provide(live))
  )

  it.effect("refuses a key that no header can hold, without showing it", () =>
    Effect.gen(function* () {
      const error = yield* misconfigured(AnthropicAnalyzer.make({ apiKey: Redacted.make("hunter2\nx: y") }))
      assert.notInclude(error.message, "hunter2")
    }).pipe(Effect.provide(live))
  )

  for (const [header, value, seconds] of [
    ["retry-after", "7", 7],
    ["retry-after", "Thu, 01 Jan 1970 00:02:00 GMT", 20],
    ["retry-after", "Thu, 01 Jan 1970 00:00:10 GMT", 0],
    ["retry-after-ms", "1500", 1.5]
  ] as const) {
    it.scoped(`reports after how long to ask again, from ${header}: ${value}`, () =>
      Effect.gen(function* () {
        yield* TestClock.setTime(100_000)
        const error = yield* errorOf(anthropic, ModelServer.json({}, 429, { [header]: value }))
        assert.deepStrictEqual(error.retryAfter, Duration.seconds(seconds))
      }).pipe(Effect.provide(live))
    )
  }

  it.scoped("reports no time to ask again where the server gives none that can be read", () =>
    Effect.gen(function* () {
      const error = yield* errorOf(anthropic, ModelServer.json({}, 429, { "retry-after": "soon" }))
      assert.isUndefined(error.retryAfter)
    }).pipe(Effect.provide(live))
  )

  it.scoped("leaves interruption to whoever interrupts", () =>
    Effect.gen(function* () {
      const { request, url } = yield* ModelServer.serve(ModelServer.silent)
      const asking = yield* Effect.fork(ask(ollama, url))
      yield* request
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(asking)))
    }).pipe(Effect.provide(live))
  )
})
