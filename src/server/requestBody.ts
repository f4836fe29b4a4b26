/**
 * The body of a request, read with care: whoever sends it is not known.
 */
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { attempt } from "../plain/untrusted.js"
import { parseJson } from "../plain/wireSchema.js"
import { invalid, Refusal } from "./answers.js"

/** The JSON that a request brings, if it is not too long. */
export const jsonBody = (most: number): Effect.Effect<unknown, Refusal, HttpServerRequest.HttpServerRequest> =>
  Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const type = request.headers["content-type"] ?? "application/json"
    // What a form of another site can send is none of it.
    if (!/^application\/(?:[\w.+-]+\+)?json\b/i.test(type)) {
      return yield* new Refusal({ status: 415, detail: "the header Content-Type takes application/json" })
    }
    const tooLong = new Refusal({ status: 413, detail: `the body takes at most ${most} bytes` })
    if (Number(request.headers["content-length"] ?? 0) > most) return yield* tooLong
    const chunks: Array<Uint8Array> = []
    let size = 0
    yield* Stream.runForEach(request.stream, (chunk) => {
      size += chunk.length
      chunks.push(chunk)
      return size > most ? Effect.fail(tooLong) : Effect.void
    }).pipe(Effect.catchTag("RequestError", () => new Refusal({ status: 400, detail: "the body broke off" })))
    const text = attempt(() => new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks)), undefined)
    const parsed = attempt(() => (text === undefined ? undefined : { value: parseJson(text) }), undefined)
    return parsed === undefined
      ? yield* invalid([{ loc: ["body"], msg: "takes JSON", type: "value_error" }])
      : parsed.value
  })
