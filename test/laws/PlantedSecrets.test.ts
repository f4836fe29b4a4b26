// @effect-diagnostics globalErrorInEffectFailure:off -- plain errors are what users fail with, too.
/**
 * One law: a secret that is planted in every input of a story is found in none of its outputs, neither as it is nor as JSON,
 * in a URL or in base64.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Writable } from "node:stream"
import * as OtlpSerialization from "@effect/opentelemetry/OtlpSerialization"
import { HttpClient, HttpClientRequest, HttpClientResponse } from "@effect/platform"
import { NodeFileSystem } from "@effect/platform-node"
import { SqlError } from "@effect/sql"
import { assert, describe, layer } from "@effect/vitest"
import { Config, ConfigProvider, Data, Effect, FastCheck as fc, Layer, Logger, Schema } from "effect"
import { Prompt } from "../../src/analysis/index.js"
import type { FailureReport } from "../../src/event/FailureReport.js"
import { HistoryRenderer } from "../../src/history/index.js"
import {
  AlertRenderer,
  ConsoleRenderer,
  Diagnostics,
  HtmlReportRenderer,
  JsonRenderer,
  Narrative,
  NarrativeEvent,
  Renderer,
  WideEventRenderer
} from "../../src/index.js"
import { NarrativeTracing } from "../../src/otel/index.js"

/** In how many ways a text may repeat a secret, without a neighbour that is one with it. */
const formsOf = (secret: string): ReadonlyArray<string> => [
  secret,
  JSON.stringify(secret).slice(1, -1),
  encodeURIComponent(secret),
  new URLSearchParams({ v: secret }).toString().slice(2),
  Buffer.from(secret).toString("base64"),
  Buffer.from(secret).toString("base64url")
]

class Denied extends Data.TaggedError("Denied")<{
  readonly message: string
  readonly password: string
  readonly rawHeaders: ReadonlyArray<string>
  readonly cause: unknown
}> {}

/** Failures that the rule book has something to say about, each with the secret in it. */
const failures: Readonly<Record<string, (secret: string) => Effect.Effect<unknown, unknown>>> = {
  "an error with fields and a cause": (secret) =>
    new Denied({
      message: `refused ${formsOf(secret).join(" ")}`,
      password: secret,
      rawHeaders: ["Host", "a", "Authorization", `Token ${secret}`],
      cause: new Error(`login with password=${JSON.stringify(secret)} failed`, { cause: { token: secret } })
    }),
  "a setting of the wrong type": (secret) =>
    Config.integer("API_TOKEN").pipe(
      Effect.withConfigProvider(ConfigProvider.fromMap(new Map([["API_TOKEN", secret]])))
    ),
  "a row that exists": (secret) =>
    Effect.fail(
      new SqlError.SqlError({
        message: "Failed to execute statement",
        cause: Object.assign(new Error('duplicate key value violates unique constraint "users_token_key"'), {
          code: "23505",
          detail: `Key (token)=(${secret}) already exists.`,
          table: "users"
        })
      })
    ),
  "a field that is no number": (secret) =>
    Schema.decodeUnknown(Schema.Struct({ password: Schema.Number }))({ password: secret }),
  "a request that got no answer": (secret) =>
    HttpClientRequest.get("http://127.0.0.1:9/a").pipe(
      HttpClientRequest.setHeader("X-Api-Key", secret),
      HttpClientRequest.setUrlParam("token", secret),
      (request) => Effect.fail(Object.assign(new Error(`no answer to ${secret}`), { request, code: "ECONNREFUSED" }))
    ),
  "a value that is no error": (secret) => Effect.fail(new Map([["credential", secret]])),
  "a defect": (secret) => Effect.die(new TypeError(`Cannot read properties of undefined (reading '${secret}')`)),
  "several at once": (secret) =>
    Effect.all([Effect.fail({ secret }), Effect.fail(new RangeError(`no ${secret}`))], {
      concurrency: 2,
      mode: "validate"
    })
}

const program = (secret: string, fail: Effect.Effect<unknown, unknown>) =>
  Effect.gen(function* () {
    const password = secret
    const request = {
      rawHeaders: ["Host", "a", "Cookie", `sid=${secret}`],
      argv: ["node", "x.js", "--token", secret],
      headers: new Headers({ "X-Api-Key": encodeURIComponent(secret) }),
      session: { user: "ada", password: secret }
    }
    yield* Narrative.annotate({ password, request })
    yield* Narrative.note(`with ${secret}`, { pairs: [["Authorization", secret]], said: `${secret} said`, request })
    yield* Effect.annotateCurrentSpan({ apiKey: secret, said: `with ${secret}` })
    yield* Effect.log(`with ${secret}`, request).pipe(Effect.annotateLogs({ token: secret }))
    yield* Effect.void.pipe(Effect.withSpan("query", { attributes: { passphrase: secret } }))
    yield* Narrative.setOutcome(`done with ${secret}`)
    const apiKey = "pl4nted-In-Source-7731"
    return yield* apiKey.length === 0 ? Effect.void : fail
  }).pipe(
    Narrative.stage("Plant", { attributes: { privateKey: secret } }),
    Narrative.story("Secrets", { attributes: { passwd: secret }, labels: { token: secret } }),
    Narrative.story("Around")
  )

/** Everything that a run of a program leaves. */
const outputsOf = (secret: string, fail: Effect.Effect<unknown, unknown>) =>
  Effect.gen(function* () {
    const folder = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "planted-"))),
      (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
    )
    const streams = { console: "", json: "", sent: "" }
    const into = (name: keyof typeof streams) =>
      new Writable({
        write(chunk, _encoding, done) {
          streams[name] += String(chunk)
          done()
        }
      })
    const reports: Array<FailureReport> = []
    const wire: Array<string> = []
    const wide: Array<string> = []
    const client = HttpClient.make((request) =>
      Effect.sync(() => {
        if (request.body._tag === "Uint8Array") streams.sent += `${new TextDecoder().decode(request.body.body)}\n`
        return HttpClientResponse.fromWeb(request, new Response("{}"))
      })
    )
    const sending = Layer.merge(Layer.succeed(HttpClient.HttpClient, client), OtlpSerialization.layerJson)
    const outputs = Layer.mergeAll(
      ConsoleRenderer.layer({ stream: into("console"), env: {} }),
      JsonRenderer.layer({ stream: into("json") }),
      WideEventRenderer.layer({ write: (record) => void wide.push(WideEventRenderer.toJson(record)) }),
      HtmlReportRenderer.layer({ path: join(folder, "page.html") }).pipe(Layer.provide(NodeFileSystem.layer)),
      HistoryRenderer.layer({ path: join(folder, "history.db") }),
      AlertRenderer.layer({ destinations: [AlertRenderer.webhook("http://alerts.test/")] }).pipe(
        Layer.provide(sending)
      ),
      NarrativeTracing.layerOtlp({ url: "http://collector.test/v1/traces" }).pipe(Layer.provide(sending)),
      Renderer.layer(
        Renderer.make("kept", (event) => {
          wire.push(NarrativeEvent.toWire(event))
          if (event._tag === "FailureOccurred") reports.push(event)
        })
      ),
      Narrative.logger,
      Logger.remove(Logger.defaultLogger)
    )
    yield* Effect.exit(program(secret, fail)).pipe(Effect.provide(outputs))
    const prompts = yield* Effect.forEach(reports, (report) => Prompt.make(report))
    const files = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "latin1")] as const)
    return {
      ...streams,
      wire: wire.join("\n"),
      wide: wide.join("\n"),
      prompt: prompts.map(({ system, user }) => system + user).join("\n"),
      ...Object.fromEntries(files)
    }
  }).pipe(Effect.scoped)

const plain = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{11,30}[0-9]$/)
/** What looks different in JSON and in a URL. */
const awkward = fc.stringMatching(/^[a-z]{4}["/&+ ][A-Z]{4}[0-9]{4}[="\\][a-z]{3}$/)

describe("A secret that is planted in every input of a story", () => {
  for (const mode of ["lean", "rich"] as const) {
    // The debugger looks through all scripts of the process when it begins: once for all failures.
    layer(Diagnostics.layer({ mode }), { excludeTestServices: true })(`with ${mode} diagnostics`, (it) => {
      for (const [name, fail] of Object.entries(failures)) {
        it.effect.prop(
          `is in none of its outputs, where it fails with ${name}`,
          [fc.oneof(plain, awkward)],
          ([secret]) =>
            Effect.gen(function* () {
              const outputs = yield* outputsOf(secret, fail(secret))
              for (const [output, text] of Object.entries(outputs)) {
                if (!output.endsWith("-wal") && !output.endsWith("-shm")) assert.include(text, "Plant", output)
                for (const form of [...formsOf(secret), "pl4nted-In-Source-7731"]) assert.notInclude(text, form, output)
              }
            }),
          { fastCheck: { numRuns: 2, endOnFailure: true }, timeout: 300_000 }
        )
      }
    })
  }
})
