/**
 * Where the HTTP API answers about stories.
 */
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as Effect from "effect/Effect"
import type { Embedded } from "../runs/embedded.js"
import type { Archive } from "./archive.js"
import * as compareApi from "./compareApi.js"
import type { EventsApi } from "./eventsApi.js"
import * as failuresApi from "./failuresApi.js"
import * as liveApi from "./liveApi.js"
import * as storiesApi from "./storiesApi.js"

const query = HttpServerRequest.ParsedSearchParams

const storyId = Effect.map(HttpRouter.params, (params) => params["story_id"] ?? "")

/** @internal */
export const make = (opened: Embedded, history: Archive, events: EventsApi) => {
  const stories = storiesApi.make(history)
  const failures = failuresApi.make(history)
  const compared = compareApi.make(opened, history)
  return HttpRouter.empty.pipe(
    HttpRouter.get("/api/v1/stories", Effect.flatMap(query, stories.list)),
    HttpRouter.get("/api/v1/stories/:story_id", Effect.flatMap(storyId, stories.show)),
    HttpRouter.get("/api/v1/stories/:story_id/report", Effect.flatMap(storyId, stories.report)),
    HttpRouter.get("/api/v1/failures", Effect.flatMap(query, failures.list)),
    HttpRouter.get("/api/v1/failures/groups", Effect.flatMap(query, failures.groups)),
    HttpRouter.get("/api/v1/stats", Effect.flatMap(query, stories.stats)),
    HttpRouter.get("/api/v1/compare", Effect.flatMap(query, compared.each)),
    HttpRouter.get("/api/v1/compare/groups", Effect.flatMap(query, compared.groups)),
    HttpRouter.get("/api/v1/events", Effect.flatMap(query, events)),
    HttpRouter.get("/api/v1/live", Effect.flatMap(query, liveApi.make(opened, history)))
  )
}
