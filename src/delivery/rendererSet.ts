/**
 * The renderers a fiber narrates to: a set that layers add to and take from, in any order.
 */
import * as Differ from "effect/Differ"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import { globalValue } from "effect/GlobalValue"
import * as Scope from "effect/Scope"
import type { AnyFiber } from "../runtime/fiber.js"
import { muted } from "../runtime/muting.js"
import { changeScoped } from "../runtime/scopedChange.js"
import * as switches from "../runtime/switches.js"
import { type Renderer, routeOf } from "./rendererModel.js"

type Renderers = ReadonlyArray<Renderer>

interface RenderersPatch {
  readonly removed: Renderers
  readonly added: Renderers
}

const none: Renderers = []

const without = (self: Renderers, that: Renderers): Renderers =>
  that.length === 0 ? self : self.filter((renderer) => !that.includes(renderer))

/** How many scopes hold each renderer that a layer added. */
const holders = new WeakMap<Renderer, number>()

const hold = (renderer: Renderer | undefined, change: 1 | -1): void => {
  if (renderer !== undefined) holders.set(renderer, (holders.get(renderer) ?? 0) + change)
}

/**
 * Whether the layer that added it was closed. `Effect.addFinalizer` runs a finalizer with the fiber refs of its
 * acquisition: where layers are closed at once, what the fibers that close them join back knows nothing of what was
 * taken out meanwhile.
 */
const isGone = (renderer: Renderer): boolean => holders.get(renderer) === 0

const alive = (self: Renderers): Renderers => (self.some(isGone) ? self.filter((renderer) => !isGone(renderer)) : self)

const applyPatch = ({ added, removed }: RenderersPatch, before: Renderers): Renderers => {
  const self = alive(before)
  const more = alive(added)
  if (more.length === 0 && removed.length === 0) return self
  return [...without(without(self, removed), more), ...more]
}

/** @internal */
export const differ: Differ.Differ<Renderers, RenderersPatch> = Differ.make<Renderers, RenderersPatch>({
  empty: { removed: [], added: [] },
  combine: (first, second) => ({
    removed: [...without(first.removed, second.removed), ...second.removed],
    added: [...without(without(first.added, second.removed), second.added), ...second.added]
  }),
  diff: (from, to) => ({ removed: without(from, to), added: without(to, from) }),
  patch: applyPatch
})

/** @internal */
export const current: FiberRef.FiberRef<Renderers> = globalValue("effect-narrative/currentRenderers", () =>
  FiberRef.unsafeMakePatch(none, {
    differ,
    // What a child changes reaches its parent on join only as the change itself, as with Effect's loggers.
    fork: differ.empty as RenderersPatch
  })
)

/** Those that give way to any other: what an application's entry point chose for a program that chose nothing. */
const defaults = globalValue("effect-narrative/defaultRenderers", () => new WeakSet<Renderer>())

/** Those that a default renderer does not give way to: they are not for reading stories. */
const companions = globalValue("effect-narrative/companionRenderers", () => new WeakSet<Renderer>())

/** Most of them that are remembered: a program chooses its own when it starts, and may go on to make others without end. */
const maxChosen = 16

/** Names of the first renderers that were chosen in this process, which may be closed by now. */
const chosen = globalValue("effect-narrative/chosenRenderers", () => new Set<string>())

export const addDefault = (self: Renderers, renderer: Renderer): Renderers => {
  defaults.add(renderer)
  return joinedBy(self, renderer)
}

export const addCompanion = (self: Renderers, renderer: Renderer): Renderers => {
  companions.add(renderer)
  return joinedBy(self, renderer)
}

/** The renderers that were chosen, by name, where they are closed and only the default one is left. */
export const closedChoice: Effect.Effect<ReadonlySet<string>> = Effect.map(FiberRef.get(current), (renderers) =>
  ofProcess.renderers.length === 0 && renderers.every((one) => defaults.has(one) || companions.has(one))
    ? chosen
    : new Set()
)

/** Makes a renderer one that a default renderer does not give way to. */
export const asCompanion = (renderer: Renderer): void => void companions.add(renderer)

/** @internal */
export const add = (self: Renderers, renderer: Renderer): Renderers => {
  if (chosen.size < maxChosen) chosen.add(renderer.name)
  return joinedBy(self, renderer)
}

const joinedBy = (self: Renderers, renderer: Renderer): Renderers =>
  applyPatch({ removed: [], added: [renderer] }, self)

const resolved = new WeakMap<Renderers, Renderers>()

/** Without the default renderer, where another was chosen; nothing, where nothing would be done with an event. */
const resolve = (self: Renderers): Renderers => {
  const known = resolved.get(self)
  if (known !== undefined) return known
  const chosen = self.filter((renderer) => !defaults.has(renderer))
  const inUse = chosen.some((renderer) => !companions.has(renderer)) ? chosen : self
  const renderers = inUse.every(discards) ? none : inUse
  resolved.set(self, renderers)
  return renderers
}

const discards = (renderer: Renderer): boolean => routeOf(renderer)?.parts.length === 0

/** Those of a whole process, which was started with them: also for what chose renderers of its own. */
const ofProcess = globalValue("effect-narrative/processRenderers", () => ({
  renderers: none,
  joined: new WeakMap<Renderers, Renderers>()
}))

/** Adds these to the renderers of everything in this process. */
export const useForProcess = (renderers: Renderers): void => {
  ofProcess.renderers = renderers
  ofProcess.joined = new WeakMap()
}

const withThoseOfProcess = (current: Renderers): Renderers => {
  const known = ofProcess.joined.get(current)
  if (known !== undefined) return known
  const joined = [...without(ofProcess.renderers, current), ...current]
  ofProcess.joined.set(current, joined)
  return joined
}

/** The renderers an event goes to, by the two settings that decide it. */
export const renderersAmong = (muted: switches.Switch, current: Renderers): Renderers => {
  const isAlone = ofProcess.renderers.length === 0
  if ((isAlone && current.length === 0) || switches.isOn(muted)) return none
  return resolve(isAlone ? current : withThoseOfProcess(current))
}

export const renderersOf = (fiber: AnyFiber): Renderers =>
  renderersAmong(fiber.getFiberRef(muted), fiber.getFiberRef(current))

/**
 * Makes the renderers a fiber ref of this fiber's own, as it must be before anything with a finalizer is acquired here:
 * what is not among the fiber refs of an acquisition is taken out while its finalizer runs, and comes back as new.
 */
export const owned: Effect.Effect<void> = FiberRef.update(current, (renderers) => renderers)

/**
 * Changes the renderers until the scope is closed; `added` is the one that the change adds. `atEnd` runs first of all
 * then, while everything that a renderer made in this scope depends on is still open.
 *
 * @internal
 */
export const changeRenderers = (
  change: (self: Renderers) => Renderers,
  atEnd: Effect.Effect<void> = Effect.void,
  added?: Renderer
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.zipRight(
    changeScoped(current, (before) => {
      hold(added, 1)
      const after = change(before)
      const undo = differ.diff(after, before)
      return {
        after,
        undo: (self) => {
          hold(added, -1)
          return applyPatch(undo, self)
        }
      }
    }),
    // Not by `Effect.addFinalizer`: see `changeScoped`.
    Effect.flatMap(Effect.scope, (scope) => Scope.addFinalizer(scope, atEnd))
  )
