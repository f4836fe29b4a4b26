/**
 * Which stories run inside which: children, parents and descendants of the stories that run now, and counts of all of it.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Narrative, SubStories } from "effect-narrative"
 *
 * export const program = Effect.gen(function* () {
 *   const { childrenOf, metrics } = yield* SubStories.SubStories
 *   yield* Effect.log(yield* childrenOf("run-1"), yield* metrics)
 * }).pipe(Narrative.story("Child"), Narrative.story("Parent", { id: "run-1" }), Effect.provide(SubStories.layer))
 * ```
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Renderer from "../../delivery/Renderer.js"
import type { NarrativeEvent } from "../../event/NarrativeEvent.js"

/**
 * A story that runs inside another.
 *
 * @since 0.1.0
 * @category models
 */
export interface Child {
  readonly storyId: string
  readonly storyName: string
  readonly parentStoryId: string
  readonly startedAt: Date
}

/**
 * Counts since the layer was built, or since they were reset; the last three are of now.
 *
 * @since 0.1.0
 * @category models
 */
export interface Metrics {
  readonly registrationCount: number
  readonly unregistrationCount: number
  readonly lookupCount: number
  readonly treeTraversalCount: number
  /** Stories whose last child ended: nothing is kept of them. */
  readonly cleanupCount: number
  /** Most children that one story had at a time. */
  readonly maxConcurrentChildren: number
  /** The deepest nesting: 1 is a child of a root. */
  readonly maxDepthSeen: number
  readonly activeParents: number
  readonly activeChildren: number
  readonly totalRelationships: number
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Service {
  readonly childrenOf: (storyId: string) => Effect.Effect<ReadonlyArray<Child>>
  readonly parentOf: (storyId: string) => Effect.Effect<Option.Option<string>>
  /** The id of the outermost story around it; its own where there is none. */
  readonly rootOf: (storyId: string) => Effect.Effect<string>
  /** Children, and theirs, the nearer ones first. */
  readonly descendantsOf: (storyId: string) => Effect.Effect<ReadonlyArray<Child>>
  readonly metrics: Effect.Effect<Metrics>
  readonly resetMetrics: Effect.Effect<void>
}

/**
 * @since 0.1.0
 * @category services
 */
export class SubStories extends Context.Tag("effect-narrative/SubStories")<SubStories, Service>() {}

const zero = {
  registrationCount: 0,
  unregistrationCount: 0,
  lookupCount: 0,
  treeTraversalCount: 0,
  cleanupCount: 0,
  maxConcurrentChildren: 0,
  maxDepthSeen: 0
}

/** Most ids followed up or down: a circle of ids that others chose must end. */
const maxSteps = 10_000

class Tree {
  readonly #parents = new Map<string, Child>()
  readonly #children = new Map<string, Map<string, Child>>()
  counts = { ...zero }

  take(event: NarrativeEvent): void {
    if (event._tag === "StoryStarted" && event.parentStoryId !== null) {
      const { parentStoryId, storyId, storyName } = event
      this.#begin({ storyId, storyName, parentStoryId, startedAt: new Date(event.timestamp) })
    }
    if (event._tag === "StoryCompleted") this.#end(event.storyId)
  }

  #begin(child: Child): void {
    this.#end(child.storyId)
    const siblings = this.#children.get(child.parentStoryId) ?? new Map<string, Child>()
    siblings.set(child.storyId, child)
    this.#children.set(child.parentStoryId, siblings)
    this.#parents.set(child.storyId, child)
    this.counts.registrationCount += 1
    this.counts.maxConcurrentChildren = Math.max(this.counts.maxConcurrentChildren, siblings.size)
    this.counts.maxDepthSeen = Math.max(this.counts.maxDepthSeen, this.#wayUp(child.storyId).length)
  }

  #end(storyId: string): void {
    const child = this.#parents.get(storyId)
    if (child === undefined) return
    this.#parents.delete(storyId)
    this.counts.unregistrationCount += 1
    const siblings = this.#children.get(child.parentStoryId)
    siblings?.delete(storyId)
    if (siblings?.size === 0) {
      this.#children.delete(child.parentStoryId)
      this.counts.cleanupCount += 1
    }
  }

  /** The ids of the stories around it, the nearest first. */
  #wayUp(storyId: string): ReadonlyArray<string> {
    const way: Array<string> = []
    let parent = this.#parents.get(storyId)?.parentStoryId
    while (parent !== undefined && way.length < maxSteps) {
      way.push(parent)
      parent = this.#parents.get(parent)?.parentStoryId
    }
    return way
  }

  childrenOf(storyId: string): ReadonlyArray<Child> {
    this.counts.lookupCount += 1
    return Array.from(this.#children.get(storyId)?.values() ?? [])
  }

  parentOf(storyId: string): string | undefined {
    this.counts.lookupCount += 1
    return this.#parents.get(storyId)?.parentStoryId
  }

  rootOf(storyId: string): string {
    this.counts.treeTraversalCount += 1
    return this.#wayUp(storyId).at(-1) ?? storyId
  }

  descendantsOf(storyId: string): ReadonlyArray<Child> {
    this.counts.treeTraversalCount += 1
    const found: Array<Child> = []
    const waiting = [storyId]
    for (let at = 0; at < waiting.length && at < maxSteps; at++) {
      for (const child of this.#children.get(waiting[at] ?? "")?.values() ?? []) {
        found.push(child)
        waiting.push(child.storyId)
      }
    }
    return found
  }

  get metrics(): Metrics {
    return {
      ...this.counts,
      activeParents: this.#children.size,
      activeChildren: this.#parents.size,
      totalRelationships: this.#parents.size
    }
  }
}

/**
 * Follows the stories that run where the layer is provided.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<SubStories> = Layer.unwrapEffect(
  Effect.sync(() => {
    const tree = new Tree()
    const service: Service = {
      childrenOf: (id) => Effect.sync(() => tree.childrenOf(id)),
      parentOf: (id) => Effect.sync(() => Option.fromNullable(tree.parentOf(id))),
      rootOf: (id) => Effect.sync(() => tree.rootOf(id)),
      descendantsOf: (id) => Effect.sync(() => tree.descendantsOf(id)),
      metrics: Effect.sync(() => tree.metrics),
      resetMetrics: Effect.sync(() => {
        tree.counts = { ...zero }
      })
    }
    const renderer = Renderer.make("sub-stories", (event) => tree.take(event))
    return Layer.merge(Layer.succeed(SubStories, service), Renderer.layerAlongside(Effect.succeed(renderer)))
  })
)
