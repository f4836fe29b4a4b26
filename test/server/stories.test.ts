import { assert, describe, it } from "@effect/vitest"
import { Data, Deferred, Effect, Exit, Fiber, Logger } from "effect"
import { History } from "../../src/history/index.js"
import { Correlation, Narrative } from "../../src/index.js"
import * as postgres from "../fixtures/postgres.js"
import { asked, recorded } from "../history/histories.js"
import { databases, type ServedDatabase, startedAt } from "./serving.js"

const wrongQuestions: ReadonlyArray<readonly [path: string, status: number, names: string]> = [
  ["stories?status=done", 422, "status"],
  ["stories?status=", 422, "status"],
  ["stories?stauts=failed", 422, "stauts"],
  ["stories?name=a&name=b", 422, "name"],
  ["stories?since=yesterday", 422, "since"],
  ["stories?until=2026-99-01", 422, "until"],
  ["stories?limit=0", 422, "limit"],
  ["stories?limit=1001", 422, "limit"],
  ["stories?limit=many", 422, "limit"],
  ["stories?cursor=7", 422, "cursor"],
  ["stories?roots=yes", 422, "roots"],
  ["stories?label.=1", 422, "label."],
  [`stories?text=${"x".repeat(201)}`, 422, "text"],
  ["stories/none", 404, "none"],
  ["stories/none/report", 404, "none"],
  ["stories/none/other", 404, "/api/v1/stories/none/other"],
  ["failures?code=9", 422, "code"],
  ["failures?handled=no", 422, "handled"],
  ["failures?cursor=2026", 422, "cursor"],
  ["failures/groups?limit=201", 422, "limit"],
  ["failures/groups?since=1h&until=2h", 422, "until"],
  ["stats?since=2026-02-01&until=2026-01-01", 422, "until"],
  ["stats?name=Order", 422, "name"],
  ["live?limit=501", 422, "limit"],
  ["live?recent=1001", 422, "recent"],
  ["compare", 422, "id"],
  ["compare?id=a", 422, "id"],
  ["compare?id=a&id=a", 422, "id"],
  ["compare?id=a,b,c,d,e,f,g", 422, "id"],
  ["compare?id=a&id=b", 404, "no story and no run has the id a"],
  ["compare/groups?a.status=done", 422, "a.status"],
  ["compare/groups?b.since=soon", 422, "b.since"],
  ["compare/groups?name=Order", 422, "name"]
]

const withoutLog = Effect.provide(Logger.remove(Logger.defaultLogger))

class NoSuchOrder extends Data.TaggedError("NoSuchOrder")<{ readonly message: string }> {}

const shop = (version: string) =>
  Effect.gen(function* () {
    yield* Effect.log("begins").pipe(Narrative.stage("load"))
    return yield* Effect.fail(new NoSuchOrder({ message: "no such order" })).pipe(Narrative.stage("pay"))
  }).pipe(Narrative.story("Order", { labels: { version } }), Effect.exit, withoutLog)

const visit = Effect.void.pipe(
  Narrative.stage("look"),
  Narrative.story("Visit", { labels: { version: "1" } }),
  Correlation.with({ tenant: "tenant-7" })
)

/** A server of a database that has stories of two programs. */
const storiesAt = (served: ServedDatabase) =>
  Effect.tap(startedAt(served), ({ database }) =>
    recorded(Effect.all([shop("1"), visit, shop("2"), shop("2")]), database)
  )

describe.each(databases(postgres.ofFile()))("The server of stories, $where,", (served) => {
  const started = startedAt(served)
  const withStories = storiesAt(served)

  it.scopedLive("lists stories by their status, labels and name, a page at a time", () =>
    Effect.gen(function* () {
      const { ask } = yield* withStories
      const names = (path: string) =>
        Effect.map(ask(`/api/v1/stories${path}`), ({ json }) =>
          json.stories.map((story: { story_name: string }) => story.story_name)
        )
      assert.deepStrictEqual(yield* names(""), ["Order", "Order", "Visit", "Order"])
      assert.deepStrictEqual(yield* names("?status=failed&label.version=2"), ["Order", "Order"])
      assert.deepStrictEqual(yield* names("?name=Visit&status=success,failed&roots=true"), ["Visit"])
      const first = yield* ask("/api/v1/stories?limit=3")
      assert.lengthOf(first.json.stories, 3)
      const rest = yield* ask(`/api/v1/stories?limit=3&cursor=${first.json.next}`)
      assert.deepStrictEqual([rest.json.stories.length, rest.json.next], [1, null])
    })
  )

  it.scopedLive(
    "finds stories by a text in their names, labels, failures, ids, and the ids of who asked for them",
    () =>
      Effect.gen(function* () {
        const { ask } = yield* withStories
        const found = (query: string) =>
          Effect.map(ask(`/api/v1/stories?${query}`), ({ json }) =>
            json.stories.map((story: { story_name: string }) => story.story_name)
          )
        assert.deepStrictEqual(yield* found("text=VISI"), ["Visit"])
        assert.deepStrictEqual(yield* found("text=SUCH%20order"), ["Order", "Order", "Order"])
        assert.deepStrictEqual(yield* found("text=NoSuch&label.version=1"), ["Order"])
        assert.deepStrictEqual(yield* found("text=version=1"), ["Visit", "Order"])
        assert.deepStrictEqual(yield* found("text=version=1&label.version=2"), [])
        assert.deepStrictEqual(yield* found("text=tenant-7"), ["Visit"])
        assert.deepStrictEqual(yield* found("text=%25"), [])
        const [{ story_id }] = (yield* ask("/api/v1/stories?name=Visit")).json.stories
        assert.deepStrictEqual(yield* found(`text=${story_id.slice(0, -4)}`), ["Visit"])
        const first = yield* ask("/api/v1/stories?text=order&limit=2")
        assert.lengthOf(first.json.stories, 2)
        assert.lengthOf((yield* ask(`/api/v1/stories?text=order&cursor=${first.json.next}`)).json.stories, 1)
      })
  )

  it.scopedLive("shows one story with all that is kept of it, and as its page shows it", () =>
    Effect.gen(function* () {
      const { ask } = yield* withStories
      const { json: list } = yield* ask("/api/v1/stories?status=failed&limit=1")
      const id = list.stories[0].story_id
      const { json: story } = yield* ask(`/api/v1/stories/${id}`)
      assert.deepStrictEqual(
        story.stages.map(({ stage_name, status }: Record<string, string>) => [stage_name, status]),
        [
          ["load", "completed"],
          ["pay", "failed"]
        ]
      )
      assert.strictEqual(story.failures[0].report.failures[0].error_message, "no such order")
      const { json: report } = yield* ask(`/api/v1/stories/${id}/report`)
      assert.strictEqual(report.page, "report")
      assert.deepStrictEqual(
        report.stories[0].nodes.map(({ name }: { name: string }) => name),
        ["Order", "load", "pay"]
      )
    })
  )

  it.scopedLive("shows what runs now, the stage it is in, and its page as far as it is known", () =>
    Effect.gen(function* () {
      const { ask, database } = yield* started
      const isIn = yield* Deferred.make<void>()
      const mayEnd = yield* Deferred.make<void>()
      const work = Effect.gen(function* () {
        yield* Narrative.progress(3, 10)
        yield* Deferred.succeed(isIn, undefined)
        yield* Deferred.await(mayEnd)
      }).pipe(Narrative.stage("inner"), Narrative.stage("outer"), Narrative.story("Long", { totalStages: 4 }))
      const fiber = yield* Effect.fork(recorded(work, database, { batchWithin: "1 millis" }))
      yield* Deferred.await(isIn)
      const live = yield* ask("/api/v1/live").pipe(
        Effect.repeat({ until: ({ json }) => json.stories[0]?.stages.length === 2 })
      )
      const [one] = live.json.stories
      assert.deepInclude(one, { started_stages: 2, completed_stages: 0, failed_stages: 0, percent: 0 })
      assert.deepStrictEqual(
        one.stages.map(({ path }: { path: ReadonlyArray<string> }) => path),
        [["outer"], ["outer", "inner"]]
      )
      assert.isString(one.last_event_at)
      const { json: page } = yield* ask(`/api/v1/stories/${one.story.story_id}/report`)
      assert.isUndefined(page.stories[0].nodes[0].seconds)
      yield* Deferred.succeed(mayEnd, undefined)
      assert.isTrue(Exit.isSuccess(yield* Fiber.await(fiber)))
      assert.deepStrictEqual((yield* ask("/api/v1/live")).json.stories, [])
    })
  )

  it.scopedLive("lists failures, and counts those of one kind with the versions they were seen in", () =>
    Effect.gen(function* () {
      const { ask } = yield* withStories
      const first = yield* ask("/api/v1/failures?limit=2&story=Order")
      assert.lengthOf(first.json.failures, 2)
      const rest = yield* ask(`/api/v1/failures?limit=2&story=Order&cursor=${first.json.next}`)
      assert.deepStrictEqual([rest.json.failures.length, rest.json.next], [1, null])
      const { json } = yield* ask("/api/v1/failures/groups")
      assert.deepInclude(json, { count: 3, total: 1 })
      const [group] = json.groups
      assert.deepInclude(group, { count: 3, stories: 3, handled: 0, error_message: "no such order", stage_name: "pay" })
      assert.deepStrictEqual(
        group.labels.map(({ count, name, value }: Record<string, unknown>) => [name, value, count]),
        [
          ["version", "1", 1],
          ["version", "2", 2]
        ]
      )
      assert.strictEqual(
        group.buckets.reduce((sum: number, count: number) => sum + count, 0),
        3
      )
      assert.strictEqual((yield* ask("/api/v1/stats")).json.failure_count, 3)
    })
  )

  it.scopedLive("refuses wrong questions, each with its code and the parameter", () =>
    Effect.gen(function* () {
      const { ask } = yield* started
      for (const [path, status, names] of wrongQuestions) {
        const answer = yield* ask(`/api/v1/${path}`)
        assert.strictEqual(answer.status, status, path)
        assert.include(JSON.stringify(answer.json.detail), names, path)
        if (status === 422)
          for (const fault of answer.json.detail) assert.hasAllKeys(fault, ["loc", "msg", "type"], path)
      }
      assert.strictEqual((yield* ask("/api/v1/stories", { method: "DELETE" })).status, 405)
    })
  )

  it.scopedLive("gives what runs now a cursor before as many of the newest events as are asked for", () =>
    Effect.gen(function* () {
      const { ask, database } = yield* storiesAt(served)
      // PostgreSQL gives events once every transaction that began before theirs has ended, one of its own included.
      const { events } = yield* Effect.repeat(
        Effect.delay(asked(History.events(0, { limit: 1_000 }), database), "10 millis"),
        { until: ({ events }) => events.filter(({ _tag }) => _tag === "StoryCompleted").length === 4 }
      )
      for (const recent of [0, 1, 3, 12]) {
        const { json } = yield* ask(`/api/v1/live?recent=${recent}`)
        const after = yield* asked(History.events(json.cursor, { limit: 1_000 }), database)
        assert.deepStrictEqual(after.events, events.slice(events.length - recent))
      }
    })
  )

  it.scopedLive("answers before any program has written a story", () =>
    Effect.gen(function* () {
      const { ask } = yield* started
      assert.deepStrictEqual((yield* ask("/api/v1/stories")).json, { stories: [], next: null })
      assert.deepStrictEqual((yield* ask("/api/v1/failures/groups")).json.groups, [])
      assert.deepStrictEqual((yield* ask("/api/v1/live")).json.stories, [])
      assert.strictEqual((yield* ask("/api/v1/stories/none")).status, 404)
    })
  )
})
