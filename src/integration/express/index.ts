/**
 * Requests of an Express app as stories.
 *
 * @since 0.1.0
 */
import type { IncomingMessage, ServerResponse } from "node:http"
import * as hiddenField from "../../plain/hiddenField.js"
import { propertyOf } from "../../plain/untrusted.js"
import type { Narrator } from "../../promise/Narrator.js"
import { pathOf } from "../incoming.js"
import { follow } from "../nodeResponses.js"
import { begin, type RequestOptions, type RequestStory } from "../requests.js"
import { routeOf } from "./routes.js"

export type {
  /**
   * @since 0.1.0
   * @category models
   */
  RequestOptions
} from "../requests.js"

/**
 * What is read of an Express request. It is one of `node:http`.
 *
 * @since 0.1.0
 * @category models
 */
export interface ExpressRequest extends IncomingMessage {
  readonly originalUrl: string
}

/**
 * @since 0.1.0
 * @category models
 */
export type Next = (error?: unknown) => void

/** The stories of requests, for what sees their errors; of one that is skipped, none. */
const stories = hiddenField.make<object, RequestStory | undefined>()

/**
 * A middleware by which every request is a story, from here to when its response was sent. Use it before any other: what is
 * used after it is inside the story.
 *
 * The story is named by the route, `GET /orders/:id`, which is looked up before any other middleware runs. It ends as the
 * response does: `success` below 500, `failed` from there on, `cancelled` if the client went away. The response is the same
 * but for its `x-correlation-id`.
 *
 * @example
 * ```ts
 * import express from "express"
 * import { narrative } from "effect-narrative/express"
 * import { Narrator } from "effect-narrative/promise"
 *
 * const narrator = await Narrator.make()
 *
 * export const app = express()
 *   .use(narrative(narrator, { skip: (request) => request.url === "/health" }))
 *   .get("/orders/:id", async (request, response) => {
 *     const order = await narrator.stage("Load Order", async () => ({ id: request.params["id"] }))
 *     response.json(order)
 *   })
 * ```
 *
 * @since 0.1.0
 * @category middleware
 */
export const narrative =
  <Request extends ExpressRequest = ExpressRequest>(
    narrator: Pick<Narrator, "open">,
    options: RequestOptions<Request> = {}
  ): ((request: Request, response: ServerResponse, next: Next) => void) =>
  (request, response, next) => {
    // Used twice, it is one story.
    if (stories.has(request)) return next()
    const story = begin(narrator, options, request, {
      method: request.method ?? "GET",
      path: pathOf(request.originalUrl),
      route: routeOf(request),
      headers: request.headers
    })
    stories.set(request, story)
    if (story === undefined) return next()
    follow(request, response, story, () => lastErrorOf(request))
    if (!response.headersSent) for (const name in story.headers) response.setHeader(name, story.headers[name] ?? "")
    story.run(next)
  }

/**
 * An error handler that only looks: it passes every error on. Express before 5.3 keeps no error of a request; use it after the
 * routes and before the handlers of your own.
 *
 * @since 0.1.0
 * @category middleware
 */
export const narrativeErrors =
  (): ((error: unknown, request: IncomingMessage, response: ServerResponse, next: Next) => void) =>
  // Express knows an error handler by its four parameters.
  (error, request, _response, next) => {
    stories.get(request)?.fail(error)
    next(error)
  }

/** Where the router of Express 5.3 keeps the errors of a request. */
const recordedErrors = Symbol.for("router.tracing.publishedErrors")

const lastErrorOf = (request: IncomingMessage): unknown => {
  const errors = propertyOf(request, recordedErrors)
  return errors instanceof Set ? Array.from(errors as Set<unknown>).at(-1) : undefined
}
