import { Writable } from "node:stream"
import { assert, describe, layer } from "@effect/vitest"
import { Data, Effect, FastCheck as fc, Logger, Redacted } from "effect"
import { ConsoleRenderer, Diagnostics, JsonRenderer, Narrative, NarrativeEvent } from "../../src/index.js"
import { isOrdinary } from "../../src/redaction/ordinaryText.js"
import { observe } from "./observed.js"

/** A stream that keeps what is written to it. */
const memory = () => {
  const chunks: Array<string> = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(String(chunk))
      done()
    }
  })
  return { stream, text: () => chunks.join("") }
}

class Refused extends Data.Error<{ readonly message: string; readonly cause?: unknown }> {
  constructor(message: string, options?: { readonly cause: unknown }) {
    super({ message, ...options })
  }
}

class Denied extends Data.TaggedError("Denied")<{ readonly user: string; readonly password: string }> {}

class Account {
  constructor(
    readonly owner: string,
    readonly apiKey: string
  ) {}
}

/** Every place a secret may be planted in, each under a name or in a shape that says what it is. */
const places: Readonly<Record<string, (secret: string) => Effect.Effect<unknown, unknown>>> = {
  "a local": (secret) =>
    Effect.gen(function* () {
      const password = secret
      yield* Effect.yieldNow()
      return yield* new Refused(`wrong: ${password}`)
    }),
  "a nested object": (secret) =>
    Effect.gen(function* () {
      const config = { db: [{ credentials: { user: "ada", token: secret } }] }
      yield* Effect.yieldNow()
      return yield* new Refused(`cannot use ${JSON.stringify(config)}`)
    }),
  "a Map": (secret) =>
    Effect.gen(function* () {
      const headers = new Map([["authorization", secret]])
      yield* Narrative.annotate({ headers })
      return yield* new Refused(`refused ${secret}`)
    }),
  "a class instance": (secret) =>
    Effect.gen(function* () {
      const account = new Account("ada", secret)
      yield* Narrative.annotate({ account })
      return yield* Effect.die(new Refused(`no such account: ${account.apiKey}`))
    }),
  "a field of the error": (secret) => Effect.fail(new Denied({ user: "ada", password: secret })),
  "a field of its cause": (secret) =>
    Effect.fail(new Refused(`denied with ${secret}`, { cause: new Denied({ user: "ada", password: secret }) })),
  "a cause": (secret) =>
    // What reads like words, `AlphaHall2`, is hidden elsewhere only where its name is that of a secret in any trade.
    Narrative.annotate(isOrdinary(secret) ? "password" : "session", secret).pipe(
      Effect.zipRight(Effect.fail(new Refused("outer", { cause: new Refused(`inner ${secret}`, { cause: secret }) })))
    ),
  "a URL": (secret) => Effect.fail(new Refused(`GET https://ada:${secret}@example.com/v1?token=${secret} failed`)),
  "a header line": (secret) =>
    Effect.fail(new Refused(`request:\nAuthorization: Bearer ${secret}\nCookie: sid=${secret}`)),
  "a log line": (secret) =>
    Effect.log("connecting", { password: secret }, `with password=${secret}`).pipe(
      Effect.annotateLogs({ apiKey: secret }),
      Effect.zipRight(Effect.logError(`and again ${secret}`))
    ),
  "a note": (secret) => Narrative.note("login", { user: "ada", passwd: secret, dsn: `amqp://u:${secret}@mq` }),
  "a Redacted value": (secret) =>
    Effect.gen(function* () {
      const hidden = Redacted.make(secret)
      yield* Narrative.annotate({ hidden })
      return yield* new Refused(`bad ${Redacted.value(hidden)}`)
    }),
  "a label, an attribute and an outcome": (secret) =>
    Effect.zipRight(Narrative.annotate({ client_secret: secret }), Narrative.setOutcome(`done with ${secret}`)).pipe(
      Narrative.stage("Inner", { attributes: { private_key: secret } }),
      Narrative.story("Sub", { labels: { token: secret }, attributes: { refreshToken: secret } })
    ),
  "a retry's reason": (secret) =>
    Narrative.annotate("password", secret).pipe(
      Effect.zipRight(Effect.fail(new Refused(`refused ${secret}`))),
      Narrative.retry({ times: 1 })
    )
}

/** What only the locals show to be a secret cannot be known without reading them. */
const richOnly = new Set(["a local"])

const secret = fc.stringMatching(/^[A-Za-z0-9_-]{12,40}$/).filter((text) => /[0-9]/.test(text) && /[A-Za-z]/.test(text))

describe("a secret appears in no output of any renderer", () => {
  for (const mode of ["lean", "rich"] as const) {
    // The debugger looks through all scripts of the process when it begins: once for all places.
    layer(Diagnostics.layer({ mode }), { excludeTestServices: true })(`with ${mode} diagnostics`, (it) => {
      for (const [place, plant] of Object.entries(places)) {
        if (mode === "lean" && richOnly.has(place)) continue
        it.effect.prop(
          `planted in ${place}`,
          [secret],
          ([secret]) =>
            Effect.gen(function* () {
              const console = memory()
              const json = memory()
              const observed = observe(
                ConsoleRenderer.layer({ stream: console.stream, env: {} }),
                JsonRenderer.layer({ stream: json.stream }),
                Narrative.logger,
                Logger.remove(Logger.defaultLogger)
              )
              yield* plant(secret).pipe(
                Narrative.stage("Plant"),
                Narrative.story("Secrets"),
                Effect.exit,
                Effect.provide(observed.layer)
              )
              assert.include(console.text(), "Story started: Secrets")
              assert.include(json.text(), '"StoryCompleted"')
              const events = observed.events.map(NarrativeEvent.toWire).join("\n")
              for (const output of [console.text(), json.text(), events]) assert.notInclude(output, secret)
            }),
          { fastCheck: { numRuns: 15 }, timeout: 300_000 }
        )
      }
    })
  }
})
