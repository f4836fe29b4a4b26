/**
 * A log that cannot fill the disk: one file of at most 16 KiB and five compressed backups. Afterwards the files are
 * asked, oldest first, for what failed.
 *
 * It writes to `.narrative/rotating-log`, or to the folder that NARRATIVE_DIR names, which it empties first.
 */
import { gunzipSync } from "node:zlib"
import { FileSystem } from "@effect/platform"
import { NodeFileSystem } from "@effect/platform-node"
import { Config, Console, Data, Effect } from "effect"
import { Narrative, NarrativeEvent, RotatingJsonRenderer } from "effect-narrative"

class OutOfStock extends Data.TaggedError("OutOfStock")<{ readonly message: string }> {}

const orderMore = (item: string): Effect.Effect<void, OutOfStock> =>
  item.endsWith("9") ? new OutOfStock({ message: `No ${item} left at the supplier` }) : Effect.void

const restock = (item: string) =>
  Effect.void.pipe(
    Narrative.stage("Count Shelf"),
    Effect.zipRight(orderMore(item).pipe(Narrative.stage("Order More"))),
    Narrative.story(`Restock ${item}`)
  )

const day = Effect.forEach(
  Array.from({ length: 20 }, (_, i) => `Teapot ${i}`),
  (item) => Effect.ignore(restock(item)),
  { discard: true }
)

const eventsIn = (file: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const bytes = yield* fs.readFile(file)
    const lines = Buffer.from(file.endsWith(".gz") ? gunzipSync(bytes) : bytes)
      .toString()
      .trimEnd()
      .split("\n")
    return yield* Effect.forEach(lines, NarrativeEvent.fromWire)
  })

const program = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const folder = yield* Config.string("NARRATIVE_DIR").pipe(Config.withDefault(".narrative/rotating-log"))
  yield* fs.remove(folder, { recursive: true, force: true })

  const Log = RotatingJsonRenderer.layer({
    path: `${folder}/narrative.log`,
    maxBytes: 16 * 1024,
    backupCount: 5,
    gzip: true
  })
  yield* Effect.provide(day, Log)

  const files = yield* fs.readDirectory(folder)
  for (const file of files.sort().reverse()) {
    const events = yield* eventsIn(`${folder}/${file}`)
    yield* Console.log(`${file}: ${events.length} events`)
    for (const event of events) {
      if (event._tag === "FailureOccurred") {
        yield* Console.log(`  ${event.storyName}: ${event.failures[0].errorMessage}`)
      }
    }
  }
})

program.pipe(Effect.provide(NodeFileSystem.layer), Narrative.runMain)
