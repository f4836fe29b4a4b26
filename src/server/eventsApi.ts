/**
 * The events of a history as they happen, as server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html
 *
 * The id of an event is its cursor, from which a client that was cut off goes on. Nothing is kept for a client: a page of events is
 * read when what was sent before has left.
 */
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { eventNames } from "../history/database/eventNames.js"
import { type TailFilter, tail } from "../history/read/eventList.js"
import * as polling from "../history/read/polling.js"
import { StoryState } from "../history/StoryRecord.js"
import { warning } from "../runtime/warnOnce.js"
import { invalid, Refusal } from "./answers.js"
import type { Archive } from "./archive.js"
import * as readModels from "./readModels.js"
import * as readQuery from "./readQuery.js"

/** Events that are read at a time. */
const pageSize = 200
/** A connection that is silent for longer is taken for dead by what is between, in milliseconds. */
const heartbeat = 15_000
/** When a client that was cut off comes again, in milliseconds. */
const comesAgain = 2_000
/** Most clients at a time. */
const mostClients = 256

export type EventsApi = (
  query: readQuery.Query
) => Effect.Effect<HttpServerResponse.HttpServerResponse, Refusal, HttpServerRequest.HttpServerRequest>

/** Streams end when the scope is closed: clients come again, to whoever is there then. */
export const make = (archive: Archive): Effect.Effect<EventsApi, never, Scope.Scope> =>
  Effect.gen(function* () {
    const stopped = yield* Deferred.make<void>()
    yield* Effect.addFinalizer(() => Deferred.succeed(stopped, undefined))
    let clients = 0
    return (given) =>
      Effect.gen(function* () {
        const { after, ...filter } = yield* readQuery.parsed(given, (query) => ({
          after: query.whole("after", 0, Number.MAX_SAFE_INTEGER),
          story: query.text("story"),
          storyId: query.text("story_id"),
          states: query.someOf("status", StoryState.literals),
          kinds: query.someOf("event", eventNames)
        }))
        const last = yield* lastEventId
        const start = last ?? after ?? (yield* archive.read((history) => history.cursor))
        if (clients >= mostClients) {
          return yield* new Refusal({
            status: 503,
            detail: `at most ${mostClients} clients follow events at a time`,
            headers: { "retry-after": String(comesAgain / 1_000) }
          })
        }
        const counted = Stream.acquireRelease(
          Effect.sync(() => (clients += 1)),
          () => Effect.sync(() => (clients -= 1))
        )
        const events = Stream.flatMap(counted, () => follow(archive, start, { ...filter, limit: pageSize }))
        return HttpServerResponse.stream(Stream.interruptWhenDeferred(events, stopped), {
          contentType: "text/event-stream",
          // What is between must not gather it up.
          headers: { "cache-control": "no-store", "x-accel-buffering": "no", "x-content-type-options": "nosniff" }
        })
      })
  })

/** Sent by a browser that comes again, although the address is still the one that it first asked. */
const lastEventId = Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ headers }) => {
  const given = headers["last-event-id"]
  if (given === undefined || given === "") return Effect.succeed(undefined)
  const cursor = /^\d{1,16}$/.test(given) ? Number(given) : Number.NaN
  return Number.isSafeInteger(cursor)
    ? Effect.succeed(cursor)
    : invalid([
        { loc: ["header", "last-event-id"], msg: "takes the id of an event of this stream", type: "value_error" }
      ])
})

interface Place {
  readonly cursor: number
  /** When something was sent last. */
  readonly sentAt: number
}

/** @internal */
export const follow = (archive: Archive, start: number, filter: TailFilter): Stream.Stream<Uint8Array> => {
  // Known from the beginning: who is cut off before the first event goes on from here, too.
  const opening = Stream.make(bytes(`retry: ${comesAgain}\nid: ${start}\n\n`))
  const page = ({ ask }: polling.Polling, place: Place) =>
    Effect.gen(function* () {
      const { changes, cursor } = yield* ask(
        archive.query((sql) => tail(sql, place.cursor, filter)),
        ({ changes, isLast }) => changes.length > 0 || !isLast
      )
      const now = yield* Clock.currentTimeMillis
      if (changes.length > 0) return [Chunk.unsafeFromArray(changes.map(message)), goOn(cursor, now)] as const
      // With its place, so that who comes again need not be looked for what is not for them.
      return now - place.sentAt < heartbeat
        ? ([Chunk.empty<Uint8Array>(), goOn(cursor, place.sentAt)] as const)
        : ([Chunk.of(bytes(`: still here\nid: ${cursor}\n\n`)), goOn(cursor, now)] as const)
    })
  const events = Stream.unwrapScoped(
    Effect.map(Effect.all([archive.arrivals, Clock.currentTimeMillis]), ([arrivals, now]) => {
      const asking = polling.make(arrivals)
      return Stream.paginateChunkEffect({ cursor: start, sentAt: now }, (place) => page(asking, place))
    })
  )
  return Stream.concat(opening, events).pipe(
    Stream.catchAll((refusal) =>
      Stream.execute(warning(`A client that follows events was cut off: ${JSON.stringify(refusal.detail)}`))
    )
  )
}

const goOn = (cursor: number, sentAt: number): Option.Option<Place> => Option.some({ cursor, sentAt })

const encoder = new TextEncoder()

const bytes = (text: string): Uint8Array => encoder.encode(text)

const encode = Schema.encodeSync(readModels.Event)

/** JSON has no line break of its own. */
const message = (change: typeof readModels.Event.Type): Uint8Array =>
  bytes(`id: ${change.cursor}\ndata: ${JSON.stringify(encode(change))}\n\n`)
