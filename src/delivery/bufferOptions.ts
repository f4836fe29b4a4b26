/**
 * What buffers are given, checked before anything waits in them.
 */
import * as Schema from "effect/Schema"
import type { NarrativeEvent } from "../event/NarrativeEvent.js"
import * as options from "../plain/options.js"
import type { BufferOptions } from "./rendererModel.js"

const Buffer = {
  capacity: options.wholeNumber(1),
  strategy: options.oneOf("suspend", "dropping", "sliding"),
  highWaterMark: Schema.optional(options.share),
  onOverflow: Schema.optional(options.functionOf<NonNullable<BufferOptions["onOverflow"]>>()),
  shutdownTimeout: Schema.optional(options.duration)
}

/** @throws InvalidOption */
export const decodeBuffer = options.decodeOrThrow("Renderer.buffered", Schema.Struct(Buffer))

/** @throws InvalidOption */
export const decodeBatch = options.decodeOrThrow(
  "Renderer.batched",
  Schema.Struct({
    ...Buffer,
    capacity: Schema.optional(Buffer.capacity),
    strategy: options.withDefault(Buffer.strategy, "suspend"),
    size: options.wholeNumber(1),
    within: options.finiteDuration,
    handle: options.functionOf<(events: readonly [NarrativeEvent, ...Array<NarrativeEvent>]) => unknown>(
      "a function of a batch of events"
    )
  })
)
