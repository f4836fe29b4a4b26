/**
 * The body of a request, read with care: whoever sends it is not known.
 */
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { attempt } from "../plain/untrusted.js"
import { parseJson } from "../plain/wireSchema.js"
import { invalid, Refusal } from "./answers.js"

/** A body that is read in one piece, in bytes. */
const shortBody = 65_536

const tooLong = (most: number) => new Refusal({ status: 413, detail: `the body takes at most ${most} bytes` })

/** The JSON that a request brings, if it is not too long. */
export const jsonBody = (most: number): Effect.Effect<unknown, Refusal, HttpServerRequest.HttpServerRequest> =>
  Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const type = request.headers["content-type"] ?? "application/json"
    // What a form of another site can send is none of it.
    if (!/^application\/(?:[\w.+-]+\+)?json\b/i.test(type)) {
      return yield* new Refusal({ status: 415, detail: "the header Content-Type takes application/json" })
    }
    const length = Number(request.headers["content-length"] ?? Number.NaN)
    if (length > most) return yield* tooLong(most)
    const read =
      length <= shortBody ? Effect.map(request.arrayBuffer, (body) => Buffer.from(body)) : chunksOf(request, most)
    const bytes = yield* Effect.catchTag(
      read,
      "RequestError",
      () => new Refusal({ status: 400, detail: "the body broke off" })
    )
    const text = attempt(() => new TextDecoder("utf-8", { fatal: true }).decode(bytes), undefined)
    const parsed = attempt(() => (text === undefined ? undefined : { value: parseJson(text) }), undefined)
    return parsed === undefined
      ? yield* invalid([{ loc: ["body"], msg: "takes JSON", type: "value_error" }])
      : parsed.value
  })

const chunksOf = (request: HttpServerRequest.HttpServerRequest, most: number) =>
  Effect.gen(function* () {
    const chunks: Array<Uint8Array> = []
    let size = 0
    yield* Stream.runForEach(request.stream, (chunk) => {
      size += chunk.length
      chunks.push(chunk)
      return size > most ? Effect.fail(tooLong(most)) : Effect.void
    })
    return Buffer.concat(chunks)
  })
