/**
 * A renderer of one's own: failures go to a slow pager, through a buffer, so that no stage waits for it.
 */
import { Console, Effect, Layer, pipe, Schema } from "effect"
import { ConsoleRenderer, Narrative, type NarrativeEvent, Renderer } from "effect-narrative"

class OutOfStock extends Schema.TaggedError<OutOfStock>()("OutOfStock", { message: Schema.String }) {}

const isFailure = (event: NarrativeEvent.NarrativeEvent): event is NarrativeEvent.FailureOccurred =>
  event._tag === "FailureOccurred"

const page = Effect.fnUntraced(function* ({ failures: [primary], storyName }: NarrativeEvent.FailureOccurred) {
  yield* Effect.sleep("250 millis")
  yield* Console.log(`PAGER: ${storyName} / ${primary.stageName}: ${primary.errorMessage}`)
})

// Filtered before the buffer: what nobody wants to be paged for takes no room in it.
const pager = pipe(
  Renderer.make("pager", (event) => (isFailure(event) ? page(event) : undefined)),
  Renderer.buffered({ capacity: 100, strategy: "sliding", shutdownTimeout: "2 seconds" }),
  Effect.map(Renderer.filter(isFailure))
)

const orderMore = (item: string): Effect.Effect<void, OutOfStock> =>
  new OutOfStock({ message: `No ${item} left at the supplier` }).pipe(Narrative.stage("Order More"))

const restock = (item: string) =>
  Effect.gen(function* () {
    yield* Effect.sleep("5 millis").pipe(Narrative.stage("Count Shelf"))
    yield* orderMore(item)
  }).pipe(Narrative.story(`Restock ${item}`))

const program = Effect.gen(function* () {
  for (const item of ["Teapots", "Kettles"]) yield* Effect.ignore(restock(item))
  for (const { delivered, emitted, name, pending } of yield* Renderer.stats) {
    yield* Console.log(`${name}: ${emitted} events given, ${delivered} delivered, ${pending} pending`)
  }
})

// Closing the layer waits for what the pager has not delivered yet.
const Live = Layer.mergeAll(ConsoleRenderer.layer(), Renderer.layerScoped(pager))

program.pipe(Effect.provide(Live), Narrative.runMain)
