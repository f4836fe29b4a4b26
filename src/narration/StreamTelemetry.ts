/**
 * Streams, and what is between who makes their chunks and who uses them: a stream as a stage, a queue and a buffer of samples that say when
 * they drop, block, run empty and recover.
 *
 * What they say is a note of the story (`stream.chunk_dropped`, …); outside any story it goes to the `EventSink`s in use.
 *
 * @example
 * ```ts
 * import { Effect, Stream } from "effect"
 * import { Narrative, StreamTelemetry } from "effect-narrative"
 *
 * declare const tokens: Stream.Stream<string, Error>
 *
 * export const program = tokens.pipe(
 *   StreamTelemetry.stage("Generate"),
 *   Stream.runForEach((token) => Effect.log(token)),
 *   Narrative.story("Answer")
 * )
 * ```
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { AudioBufferState } from "../agent/audioBuffer.js"
import { ChunkQueueState } from "../agent/chunkQueue.js"
import { definedBy } from "../diagnostics/source/callSite.js"
import type { InvalidOption } from "../plain/InvalidOption.js"
import * as options from "../plain/options.js"
import { stageInit } from "./combinators.js"
import type { StageOptions } from "./Options.js"
import * as providerStage from "./providerStage.js"
import * as streamStage from "./streamStage.js"
import { step, WaitingQueue } from "./streamSteps.js"

/**
 * Runs a stream as a stage. It begins when the stream is run, and ends once: when the stream ends, fails, is interrupted, or when its
 * reader stops. A stream that is never run is no stage.
 *
 * @since 0.1.0
 * @category stages
 */
export const stage: {
  (name: string, options?: StageOptions): <A, E, R>(self: Stream.Stream<A, E, R>) => Stream.Stream<A, E, R>
  <A, E, R>(self: Stream.Stream<A, E, R>, name: string, options?: StageOptions): Stream.Stream<A, E, R>
} = dual(
  (args) => typeof args[0] !== "string",
  <A, E, R>(self: Stream.Stream<A, E, R>, name: string, options?: StageOptions): Stream.Stream<A, E, R> => {
    const definedAt = definedBy(stage)
    return streamStage.run(self, () => ({ init: stageInit(name, options, definedAt) }))
  }
)

/**
 * A call of a provider that answers as a stream. `usage`: reads the tokens used so far out of a part, if it says them; the last ones
 * that a part said count, also where the stream is aborted.
 *
 * @since 0.1.0
 * @category models
 */
export interface StreamedCall<in A> {
  readonly operation: string
  readonly provider: string
  readonly model: string
  readonly usage?:
    | ((part: A) => { readonly prompt?: number; readonly completion?: number; readonly cached?: number } | undefined)
    | undefined
}

/**
 * `Work.providerCall`, for an answer that is a stream.
 *
 * @since 0.1.0
 * @category stages
 */
export const providerCall: {
  <A>(call: StreamedCall<NoInfer<A>>): <E, R>(self: Stream.Stream<A, E, R>) => Stream.Stream<A, E, R>
  <A, E, R>(self: Stream.Stream<A, E, R>, call: StreamedCall<A>): Stream.Stream<A, E, R>
} = dual(2, <A, E, R>(self: Stream.Stream<A, E, R>, { usage, ...call }: StreamedCall<A>): Stream.Stream<A, E, R> => {
  const definedAt = definedBy(providerCall)
  return Stream.suspend(() => {
    type Tokens = ReturnType<NonNullable<typeof usage>>
    const seen: { tokens: Tokens } = { tokens: undefined }
    const read =
      usage === undefined
        ? self
        : Stream.map(self, (part) => {
            seen.tokens = usage(part) ?? seen.tokens
            return part
          })
    const options = { ...call, usage: (answer: typeof seen) => answer.tokens }
    return streamStage.run(read, (fiber) => providerStage.prepare(fiber, options, definedAt, () => ({ answer: seen })))
  })
})

/**
 * @since 0.1.0
 * @category models
 */
export interface ChunkQueueOptions {
  /** Most chunks waiting (default 100). */
  readonly maxSize?: number | undefined
  /** Whether a chunk for which there is no room takes the place of the oldest one, instead of waiting (default `false`). */
  readonly dropOnOverflow?: boolean | undefined
  /** The share of the queue at which it throttles (default 0.8), and down to which it goes on to (default 0.2). */
  readonly throttleAt?: number | undefined
  readonly resumeAt?: number | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface ChunkQueueStats {
  readonly queueSize: number
  /** Chunks that were taken in. */
  readonly totalItems: number
  readonly droppedItems: number
  /** `droppedItems` for each of `totalItems`. */
  readonly dropRate: number
  readonly blockedPuts: number
  readonly totalBlockedMs: number
  readonly maxQueueSize: number
  readonly isThrottled: boolean
  readonly isClosed: boolean
}

/**
 * - `put` waits for room (with `dropOnOverflow` it never does), and is `false` when the queue is closed. `tryPut` never waits.
 * - `take` waits for a chunk; `None` when the queue is closed and empty. `stream` takes all of them.
 *
 * @since 0.1.0
 * @category models
 */
export interface ChunkQueue<A> {
  readonly put: (chunk: A) => Effect.Effect<boolean>
  readonly tryPut: (chunk: A) => Effect.Effect<boolean>
  readonly take: Effect.Effect<Option.Option<A>>
  readonly stream: Stream.Stream<A>
  readonly close: Effect.Effect<void>
  readonly stats: Effect.Effect<ChunkQueueStats>
}

const share = Schema.Number.pipe(
  Schema.filter((value) => value >= 0 && value <= 1),
  options.takes("a share from 0 to 1")
)

const decodeQueue = options.decode(
  "StreamTelemetry.chunkQueue",
  Schema.Struct({
    maxSize: options.withDefault(options.wholeNumber(1), 100),
    dropOnOverflow: options.withDefault(options.flag, false),
    throttleAt: options.withDefault(share, 0.8),
    resumeAt: options.withDefault(share, 0.2)
  })
)

/**
 * A bounded queue of chunks that says `stream.chunk_dropped`, `stream.producer_blocked`, `stream.throttle_started`,
 * `stream.throttle_ended` and, when it is closed, `stream.queue_closed`. Closing the scope closes it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const chunkQueue = <A>(
  given: ChunkQueueOptions = {}
): Effect.Effect<ChunkQueue<A>, InvalidOption, Scope.Scope> =>
  Effect.flatMap(decodeQueue(given), (settings) => {
    const queue = new WaitingQueue<A>(new ChunkQueueState(settings))
    return Effect.as(
      Effect.addFinalizer(() => queue.close),
      queue
    )
  })

/**
 * @since 0.1.0
 * @category models
 */
export interface StreamingBufferOptions {
  /** How much is gathered before the first read gives anything (default 200 milliseconds). */
  readonly target?: Duration.DurationInput | undefined
  /** Most that is kept (default 2 seconds); beyond it the oldest is dropped, 50 milliseconds at a time. */
  readonly max?: Duration.DurationInput | undefined
  /** Samples a second (default 16,000), channels (default 1), and bytes of a sample (default 2). */
  readonly sampleRate?: number | undefined
  readonly channels?: number | undefined
  readonly bytesPerSample?: number | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface StreamingBufferStats {
  readonly durationMs: number
  readonly bytesBuffered: number
  readonly totalReceived: number
  readonly totalRead: number
  readonly totalDropped: number
  /** Whether as much is there as `target` says. */
  readonly isReady: boolean
  readonly isUnderrun: boolean
}

/**
 * `write` takes bytes as they come, cut anywhere. `read` gives whole samples: as many as there are, up to so many bytes.
 *
 * @since 0.1.0
 * @category models
 */
export interface StreamingBuffer {
  readonly write: (bytes: Uint8Array) => Effect.Effect<void>
  readonly read: (bytes: number) => Effect.Effect<Uint8Array>
  readonly stats: Effect.Effect<StreamingBufferStats>
}

const decodeBuffer = options.decode(
  "StreamTelemetry.streamingBuffer",
  Schema.Struct({
    target: options.withDefault(options.finiteDuration, Duration.millis(200)),
    max: options.withDefault(options.finiteDuration, Duration.seconds(2)),
    sampleRate: options.withDefault(options.wholeNumber(1), 16_000),
    channels: options.withDefault(options.wholeNumber(1), 1),
    bytesPerSample: options.withDefault(options.wholeNumber(1), 2)
  }).pipe(
    Schema.filter(
      ({ max, target }) =>
        Duration.lessThanOrEqualTo(target, max) || { path: ["target"], message: 'no longer than "max"' }
    )
  )
)

/**
 * A buffer of samples that says `stream.buffer_overflow` when it drops, `stream.buffer_underrun` once when a read finds too little, and
 * `stream.buffer_recovered` at the next read that finds enough.
 *
 * @since 0.1.0
 * @category constructors
 */
export const streamingBuffer = (given: StreamingBufferOptions = {}): Effect.Effect<StreamingBuffer, InvalidOption> =>
  Effect.map(decodeBuffer(given), ({ bytesPerSample, channels, max, sampleRate, target }) => {
    const state = new AudioBufferState({
      targetMillis: Duration.toMillis(target),
      maxMillis: Duration.toMillis(max),
      frameBytes: bytesPerSample * channels,
      framesPerSecond: sampleRate
    })
    return {
      write: (bytes) => step((say) => state.write(bytes, say)),
      read: (bytes) => step((say) => state.read(bytes, say)),
      stats: Effect.sync(() => ({
        durationMs: state.durationMillis,
        bytesBuffered: state.bytes,
        totalReceived: state.totalReceived,
        totalRead: state.totalRead,
        totalDropped: state.totalDropped,
        isReady: state.isReady,
        isUnderrun: state.isUnderrun
      }))
    }
  })
