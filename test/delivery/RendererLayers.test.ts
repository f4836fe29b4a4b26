// @effect-diagnostics multipleEffectProvide:off -- how provided layers nest is what is tested here.
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, FiberRef, Layer, ManagedRuntime } from "effect"
import { Narrative, Renderer } from "../../src/index.js"

/** Renderers by name, and how many events each was delivered. */
const renderers = (...names: ReadonlyArray<string>) => {
  const recorded: Record<string, number> = {}
  const layers = names.map((name) =>
    Renderer.layer(
      Renderer.make(name, () => {
        recorded[name] = (recorded[name] ?? 0) + 1
      })
    )
  )
  return { recorded, layers: layers as [Layer.Layer<never>, Layer.Layer<never>, ...Array<Layer.Layer<never>>] }
}

/** Two events. */
const story = Effect.void.pipe(Narrative.story("Any"))

describe("renderer layers", () => {
  it.effect("renderer layers merged by Layer.mergeAll add up, in any order", () =>
    Effect.gen(function* () {
      const { layers, recorded } = renderers("a", "b", "c")
      yield* story.pipe(Effect.provide(Layer.mergeAll(...layers)))
      yield* story.pipe(Effect.provide(Layer.mergeAll(layers[1], layers[0])))
      assert.deepStrictEqual(recorded, { a: 4, b: 4, c: 2 })
    })
  )

  it.effect("renderer layers provided as a list add up", () =>
    Effect.gen(function* () {
      const { layers, recorded } = renderers("a", "b")
      yield* story.pipe(Effect.provide(layers))
      assert.deepStrictEqual(recorded, { a: 2, b: 2 })
    })
  )

  it.effect("renderer layers provided one inside another add up, each for what it is provided to", () =>
    Effect.gen(function* () {
      const {
        layers: [a, b],
        recorded
      } = renderers("outer", "inner")
      const inner = story.pipe(Effect.provide(b))
      yield* Effect.zipRight(inner, story).pipe(Effect.provide(a))
      assert.deepStrictEqual(recorded, { outer: 4, inner: 2 })
    })
  )

  it.effect("renderer layers composed by Layer.provideMerge and Layer.provide add up", () =>
    Effect.gen(function* () {
      const { layers, recorded } = renderers("a", "b", "c")
      const [a, b, c] = layers
      yield* story.pipe(Effect.provide(a.pipe(Layer.provideMerge(b), Layer.provideMerge(c ?? Layer.empty))))
      assert.deepStrictEqual(recorded, { a: 2, b: 2, c: 2 })
    })
  )

  it.effect("renderer layers of a ManagedRuntime add up", () =>
    Effect.gen(function* () {
      const { layers, recorded } = renderers("a", "b")
      const runtime = ManagedRuntime.make(Layer.mergeAll(...layers))
      yield* Effect.promise(() => runtime.runPromise(story))
      yield* Effect.promise(() => runtime.runPromise(story))
      yield* Effect.promise(() => runtime.dispose())
      assert.deepStrictEqual(recorded, { a: 4, b: 4 })
    })
  )

  it.effect("a forked fiber has its parent's renderers, and what it adds stays with it", () =>
    Effect.gen(function* () {
      const {
        layers: [a, b],
        recorded
      } = renderers("parent", "child")
      yield* Effect.gen(function* () {
        const child = yield* Effect.fork(story.pipe(Effect.provide(b)))
        const other = yield* Effect.forkDaemon(story)
        yield* Fiber.join(child)
        yield* Fiber.join(other)
        yield* story
      }).pipe(Effect.provide(a))
      assert.deepStrictEqual(recorded, { parent: 6, child: 2 })
    })
  )

  it.effect("renderers that fibers add at the same time stay with each of them", () =>
    Effect.gen(function* () {
      const {
        layers: [a, b],
        recorded
      } = renderers("a", "b")
      yield* Effect.all([story.pipe(Effect.provide(a)), story.pipe(Effect.provide(b)), story], {
        concurrency: "unbounded"
      }).pipe(Effect.provide(Renderer.layerNone))
      assert.deepStrictEqual(recorded, { a: 2, b: 2 })
    })
  )

  it.effect("a renderer layer provided twice to one effect counts once", () =>
    Effect.gen(function* () {
      const {
        layers: [a],
        recorded
      } = renderers("a", "unused")
      yield* story.pipe(Effect.provide(Layer.mergeAll(a, a)))
      assert.deepStrictEqual(recorded, { a: 2 })
    })
  )

  it.effect("a renderer is gone when its layer's scope is closed", () =>
    Effect.gen(function* () {
      const {
        layers: [a],
        recorded
      } = renderers("a", "unused")
      yield* Effect.void.pipe(Effect.provide(a))
      yield* story.pipe(Effect.provide(Renderer.layerNone))
      assert.deepStrictEqual(recorded, {})
    })
  )

  it.effect("a layer that replaces the other renderers, and the one without any, add nothing to them", () =>
    Effect.gen(function* () {
      const {
        layers: [a],
        recorded
      } = renderers("a", "unused")
      let only = 0
      const replacing = Renderer.replace(Renderer.make("only", () => void only++))
      yield* story.pipe(Effect.provide(replacing), Effect.provide(a))
      yield* story.pipe(Effect.provide(Renderer.layerNone), Effect.provide(a))
      assert.deepStrictEqual([recorded, only], [{}, 2])
    })
  )

  it.effect("renderer layers leave other fiber-local settings of the same layers as they are", () =>
    Effect.gen(function* () {
      const ref = FiberRef.unsafeMake("initial")
      const {
        layers: [a],
        recorded
      } = renderers("a", "unused")
      const setting = Layer.scopedDiscard(Effect.locallyScoped(ref, "set"))
      const value = yield* Effect.zipRight(story, FiberRef.get(ref)).pipe(Effect.provide(Layer.mergeAll(setting, a)))
      assert.deepStrictEqual([value, recorded], ["set", { a: 2 }])
    })
  )
})
