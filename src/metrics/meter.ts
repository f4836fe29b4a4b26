/**
 * Measurements that are no event: how they reach the renderers that take them.
 */
import type { Span } from "effect/Tracer"
import type { Renderer } from "../delivery/rendererModel.js"
import type { Instrument } from "./Instruments.js"

/** Where a measurement was taken. */
export interface MeasuredAt {
  /** The labels of the story it was taken in. */
  readonly storyLabels: { readonly [key: string]: string } | undefined
  readonly span: Span | undefined
  readonly timestamp: number
}

/** Takes measurements. It never throws. */
export interface Meter {
  /** `labels` are the values of the instrument's labels, in their order. */
  readonly record: (instrument: Instrument, labels: ReadonlyArray<string>, value: number, at: MeasuredAt) => void
}

const meters = new WeakMap<Renderer, Meter>()

/** Has a renderer take measurements, too. */
export const attachMeter = (renderer: Renderer, meter: Meter): void => {
  meters.set(renderer, meter)
}

/** The meters among some renderers. */
export const metersOf = (renderers: ReadonlyArray<Renderer>): ReadonlyArray<Meter> =>
  renderers.flatMap((renderer) => meters.get(renderer) ?? [])
