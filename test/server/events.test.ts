import { get, type IncomingMessage } from "node:http"
import { assert, describe, it } from "@effect/vitest"
import { Chunk, Deferred, Effect, Exit, Fiber, Random, Scope, Stream } from "effect"
import { eventNames } from "../../src/history/database/eventNames.js"
import { decode } from "../../src/history/database/pgOptions.js"
import { ofFile, ofPg } from "../../src/history/database/source.js"
import { Narrative } from "../../src/index.js"
import * as archive from "../../src/server/archive.js"
import { follow } from "../../src/server/eventsApi.js"
import * as postgres from "../fixtures/postgres.js"
import { recorded } from "../history/histories.js"
import { databases, startedAt } from "./serving.js"

interface Message {
  readonly id: string
  readonly data: string | undefined
}

/** What a browser makes of a stream: https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation */
const messagesIn = (text: string): ReadonlyArray<Message> =>
  text
    .split("\n\n")
    .slice(0, -1)
    .flatMap((block) => {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1]
      const id = field("id")
      return id === undefined ? [] : [{ id, data: field("data") }]
    })

/** Reads until it has seen enough, and breaks off. */
const readUntil = (
  url: string,
  headers: Readonly<Record<string, string>>,
  isEnough: (messages: ReadonlyArray<Message>) => boolean
) =>
  Effect.async<{ readonly response: IncomingMessage; readonly messages: ReadonlyArray<Message> }>((resume) => {
    const request = get(url, { headers, agent: false }, (response) => {
      let text = ""
      const end = () => resume(Effect.succeed({ response, messages: messagesIn(text) }))
      response.on("data", (chunk: Buffer) => {
        text += chunk.toString()
        if (!isEnough(messagesIn(text))) return
        request.destroy()
        end()
      })
      response.on("end", end)
      response.on("error", end)
    })
    request.on("error", () => {})
    return Effect.sync(() => request.destroy())
  })

const story = (name: string, stages: number) =>
  Effect.forEach(
    Array.from({ length: stages }, (_, i) => i),
    (i) => Effect.void.pipe(Narrative.stage(`stage ${i}`)),
    { discard: true }
  ).pipe(Narrative.story(name))

const everything = { limit: 50, story: undefined, storyId: undefined, states: undefined, kinds: undefined }

const server = postgres.ofFile()

describe.each(databases(server))("The events of a server, $where,", (served) => {
  const started = startedAt(served)

  it.scopedLive("reach a client that is cut off again and again, each exactly once and in order", () =>
    Effect.gen(function* () {
      const { ask, database, port } = yield* started
      yield* recorded(story("first", 3), database)
      yield* ask("/api/v1/live")
      const writer = yield* Effect.fork(
        Effect.forEach(
          Array.from({ length: 12 }, (_, i) => i),
          (i) => recorded(story(`story ${i}`, 5), database, { batchWithin: "2 millis" }),
          { discard: true }
        )
      )
      const seen: Array<string> = []
      let last = "0"
      const url = `http://127.0.0.1:${port}/api/v1/events?after=0`
      const total = (1 + 12) * 2 + (3 + 12 * 5) * 2
      while (seen.length < total) {
        const few = yield* Random.nextIntBetween(0, 9)
        const { messages } = yield* readUntil(
          url,
          last === "0" ? {} : { "last-event-id": last },
          (messages) => messages.length > few || messages.length - 1 >= total - seen.length
        )
        for (const { data, id } of messages) {
          if (data !== undefined) seen.push(id)
          last = id
        }
      }
      assert.isTrue(Exit.isSuccess(yield* Fiber.await(writer)))
      const rows = yield* served.rowsOf(database, "SELECT id FROM events ORDER BY id")
      assert.deepStrictEqual(
        seen,
        rows.map(({ id }) => String(id))
      )
    })
  )

  it.scopedLive("begin now unless a place is given, and are those of a filter", () =>
    Effect.gen(function* () {
      const { database, port } = yield* started
      yield* recorded(story("old", 2), database)
      const begun = yield* Deferred.make<void>()
      const from = (query: string, count: number) =>
        Effect.map(
          readUntil(`http://127.0.0.1:${port}/api/v1/events${query}`, {}, (all) => {
            if (query === "" && all.length > 0) Deferred.unsafeDone(begun, Effect.void)
            return all.length > count
          }),
          ({ messages, response }) => {
            assert.strictEqual(response.headers["content-type"], "text/event-stream")
            return messages.flatMap(({ data }) => (data === undefined ? [] : [JSON.parse(data)]))
          }
        )
      // On PostgreSQL, what another transaction may still come before is read later: it would be after "now".
      yield* from("?after=0", 6)
      const now = yield* Effect.fork(from("", 1))
      // The first message is the place where it begins.
      yield* Deferred.await(begun)
      yield* recorded(story("new", 1), database)
      const [first] = yield* Fiber.join(now)
      assert.deepInclude(first, { event: "StoryStarted", story_name: "new" })
      const ended = yield* from("?after=0&event=StoryCompleted&status=success", 2)
      assert.deepStrictEqual(
        ended.map(({ story_name }) => story_name),
        ["old", "new"]
      )
      const ofNew = yield* from(`?after=0&story_id=${first.story_id}`, 4)
      assert.deepStrictEqual(
        ofNew.map(({ event }) => event),
        ["StoryStarted", "StageStarted", "StageCompleted", "StoryCompleted"]
      )
    })
  )

  it.scopedLive("end when the server is stopped, which does not wait for their clients", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { port } = yield* Scope.extend(started, scope)
      const isOpen = yield* Deferred.make<void>()
      const client = yield* Effect.fork(
        readUntil(`http://127.0.0.1:${port}/api/v1/events`, {}, () => {
          Deferred.unsafeDone(isOpen, Effect.void)
          return false
        })
      )
      yield* Deferred.await(isOpen)
      yield* Scope.close(scope, Exit.void)
      const { messages } = yield* Fiber.join(client)
      assert.deepStrictEqual(
        messages.map(({ data }) => data),
        [undefined]
      )
    })
  )

  it.scopedLive("refuse a filter that cannot be meant, and a place that is none", () =>
    Effect.gen(function* () {
      const { ask } = yield* started
      const refused = (query: string, headers = {}) => ask(`/api/v1/events${query}`, { headers })
      const wrong: ReadonlyArray<readonly [string, object, string]> = [
        ["?after=soon", {}, "after"],
        ["?status=done", {}, "status"],
        ["?event=StoryBegun", {}, "event"],
        ["?storyid=1", {}, "storyid"],
        ["", { "last-event-id": "x" }, "last-event-id"]
      ]
      for (const [query, headers, names] of wrong) {
        const { json, status } = yield* refused(query, headers)
        assert.strictEqual(status, 422, query)
        assert.include(JSON.stringify(json.detail), names)
      }
      assert.include((yield* refused("?event=none")).json.detail[0].msg, eventNames[0])
    })
  )
})

describe.each(databases(server))("The events of a long history, $where,", (served) => {
  it.scopedLive("are read a page at a time, when what was sent before has left", () =>
    Effect.gen(function* () {
      const { database, options } = yield* startedAt(served)
      yield* recorded(story("long", 400), database)
      const source =
        options.postgres === undefined ? ofFile(database) : ofPg(yield* decode({ url: options.postgres.url }))
      const history = yield* archive.make(source)
      let queries = 0
      const counted: archive.Archive = {
        ...history,
        query: (query) =>
          Effect.suspend(() => {
            queries += 1
            return history.query(query)
          })
      }
      const read = yield* Stream.runCollect(Stream.take(follow(counted, 0, everything), 30))
      assert.strictEqual(Chunk.size(read), 30)
      assert.strictEqual(queries, 1)
    })
  )
})
