/**
 * A long-lived service: its story begins when its layer is built and ends when the layer closes. What it logs is told
 * too.
 */
import { Deferred, Effect, Layer, Logger, Queue } from "effect"
import { ConsoleRenderer, Narrative } from "effect-narrative"

interface Mail {
  readonly to: string
  readonly sent: Deferred.Deferred<void>
}

class MailWorker extends Effect.Service<MailWorker>()("MailWorker", {
  scoped: Effect.gen(function* () {
    const queue = yield* Effect.acquireRelease(Queue.bounded<Mail>(16), Queue.shutdown)

    const deliver = Narrative.fn()(function* deliverMail({ sent, to }: Mail) {
      yield* Effect.logInfo("Connecting").pipe(Effect.annotateLogs("to", to))
      yield* Effect.sleep("5 millis")
      yield* Deferred.succeed(sent, undefined)
    })

    yield* Queue.take(queue).pipe(Effect.flatMap(deliver), Effect.forever, Effect.forkScoped)

    return {
      send: Effect.fnUntraced(function* (to: string) {
        const sent = yield* Deferred.make<void>()
        yield* Queue.offer(queue, { to, sent })
        yield* Deferred.await(sent)
      })
    }
  }),
  dependencies: [Narrative.layerStory("Mail Worker", { kind: "worker" })]
}) {}

const program = Effect.gen(function* () {
  const worker = yield* MailWorker
  yield* Effect.forEach(["ada@example.org", "grace@example.org"], worker.send)
})

// Log lines become events of the story, so the default logger need not print them as well.
const Telling = Layer.mergeAll(ConsoleRenderer.layer(), Narrative.logger, Logger.remove(Logger.defaultLogger))

program.pipe(
  Effect.provide(MailWorker.Default.pipe(Layer.provideMerge(Telling))),
  Narrative.runMain({ disablePrettyLogger: true })
)
