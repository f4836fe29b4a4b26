/**
 * Wide events: a record for each stage and each story, in a file. Each holds all there is to ask for, so a question is
 * one pass over the lines.
 */
import { FileSystem } from "@effect/platform"
import { NodeContext } from "@effect/platform-node"
import { Array, Config, Console, Effect, Schema, Stream } from "effect"
import { Narrative, WideEventRenderer } from "effect-narrative"

class GatewayBusy extends Schema.TaggedError<GatewayBusy>()("GatewayBusy", { status: Schema.Number }) {}

/** Answers every third call. */
let calls = 0
const charge = Effect.suspend(() => (++calls % 3 === 0 ? Effect.void : new GatewayBusy({ status: 503 })))

const handle = (user: string, region: string, patience: number) =>
  Effect.gen(function* () {
    yield* Effect.sleep("2 millis").pipe(Narrative.stage("Validate Order"))
    yield* Narrative.annotate("user_id", user)
    yield* charge.pipe(Narrative.retry({ times: patience }), Narrative.stage("Charge Card"))
    yield* Effect.sleep("1 millis").pipe(Narrative.stage("Send Receipt"))
  }).pipe(Narrative.story("Process Order", { kind: "request", labels: { region } }), Effect.ignore)

const requests = Effect.gen(function* () {
  yield* handle("ada", "north", 5)
  yield* handle("grace", "south", 1)
  yield* handle("edsger", "north", 5)
})

/** How each stage fared in each region. */
const report = (path: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const lines = fs.stream(path).pipe(Stream.decodeText(), Stream.splitLines)
    const records = Array.fromIterable(
      yield* lines.pipe(
        Stream.mapEffect(Schema.decode(Schema.parseJson(WideEventRenderer.WideEvent))),
        Stream.runCollect
      )
    )
    const stages = records.filter((record) => record._tag === "StageWide")
    const groups = Array.groupBy(stages, ({ labels, stageName }): string => `${stageName}, ${labels.region}`)
    for (const name of Object.keys(groups).sort()) {
      const group = groups[name] ?? []
      const attempts = group.reduce((sum, stage) => sum + stage.attempts, 0)
      const codes = group.flatMap(({ errorCode }) => errorCode ?? [])
      yield* Console.log(`${name}: ${group.length} run, ${attempts} attempts, failed: ${codes.join(", ") || "none"}`)
    }
    for (const story of records) {
      if (story._tag !== "StoryWide" || story.success) continue
      yield* Console.log(`Failed for ${story.attributes.user_id}: ${story.failedStageName}, ${story.errorType}`)
    }
  })

const program = Effect.gen(function* () {
  const folder = yield* Config.string("NARRATIVE_DIR").pipe(Config.withDefault(".narrative"))
  const path = `${folder}/wide-events.jsonl`
  yield* Effect.ignore((yield* FileSystem.FileSystem).remove(path))
  yield* Effect.provide(requests, WideEventRenderer.layerFile({ path }))
  yield* report(path)
})

program.pipe(Effect.provide(NodeContext.layer), Narrative.runMain)
