/**
 * A typed client of the HTTP API of `RunServer.layer`.
 *
 * @since 0.1.0
 */
import type * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { InvalidOption } from "../plain/InvalidOption.js"
import { decode as decodeOptions, like, secret, takes } from "../plain/options.js"
import { api } from "./RunApi.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface ClientOptions {
  /** Where the server is, such as `http://127.0.0.1:8765`. */
  readonly url: string
  /** What the server takes as `Authorization: Bearer …`; nothing is sent without it. */
  readonly token?: Redacted.Redacted<string> | string | undefined
}

/**
 * One method for each endpoint, by its group: `runs`, `bulk`, `stories`, `failures` and `service`. What the server refuses fails
 * with `{ _tag: "Refused", status, detail }`, where `detail` is a text, or what is wrong with each field.
 *
 * @since 0.1.0
 * @category models
 */
export type RunClient =
  typeof api extends HttpApi.HttpApi<infer _, infer Groups, infer E, infer _R>
    ? HttpApiClient.Client<Groups, E, never>
    : never

/**
 * A client of a server, by the program's `HttpClient`.
 *
 * @example
 * ```ts
 * import { FetchHttpClient } from "@effect/platform"
 * import { Console, Effect } from "effect"
 * import { RunClient } from "effect-narrative/server"
 *
 * const program = Effect.gen(function* () {
 *   const client = yield* RunClient.make({ url: "http://127.0.0.1:8765" })
 *   const { groups } = yield* client.failures.groups({ urlParams: { since: "24h" } })
 *   for (const { count, errorMessage } of groups) yield* Console.log(`${count} × ${errorMessage}`)
 * })
 *
 * program.pipe(Effect.provide(FetchHttpClient.layer), Effect.runPromise)
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: ClientOptions): Effect.Effect<RunClient, InvalidOption, HttpClient.HttpClient> =>
  Effect.flatMap(decode(options), ({ token, url }) =>
    HttpApiClient.make(api, {
      baseUrl: url,
      transformClient: HttpClient.mapRequest((request) =>
        token === undefined ? request : HttpClientRequest.bearerToken(request, token)
      )
    })
  )

const isToken = (value: unknown): value is Redacted.Redacted<string> | string =>
  typeof value === "string" || Redacted.isRedacted(value)

const decode = decodeOptions(
  "RunClient",
  Schema.Struct({
    url: Schema.String.pipe(
      Schema.filter((url) => /^https?:\/\//.test(url) && URL.canParse(url)),
      takes("the address of a server, such as http://127.0.0.1:8765")
    ),
    token: Schema.optional(like(isToken, "a text, or a Redacted text").pipe(secret))
  })
)
