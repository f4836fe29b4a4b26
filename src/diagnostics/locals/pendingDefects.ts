/**
 * Defects of fibers that were interrupted because something failed, as from a finalizer. Effect 3.22 drops them from the cause of
 * `Effect.all`, `raceFirst` and `timeout`: they are kept for the failure of the fiber that interrupted.
 */
import type * as Cause from "effect/Cause"
import type * as FiberId from "effect/FiberId"
import { globalValue } from "effect/GlobalValue"

/** Most fibers of which dropped defects are held, and most defects of one. */
const maxInterruptors = 64
export const maxDropped = 8

/** By the number of the fiber that interrupted: defects that its own failure may turn out to lack. */
const pending: Map<number, ReadonlyArray<Cause.Die>> = globalValue(
  "effect-narrative/PendingDefects",
  () => new Map<number, ReadonlyArray<Cause.Die>>()
)

export type FailureNode = Cause.Fail<unknown> | Cause.Die

/** Keeps what a fiber that was interrupted failed with besides. */
export const add = (
  fiberId: number,
  interruptors: ReadonlyArray<FiberId.FiberId>,
  failures: ReadonlyArray<FailureNode>
): void => {
  const defects = failures.filter((node) => node._tag === "Die")
  if (defects.length === 0) return
  for (const interruptor of interruptors) {
    if (interruptor._tag !== "Runtime" || interruptor.id === fiberId) continue
    const known = pending.get(interruptor.id) ?? []
    // A Map keeps the order of insertion: the one that was added to last is dropped last.
    pending.delete(interruptor.id)
    pending.set(interruptor.id, [...new Set([...known, ...defects])].slice(0, maxDropped))
  }
  for (const oldest of pending.keys()) {
    if (pending.size <= maxInterruptors) break
    pending.delete(oldest)
  }
}

export const none: ReadonlyArray<Cause.Die> = []

/** What is kept for a fiber, without what its own cause has. */
export const take = (fiberId: number, reported: ReadonlyArray<FailureNode>): ReadonlyArray<Cause.Die> => {
  const kept = pending.size === 0 ? undefined : pending.get(fiberId)
  if (kept === undefined) return none
  pending.delete(fiberId)
  return kept.filter(
    (defect) => !reported.some((node) => node === defect || (node._tag === "Die" && node.defect === defect.defect))
  )
}
