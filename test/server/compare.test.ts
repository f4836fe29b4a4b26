import { assert, describe, it } from "@effect/vitest"
import { Clock, Data, Duration, Effect } from "effect"
import { Narrative } from "../../src/index.js"
import * as postgres from "../fixtures/postgres.js"
import { recorded } from "../history/histories.js"
import { databases, startedAt } from "./serving.js"
import { validRun } from "./wrongRequests.js"

class Refused extends Data.TaggedError("Refused")<{ readonly message: string }> {}

const build = (version: string, seconds: number, tests: ReadonlyArray<string>, ok = true) => {
  const each = tests.map((name) => Effect.void.pipe(Narrative.stage(name)))
  const test = Effect.all(each, { discard: true }).pipe(
    Narrative.stage("test", { attributes: { count: tests.length } })
  )
  const deploy = ok ? Effect.void : Effect.fail(new Refused({ message: "the gate is closed" }))
  return Effect.gen(function* () {
    yield* Effect.sleep(`${seconds} seconds`).pipe(Narrative.stage("compile"))
    yield* test
    yield* deploy.pipe(Narrative.stage("deploy"))
  }).pipe(Narrative.story("Build", { labels: { version } }), Effect.exit, inOwnTime)
}

/** In a time of its own, in which to sleep takes no time. */
const inOwnTime = <A, E, R>(self: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    let now = Date.now()
    const clock: Clock.Clock = {
      ...Clock.make(),
      unsafeCurrentTimeMillis: () => now,
      unsafeCurrentTimeNanos: () => BigInt(now) * 1_000_000n,
      currentTimeMillis: Effect.sync(() => now),
      currentTimeNanos: Effect.sync(() => BigInt(now) * 1_000_000n),
      sleep: (duration) =>
        Effect.sync(() => {
          now += Duration.toMillis(duration)
        })
    }
    return Effect.withClock(self, clock)
  })

const server = postgres.ofFile()

describe.each(databases(server))("The server that compares, $where,", (served) => {
  const started = startedAt(served)

  it.scopedLive("puts the stages of stories beside each other, and names what differs", () =>
    Effect.gen(function* () {
      const { ask, database } = yield* started
      yield* recorded(Effect.all([build("1", 1, ["a", "b"]), build("2", 2, ["a", "x", "b", "b"], false)]), database)
      const { json: list } = yield* ask("/api/v1/stories?name=Build")
      const ids = list.stories.map((story: { story_id: string }) => story.story_id).reverse()
      const { json } = yield* ask(`/api/v1/compare?id=${ids[0]}&id=${ids[1]}`)
      const shown = json.stages.map(
        ({
          cells,
          name,
          occurrence,
          parent
        }: {
          cells: Array<unknown>
          name: string
          occurrence: number
          parent: number
        }) => [name, occurrence, parent, cells.map((cell) => cell !== null)]
      )
      assert.deepStrictEqual(shown, [
        ["compile", 1, null, [true, true]],
        ["test", 1, null, [true, true]],
        ["a", 1, 1, [true, true]],
        ["x", 1, 1, [false, true]],
        ["b", 1, 1, [true, true]],
        ["b", 2, 1, [false, true]],
        ["deploy", 1, null, [true, true]]
      ])
      const differs = (name: string) => json.stages.find((row: { name: string }) => row.name === name).differs
      assert.deepStrictEqual(differs("compile"), ["duration"])
      assert.include(differs("test"), "attributes")
      assert.deepStrictEqual(differs("x"), ["presence"])
      assert.includeMembers(differs("deploy"), ["status", "error"])
      const field = (name: string) => json.fields.find((one: { name: string }) => one.name === name)
      assert.deepInclude(field("version"), { section: "labels", values: ["1", "2"], differs: true })
      assert.deepInclude(field("name"), { values: ["Build", "Build"], differs: false })
      assert.deepStrictEqual(json.omitted, [0, 0])
    })
  )

  it.scopedLive("compares runs by their columns, also those that no story recorded", () =>
    Effect.gen(function* () {
      const { ask } = yield* started
      for (const event_id of ["a", "b"]) {
        yield* ask("/api/v1/runs", { body: { ...validRun, event_id, run_id: event_id, items_failed: event_id.length } })
      }
      yield* ask("/api/v1/runs/b", { method: "PATCH", body: { items_failed: 7 } })
      const { json } = yield* ask("/api/v1/compare?id=a,b")
      assert.deepStrictEqual(
        json.subjects.map((one: { kind: string }) => one.kind),
        ["run", "run"]
      )
      assert.deepInclude(
        json.fields.find((one: { name: string }) => one.name === "items_failed"),
        { section: "run", values: [1, 7], differs: true }
      )
      assert.deepStrictEqual(json.stages, [])
    })
  )

  it.scopedLive("compares two groups as distributions, and says how sure their difference is", () =>
    Effect.gen(function* () {
      const { ask, database } = yield* started
      const builds = Array.from({ length: 12 }, (_, i) => [
        build("1", 1 + (i % 3), ["a"]),
        build("2", 10 + (i % 3), ["a"], i > 8)
      ]).flat()
      yield* recorded(Effect.all(builds), database)
      const { json } = yield* ask("/api/v1/compare/groups?a.label.version=1&b.label.version=2")
      assert.deepInclude(json.a, { count: 12, failed: 0 })
      assert.deepInclude(json.b, { count: 12, failed: 9 })
      assert.strictEqual(json.difference.probability_longer, 1)
      assert.strictEqual(json.difference.median_seconds.estimate, 9)
      assert.strictEqual(json.difference.certainty, "clear")
      assert.strictEqual(json.stages[0].stage_name, "compile")
      assert.deepStrictEqual(json.sampled, { a: false, b: false })
      const same = yield* ask("/api/v1/compare/groups?a.label.version=1&b.label.version=1")
      assert.strictEqual(same.json.difference.certainty, "none")
      const none = yield* ask("/api/v1/compare/groups?a.name=none&b.name=none")
      assert.strictEqual(none.json.difference.certainty, "unknown")
    })
  )
})
