/**
 * What is on for a fiber, and the fibers it forks, until a scope closes.
 *
 * Not a flag, nor a count: `Effect.addFinalizer` runs a finalizer with the fiber refs of its acquisition, and what fibers
 * then join back may bring again what was undone meanwhile. Each layer that switches something on holds it; who is left
 * behind closed holds nothing.
 */
import type * as FiberRef from "effect/FiberRef"
import { unsafeMakeHashSet } from "effect/FiberRef"
import { globalValue } from "effect/GlobalValue"
import * as HashSet from "effect/HashSet"

export interface Holder {
  isOpen: boolean
}

export type Switch = HashSet.HashSet<Holder>

/** A switch that is off everywhere. */
export const make = (id: string): FiberRef.FiberRef<Switch> => globalValue(id, () => unsafeMakeHashSet(off))

export const off: Switch = HashSet.empty()

/** Never off again. */
export const on: Switch = HashSet.make<Array<Holder>>({ isOpen: true })

export const isOn = (self: Switch): boolean => self !== off && HashSet.size(self) > 0 && HashSet.some(self, isOpen)

/** On, and off again once `undo` was called. Those who were left behind are cleared away. */
export const hold = (self: Switch): { readonly after: Switch; readonly undo: (self: Switch) => Switch } => {
  const holder: Holder = { isOpen: true }
  return {
    after: HashSet.add(HashSet.filter(self, isOpen), holder),
    undo: (later) => {
      holder.isOpen = false
      return HashSet.filter(later, isOpen)
    }
  }
}

const isOpen = (holder: Holder): boolean => holder.isOpen
