/**
 * A request as a story, whatever framework it came through: its name, who asked, and how it ended.
 */
import { withIds } from "../event/correlationFields.js"
import { extended } from "../plain/extended.js"
import { uuid } from "../plain/ids.js"
import { attempt, propertyOf } from "../plain/untrusted.js"
import type { Narrator, OpenStory } from "../promise/Narrator.js"
import { openRootBy } from "../promise/openers.js"
import type { Correlation } from "../tracing/Correlation.js"
import { answerHeaders, type IncomingHeaders } from "../tracing/correlationHeaders.js"
import { saidBy } from "./incoming.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface RequestOptions<in Request> {
  /** Requests that are no story: health checks, for instance. */
  readonly skip?: ((request: Request) => boolean) | undefined
  /**
   * What a request's story is called (default: `GET /orders/:id`, its method and route; its method alone, where no route
   * is found). Names become labels of metrics: there should be few.
   */
  readonly naming?: ((request: Request, route: string | undefined) => string) | undefined
  /** What to know of the request: span attributes, shown in failure reports. */
  readonly attributes?: ((request: Request) => Readonly<Record<string, unknown>>) | undefined
  /** Whether to believe what a request's headers say of who asked (default: yes). */
  readonly trustHeaders?: boolean | undefined
  /** Whether a response says its `x-correlation-id`, and the `x-request-id` of its request (default: yes). */
  readonly sendHeaders?: boolean | undefined
}

/** What is read of any request. */
export interface IncomingRequest {
  readonly method: string
  /** The path, without a query. */
  readonly path: string
  /** The pattern that the path matched: `/orders/:id`. */
  readonly route: string | undefined
  readonly headers: IncomingHeaders
}

export interface RequestStory {
  /** Calls a function inside the story. */
  run<A>(f: () => A): A
  /** What the response says of who asked. */
  readonly headers: { readonly [name: string]: string }
  /**
   * Notes what went wrong. It is reported if the response says so, or does not come; `isServerError` says that it would have
   * said so, had it not begun before.
   */
  fail(error: unknown, isServerError?: boolean): void
  /** The response was sent. */
  sent(status: number): void
  /** It was not, or not all of it: the client went away, or the server closed the connection. */
  gone(reason: "client" | "server" | "timeout"): void
}

/** Begins the story of a request; `undefined` if it is to be skipped. */
export const begin = <Request>(
  narrator: Pick<Narrator, "open">,
  options: RequestOptions<Request>,
  request: Request,
  { headers, method, path, route }: IncomingRequest
): RequestStory | undefined => {
  if (options.skip !== undefined && attempt(() => options.skip?.(request) === true, false)) return undefined
  const usual = route === undefined ? method : `${method} ${route}`
  const given: unknown = options.naming && attempt(() => options.naming?.(request, route), undefined)
  const name = typeof given === "string" && given !== "" ? given : usual
  const correlation = correlationOf(headers, options.trustHeaders !== false)
  const known =
    route === undefined
      ? { "http.request.method": method, "url.path": path }
      : { "http.request.method": method, "url.path": path, "http.route": route }
  const more = options.attributes && attempt(() => options.attributes?.(request), undefined)
  const attributes = more === undefined ? known : extended(known, more)
  const story = openRootBy(narrator)(name, { kind: "request", correlation, attributes })
  return new OpenRequest(story, options.sendHeaders === false ? noHeaders : answerHeaders(correlation))
}

class OpenRequest implements RequestStory {
  private failure: { readonly error: unknown; readonly isServerError: boolean } | undefined

  constructor(
    private readonly story: OpenStory,
    readonly headers: RequestStory["headers"]
  ) {}

  run<A>(f: () => A): A {
    return this.story.run(f)
  }

  fail(error: unknown, isServerError = false): void {
    const before = this.failure
    this.failure = {
      error,
      isServerError: isServerError || (before !== undefined && before.error === error && before.isServerError)
    }
  }

  sent(status: number): void {
    const error = this.failure?.error
    const isSuccess = status < 500 && !(this.failure?.isServerError ?? false)
    const attributes = { "http.response.status_code": status }
    this.story.end({ status: isSuccess ? "success" : statusOf(error), error, outcome: String(status), attributes })
  }

  gone(reason: "client" | "server" | "timeout"): void {
    const error = this.failure?.error
    if (reason === "timeout") this.story.end({ status: "timeout", error })
    else if (reason === "client" && (this.failure === undefined || isOfClient(error))) {
      this.story.end({ status: "cancelled" })
    } else this.story.end({ status: statusOf(error), error })
  }
}

/** An error that says how the request ended: in time, or not. */
const statusOf = (error: unknown): "failed" | "timeout" =>
  propertyOf(error, "name") === "TimeoutError" ? "timeout" : "failed"

/** What reading from, or writing to, a client that went away fails with. */
const clientErrors: ReadonlySet<unknown> = new Set([
  "ECONNABORTED",
  "ECONNRESET",
  "EPIPE",
  "ERR_STREAM_PREMATURE_CLOSE",
  "ERR_STREAM_DESTROYED",
  "ABORT_ERR"
])

export const isOfClient = (error: unknown): boolean =>
  clientErrors.has(propertyOf(error, "code")) || propertyOf(error, "name") === "AbortError"

const correlationOf = (headers: IncomingHeaders, isTrusted: boolean): Correlation => {
  const said = saidBy(headers, isTrusted)
  return said.correlationId === undefined ? withIds(said, { correlationId: uuid(Date.now()) }) : said
}

const noHeaders: RequestStory["headers"] = {}
