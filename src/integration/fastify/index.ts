/**
 * Requests of a Fastify app as stories.
 *
 * @since 0.1.0
 */
import { subscribe, unsubscribe } from "node:diagnostics_channel"
import type { FastifyPluginCallback, FastifyRequest } from "fastify"
import * as hiddenField from "../../plain/hiddenField.js"
import { isObject, propertyOf } from "../../plain/untrusted.js"
import type { Narrator } from "../../promise/Narrator.js"
import { pathOf } from "../incoming.js"
import { follow, sendWith } from "../nodeResponses.js"
import { begin, type RequestOptions, type RequestStory } from "../requests.js"

export type {
  /**
   * @since 0.1.0
   * @category models
   */
  RequestOptions
} from "../requests.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface NarrativeOptions extends RequestOptions<FastifyRequest> {
  /** What narrates the requests. */
  readonly narrator: Pick<Narrator, "open">
}

/** The stories of requests, for what sees their errors; of one that is skipped, none. */
const stories = hiddenField.make<object, RequestStory | undefined>()

const plugin: FastifyPluginCallback<NarrativeOptions> = (fastify, { narrator, ...options }, done) => {
  fastify.addHook("onRequest", (request, reply, done) => {
    // Registered twice, it is one story.
    if (stories.has(request.raw)) return done()
    const story = begin(narrator, options, request, {
      method: request.method,
      path: pathOf(request.url),
      route: request.routeOptions.url,
      headers: request.headers
    })
    stories.set(request.raw, story)
    if (story === undefined) return done()
    follow(request.raw, reply.raw, story)
    // Here the app can read and change it; what is sent past Fastify has it, too.
    for (const name in story.headers) reply.header(name, story.headers[name])
    sendWith(reply.raw, story.headers)
    story.run(done)
  })
  // What went wrong before and after the handler; and in it, also where an error handler of the app's own answers.
  fastify.addHook("onError", (request, _reply, error, done) => {
    stories.get(request.raw)?.fail(error)
    done()
  })
  subscribe(handlerErrors, noteError)
  fastify.addHook("onClose", (_fastify, done) => {
    unsubscribe(handlerErrors, noteError)
    done()
  })
  done()
}

/** Where Fastify says which handler failed, and with what. */
const handlerErrors = "tracing:fastify.request.handler:error"

const noteError = (message: unknown): void => {
  const raw = propertyOf(propertyOf(message, "request"), "raw")
  if (isObject(raw)) stories.get(raw)?.fail(propertyOf(message, "error"))
}

/**
 * A plugin by which every request of the app is a story, from when it came to when its response was sent.
 *
 * The story is named by the route, `GET /orders/:id`. It ends as the response does: `success` below 500, `failed` from there
 * on, `cancelled` if the client went away. The response is the same but for its `x-correlation-id`.
 *
 * @example
 * ```ts
 * import Fastify from "fastify"
 * import { narrative } from "effect-narrative/fastify"
 * import { Narrator } from "effect-narrative/promise"
 *
 * const narrator = await Narrator.make()
 *
 * export const app = Fastify()
 *
 * await app.register(narrative, { narrator, skip: (request) => request.url === "/health" })
 *
 * app.get<{ Params: { id: string } }>("/orders/:id", (request) =>
 *   narrator.stage("Load Order", async () => ({ id: request.params.id }))
 * )
 * ```
 *
 * @since 0.1.0
 * @category plugins
 */
export const narrative: FastifyPluginCallback<NarrativeOptions> = /* @__PURE__ */ Object.assign(plugin, {
  // As `fastify-plugin` says it: what is registered is for the whole app, not for a context of its own.
  [Symbol.for("skip-override")]: true,
  [Symbol.for("fastify.display-name")]: "effect-narrative",
  [Symbol.for("plugin-meta")]: { name: "effect-narrative", fastify: "5.x" }
})
