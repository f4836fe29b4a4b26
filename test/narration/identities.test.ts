/**
 * What a story is known by, its id, its kind, its labels' names and the type of its error, is as free of secrets as what it says.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger } from "effect"
import { validate } from "uuid"
import * as Renderer from "../../src/delivery/Renderer.js"
import * as NarrativeEvent from "../../src/event/NarrativeEvent.js"
import * as Narrative from "../../src/Narrative.js"
import { uuid } from "../../src/plain/ids.js"

const quiet = Effect.provide(Logger.remove(Logger.defaultLogger))

const token = `ghp_${"a1B2".repeat(9)}`

const eventsOf = (effect: Effect.Effect<unknown, unknown>) =>
  Effect.gen(function* () {
    const events: Array<NarrativeEvent.NarrativeEvent> = []
    yield* effect.pipe(Effect.exit, Effect.provide(Renderer.replace(Renderer.make("kept", (e) => void events.push(e)))))
    return events
  })

describe("what identifies a story", () => {
  it("is a UUIDv7 of the time it began, unless another is given", () => {
    for (const time of [0, 1, Date.UTC(2026, 10, 30, 11, 5, 7, 123), 2 ** 48 - 1]) {
      const ids = Array.from({ length: 300 }, () => uuid(time))
      assert.strictEqual(new Set(ids).size, 300)
      for (const id of ids) {
        assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
        assert.strictEqual(Number.parseInt(id.replace("-", "").slice(0, 12), 16), time)
      }
    }
    for (const odd of [-5, Number.NaN, 1.5, 1e300]) assert.isTrue(validate(uuid(odd)))
  })

  it.effect("holds no secret, wherever one is put", () =>
    Effect.gen(function* () {
      const options = { id: `https://u:pw@h/${token}`, kind: token, labels: { [token]: "v", region: "eu" } }
      const events = yield* eventsOf(
        Effect.fail({ _tag: token, message: "no" }).pipe(
          Narrative.stage("Load", { kind: token }),
          Narrative.story("Import", options)
        )
      )
      assert.strictEqual(events.length, 5)
      assert.notInclude(events.map(NarrativeEvent.toWire).join("\n"), token)
      const [started] = events
      assert.strictEqual(started?._tag === "StoryStarted" ? started.labels["region"] : undefined, "eu")
    }).pipe(quiet)
  )

  it.effect("is an id of its own where the given one may not leave or is too long, and the given one otherwise", () =>
    Effect.gen(function* () {
      const idOf = (id: string) =>
        Effect.map(eventsOf(Effect.void.pipe(Narrative.story("Import", { id }))), ([first]) => first?.storyId)
      assert.strictEqual(yield* idOf("order-4711/2026-05-01"), "order-4711/2026-05-01")
      const [first, second, long] = [yield* idOf(token), yield* idOf(token), yield* idOf("i".repeat(1_000_000))]
      assert.notStrictEqual(first, second)
      assert.isBelow(long?.length ?? 0, 257)
    }).pipe(quiet)
  )

  it.effect("keeps a kind and the name of a label of the user's own", () =>
    Effect.gen(function* () {
      const labels = { [`${"l".repeat(300)}`]: "v" }
      const [started] = yield* eventsOf(Effect.void.pipe(Narrative.story("Import", { kind: "nightly job", labels })))
      if (started?._tag !== "StoryStarted") return assert.fail("it did not start")
      assert.strictEqual(started.kind, "nightly job")
      assert.isBelow(Object.keys(started.labels)[0]?.length ?? 0, 280)
    }).pipe(quiet)
  )
})
