/**
 * How spans and log records are sent: the options, decoded.
 */

import type * as Headers from "@effect/platform/Headers"
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import * as options from "../plain/options.js"
import type { OtlpResource } from "./otlpResource.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface QueueOptions {
  /** How long items are gathered (default 1 second). */
  readonly exportInterval?: Duration.DurationInput | undefined
  /** Most items sent at once: 1 or more (default 512). */
  readonly maxBatchSize?: number | undefined
  /** Most items waiting (default 8,192). Beyond it new ones are dropped, counted and logged. */
  readonly capacity?: number | undefined
  /**
   * How long one attempt to send may take, its answer read to the end (default 10 seconds). A batch that gets no answer
   * is sent again, or given up; later ones do not wait for it any longer.
   */
  readonly timeout?: Duration.DurationInput | undefined
  /** How long the closing scope waits for what is left to be sent (default 5 seconds). */
  readonly shutdownTimeout?: Duration.DurationInput | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface OtlpOptions extends QueueOptions {
  /** The whole address of the signal, e.g. `http://localhost:4318/v1/traces`. */
  readonly url: string
  /**
   * What sends. Without a `serviceName`, `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` say it, and failing those it is
   * `unknown_service:node`.
   */
  readonly resource?: OtlpResource | undefined
  readonly headers?: Headers.Input | undefined
  /**
   * How often a batch is sent again that could not be delivered for the time being (default 5), after 1, 2, 4, … seconds,
   * or what the server asks for, up to five minutes.
   */
  readonly retries?: number | undefined
}

export const queueFields = {
  exportInterval: options.withDefault(options.duration, Duration.seconds(1)),
  maxBatchSize: options.withDefault(options.wholeNumber(1), 512),
  capacity: options.withDefault(options.wholeNumber(1), 8_192),
  timeout: options.withDefault(options.positiveDuration, Duration.seconds(10)),
  shutdownTimeout: options.withDefault(options.duration, Duration.seconds(5))
}

const Queue = Schema.Struct(queueFields)

export interface QueueSettings extends Schema.Schema.Type<typeof Queue> {}

const Sender = Schema.Struct({
  ...queueFields,
  // Not shown: what is wrong with it may be next to what is secret in it.
  url: Schema.String.pipe(
    Schema.filter((url) => /^https?:\/\//i.test(url) && URL.canParse(url)),
    options.takes("an http:// or https:// URL"),
    options.secret
  ),
  retries: options.withDefault(options.wholeNumber(0), 5)
})

export interface SenderSettings extends Schema.Schema.Type<typeof Sender> {}

/** The options of a queue, for the module that takes them. */
export const decodeQueue = (module: string) => options.decode(module, Queue)

/** The options of a queue that sends what is in it. */
export const decodeSender = (module: string) => options.decode(module, Sender, ["resource", "headers"])
