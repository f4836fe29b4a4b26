/**
 * Requests of a Hono app as stories.
 *
 * @since 0.1.0
 */
import type { Context, MiddlewareHandler } from "hono"
import * as hiddenField from "../../plain/hiddenField.js"
import { attempt, propertyOf } from "../../plain/untrusted.js"
import type { Narrator } from "../../promise/Narrator.js"
import type { IncomingHeaders } from "../../tracing/correlationHeaders.js"
import { follow, type NodeMessage, type NodeResponse, sendWith } from "../nodeResponses.js"
import { begin, type RequestOptions, type RequestStory } from "../requests.js"

export type {
  /**
   * @since 0.1.0
   * @category models
   */
  RequestOptions
} from "../requests.js"

/** The stories of requests; of one that is skipped, none. */
const stories = hiddenField.make<object, RequestStory | undefined>()

/**
 * A middleware by which every request is a story. Use it before any other: what is used after it is inside the story.
 *
 * The story is named by the route, `GET /orders/:id`. With `@hono/node-server` it ends when the response was sent:
 * `success` below 500, `failed` from there on, `cancelled` if the client went away. Elsewhere it ends when the response is
 * there. The response is the same but for its `x-correlation-id`.
 *
 * @example
 * ```ts
 * import { Hono } from "hono"
 * import { narrative } from "effect-narrative/hono"
 * import { Narrator } from "effect-narrative/promise"
 *
 * const narrator = await Narrator.make()
 *
 * export const app = new Hono()
 *   .use(narrative(narrator, { skip: (c) => c.req.path === "/health" }))
 *   .get("/orders/:id", async (c) => {
 *     const order = await narrator.stage("Load Order", async () => ({ id: c.req.param("id") }))
 *     return c.json(order)
 *   })
 * ```
 *
 * @since 0.1.0
 * @category middleware
 */
export const narrative =
  (narrator: Pick<Narrator, "open">, options: RequestOptions<Context> = {}): MiddlewareHandler =>
  (c, next) => {
    const request = c.req.raw
    // Used twice, it is one story.
    if (stories.has(request)) return next()
    const node = nodeOf(c)
    const story = begin(narrator, options, c, {
      method: c.req.method,
      path: c.req.path,
      route: routeOf(c),
      // On Node, the headers of a `Request` are made when they are asked for.
      headers: node?.incoming.headers ?? request.headers
    })
    stories.set(request, story)
    if (story === undefined) return next()
    if (node !== undefined) {
      follow(node.incoming, node.outgoing, story)
      sendWith(node.outgoing, story.headers)
    }
    // Not `await`: where a context is followed, each is another promise to follow.
    return story.run(next).then(
      () => {
        if (c.error !== undefined) story.fail(c.error, c.res.status >= 500)
        if (node === undefined) sent(c.res, story)
      },
      (error) => {
        story.fail(error)
        if (node === undefined) story.gone("server")
        throw error
      }
    )
  }

/** Elsewhere than on Node it is not known when a response was sent. */
const sent = (response: Response, story: RequestStory): void => {
  for (const [name, value] of Object.entries(story.headers)) {
    // The headers of what `fetch` gave cannot be changed.
    attempt(() => response.headers.set(name, value), undefined)
  }
  story.sent(response.status)
}

interface NodeBindings {
  readonly incoming: NodeMessage & { readonly headers: IncomingHeaders }
  readonly outgoing: NodeResponse
}

const nodeOf = (c: Context): NodeBindings | undefined =>
  // What `@hono/node-server` binds: the request and response of `node:http`.
  emits(propertyOf(c.env, "incoming")) && emits(propertyOf(c.env, "outgoing")) ? (c.env as NodeBindings) : undefined

const emits = (value: unknown): boolean => typeof propertyOf(value, "emit") === "function"

/**
 * The route of the first handler that matches; a middleware takes `next`, and comes for every method. Where there are only
 * such, the last that is not of every path: it may answer, as what `app.mount` and `serveStatic` make does.
 */
const routeOf = (c: Context): string | undefined =>
  attempt(() => {
    const { matchedRoutes } = c.req
    const handler = matchedRoutes.find(({ handler, method }) => method !== "ALL" || handler.length < 2)
    return (handler ?? matchedRoutes.findLast(({ path }) => path !== "*" && path !== "/*"))?.path
  }, undefined)
