/**
 * Audio on its way from who makes it to who plays it: a queue that throttles its producer, and a buffer that runs empty and recovers.
 */
import { Console, Effect, Stream } from "effect"
import { EventSink, Narrative, StreamTelemetry } from "effect-narrative"

/** 20 milliseconds of 16 kHz mono PCM16. */
const frame = 640

const play = Effect.gen(function* () {
  const queue = yield* StreamTelemetry.chunkQueue<Uint8Array>({ maxSize: 10 })
  const buffer = yield* StreamTelemetry.streamingBuffer({ target: "60 millis" })

  // The producer is faster than the player: 8 of 10 chunks are waiting.
  for (let i = 0; i < 8; i++) yield* queue.put(new Uint8Array(frame))
  yield* Effect.repeatN(
    Effect.flatMap(queue.take, (chunk) => (chunk._tag === "Some" ? buffer.write(chunk.value) : Effect.void)),
    7
  )
  // Then it falls behind: the player asks for more than there is.
  yield* Effect.repeatN(buffer.read(frame), 8)
  yield* buffer.write(new Uint8Array(4 * frame))
  yield* buffer.read(frame)
  yield* queue.close

  const { totalReceived, totalRead } = yield* buffer.stats
  yield* Console.log(`played ${totalRead} of ${totalReceived} bytes`)
})

const spoken = Stream.fromIterable(["Take", "the", "Fjord", "Hotel"]).pipe(StreamTelemetry.stage("Generate"))

const program = Effect.gen(function* () {
  yield* Console.log((yield* Stream.runCollect(spoken)).length, "words")
  yield* Effect.scoped(play).pipe(Narrative.stage("Play"))
}).pipe(Narrative.story("Speak"))

const Events = EventSink.layer(
  EventSink.make("events", (type, data) =>
    type.startsWith("stream.") || type.startsWith("stage.")
      ? Console.log(`${type} ${data["fill_percentage"] ?? data["bytes_available"] ?? ""}`.trimEnd())
      : undefined
  )
)

Effect.runPromise(program.pipe(Effect.provide(Events)))
