/**
 * Requests to the server that the page came from.
 */
import { computed, signal } from "@preact/signals"
import { type Query, queryText } from "./router.js"
import { isTokenAsked, token } from "./token.js"

/** What is wrong with a part of what was sent. */
export interface FieldFault {
  readonly loc: ReadonlyArray<string | number>
  readonly msg: string
}

/** A request that was not answered as it was meant to be. `status` is 0 where there was no answer at all. */
export class ApiError extends Error {
  override readonly name = "ApiError"

  constructor(
    readonly status: number,
    readonly detail: string | ReadonlyArray<FieldFault>
  ) {
    super(typeof detail === "string" ? detail : detail.map(({ loc, msg }) => `${loc.at(-1)} ${msg}`).join("; "))
  }
}

export interface Request {
  readonly method?: "GET" | "POST" | "PATCH" | "DELETE"
  readonly query?: Query
  /** Sent as JSON. */
  readonly body?: unknown
  readonly headers?: { readonly [name: string]: string }
  readonly signal?: AbortSignal
}

export interface Answer<A> {
  readonly value: A
  readonly headers: Headers
}

const pending = signal(0)

/** Whether an answer is awaited. */
export const isBusy = computed(() => pending.value > 0)

/** The response to a request, if it is one of success. */
export const request = async (path: string, given: Request = {}): Promise<Response> => {
  const { body, headers = {}, method = "GET", query = {}, signal } = given
  pending.value += 1
  try {
    const response = await fetch(`${path}${queryText(query)}`, {
      method,
      headers: {
        ...headers,
        ...(token.value === undefined ? {} : { authorization: `Bearer ${token.value}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" })
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal })
    })
    if (response.ok) return response
    if (response.status === 401) isTokenAsked.value = true
    throw new ApiError(response.status, await detailOf(response))
  } catch (error) {
    if (error instanceof ApiError || signal?.aborted === true) throw error
    throw new ApiError(0, "The server cannot be reached. Is it still running?")
  } finally {
    pending.value -= 1
  }
}

/** What the server answers, with its headers. `A` is what that part of the API answers with. */
export const ask = async <A>(path: string, given: Request = {}): Promise<Answer<A>> => {
  const response = await request(path, given)
  return { value: (await response.json()) as A, headers: response.headers }
}

export const get = async <A>(path: string, query: Query = {}, signal?: AbortSignal): Promise<A> => {
  const { value } = await ask<A>(path, { query, ...(signal === undefined ? {} : { signal }) })
  return value
}

const detailOf = async (response: Response): Promise<ApiError["detail"]> => {
  const body: unknown = await response.json().catch(() => undefined)
  const detail: unknown = typeof body === "object" && body !== null && "detail" in body ? body.detail : undefined
  if (typeof detail === "string") return detail
  // The one shape that the API has for faults of fields.
  if (Array.isArray(detail)) return detail as ReadonlyArray<FieldFault>
  return `The server answered ${response.status} ${response.statusText}`
}
