/**
 * What became of the events handed to renderers, as users see it.
 */
import { globalValue } from "effect/GlobalValue"
import type { Delivery } from "./deliveryCounts.js"

/**
 * What became of the events a renderer was given: `emitted = delivered + dropped + failed + pending`, at any time.
 *
 * @since 0.1.0
 * @category models
 */
export interface RendererStats {
  readonly name: string
  readonly emitted: number
  readonly delivered: number
  /** By reason: `overflow`, `shutdown`, `closed`, or what a renderer names itself. */
  readonly dropped: { readonly [reason: string]: number }
  readonly failed: number
  readonly pending: number
}

/** The counts of queues that are no renderers', as long as they are open: those of exports. */
export const openQueues: Set<Delivery> = globalValue("effect-narrative/openQueues", () => new Set<Delivery>())

/** The counts as users see them. */
export const statsOf = ({ delivered, dropped, emitted, failed, pending, renderer }: Delivery): RendererStats => ({
  name: renderer,
  emitted,
  delivered,
  dropped: Object.fromEntries(dropped),
  failed,
  pending
})
