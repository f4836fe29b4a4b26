/**
 * The renderers a fiber narrates to: a set that layers add to and take from, in any order.
 */
import * as Differ from "effect/Differ"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import { globalValue } from "effect/GlobalValue"
import type { AnyFiber } from "../runtime/fiber.js"
import { muted } from "../runtime/muting.js"
import * as switches from "../runtime/switches.js"
import { type Renderer, routeOf } from "./rendererModel.js"

export type Renderers = ReadonlyArray<Renderer>

interface RenderersPatch {
  readonly removed: Renderers
  readonly added: Renderers
}

const none: Renderers = []

const without = (self: Renderers, that: Renderers): Renderers =>
  that.length === 0 ? self : self.filter((renderer) => !that.includes(renderer))

/** How many scopes hold each renderer that a layer added. */
const holders = new WeakMap<Renderer, number>()

/** Notes that one scope more holds a renderer, or one less. */
export const hold = (renderer: Renderer, change: 1 | -1): void => {
  holders.set(renderer, (holders.get(renderer) ?? 0) + change)
}

/**
 * Whether the layer that added it was closed. `Effect.addFinalizer` runs a finalizer with the fiber refs of its
 * acquisition: where layers are closed at once, what the fibers that close them join back knows nothing of what was
 * taken out meanwhile.
 */
const isGone = (renderer: Renderer): boolean => holders.get(renderer) === 0

const alive = (self: Renderers): Renderers => (self.some(isGone) ? self.filter((renderer) => !isGone(renderer)) : self)

export const applyPatch = ({ added, removed }: RenderersPatch, before: Renderers): Renderers => {
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
