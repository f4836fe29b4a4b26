import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck as fc, Option } from "effect"
import { Narrative, SubStories } from "../../../src/index.js"

describe("SubStories", () => {
  it.effect("knows the stories that run, around and inside each other", () =>
    Effect.gen(function* () {
      const stories = yield* SubStories.SubStories
      yield* Effect.gen(function* () {
        const ids = (children: ReadonlyArray<SubStories.Child>) => children.map(({ storyId }) => storyId)
        assert.deepStrictEqual(ids(yield* stories.childrenOf("root")), ["child"])
        assert.deepStrictEqual(ids(yield* stories.descendantsOf("root")), ["child", "grandchild"])
        assert.deepStrictEqual(yield* stories.parentOf("grandchild"), Option.some("child"))
        assert.deepStrictEqual(yield* stories.parentOf("root"), Option.none())
        assert.strictEqual(yield* stories.rootOf("grandchild"), "root")
        assert.strictEqual(yield* stories.rootOf("root"), "root")
      }).pipe(
        Narrative.story("Grandchild", { id: "grandchild" }),
        Narrative.story("Child", { id: "child" }),
        Narrative.story("Root", { id: "root" })
      )
      assert.deepStrictEqual(yield* stories.childrenOf("root"), [])
      assert.deepStrictEqual(yield* stories.metrics, {
        registrationCount: 2,
        unregistrationCount: 2,
        lookupCount: 4,
        treeTraversalCount: 3,
        cleanupCount: 2,
        maxConcurrentChildren: 1,
        maxDepthSeen: 2,
        activeParents: 0,
        activeChildren: 0,
        totalRelationships: 0
      })
      yield* stories.resetMetrics
      assert.strictEqual((yield* stories.metrics).registrationCount, 0)
    }).pipe(Effect.provide(SubStories.layer))
  )

  it.effect.prop(
    "keeps nothing of stories that ended, failed or were interrupted",
    [fc.array(fc.nat(2), { maxLength: 8 })],
    ([ways]) =>
      Effect.gen(function* () {
        const stories = yield* SubStories.SubStories
        const bodies = [Effect.void, Effect.fail("no"), Effect.interrupt] as const
        yield* Effect.forEach(ways, (way) => Effect.exit(Narrative.story(bodies[way] ?? Effect.void, "Child")), {
          concurrency: "unbounded"
        }).pipe(Narrative.story("Root"), Effect.exit)
        const { activeChildren, activeParents, registrationCount, unregistrationCount } = yield* stories.metrics
        assert.deepStrictEqual([activeChildren, activeParents], [0, 0])
        assert.strictEqual(registrationCount, ways.length)
        assert.strictEqual(unregistrationCount, ways.length)
      }).pipe(Effect.provide(SubStories.layer))
  )
})
