/**
 * How the server refuses: one shape for every error, which names the field.
 */
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Data from "effect/Data"
import type { InputFault } from "../runs/runInput.js"

/** An answer that is an error. `detail`: a text, or what is wrong with each field. */
export class Refusal extends Data.TaggedError("Refusal")<{
  readonly status: number
  readonly detail: string | ReadonlyArray<InputFault>
  readonly headers?: Readonly<Record<string, string>> | undefined
}> {}

export const invalid = (faults: ReadonlyArray<InputFault>): Refusal => new Refusal({ status: 422, detail: faults })

export const notFound = (what: string): Refusal => new Refusal({ status: 404, detail: what })

export const json = (
  value: unknown,
  status = 200,
  headers: Readonly<Record<string, string>> = {}
): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(JSON.stringify(value), {
    status,
    contentType: "application/json",
    headers: { ...headers, "x-content-type-options": "nosniff", "cache-control": "no-store" }
  })

export const ofRefusal = ({ detail, headers, status }: Refusal): HttpServerResponse.HttpServerResponse =>
  json({ detail }, status, headers)
