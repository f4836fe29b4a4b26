/**
 * What it costs to write a stage to a file, beside other ways of getting two lines a stage into one.
 *
 *     npm run bench -- files
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { PlatformLogger } from "@effect/platform"
import { NodeFileSystem } from "@effect/platform-node"
import { Effect, Layer, Logger } from "effect"
import { pino } from "pino"
import { JsonRenderer, Narrative, Renderer, RotatingJsonRenderer } from "./library.js"
import type { Case, Group } from "./rounds.js"

const stages = 2_000
const storyName = "Import Customers"
const stageName = "Load CSV"

let done = 0
const work = Effect.sync(() => {
  done += 1
})

const folder = mkdtempSync(join(tmpdir(), "narrative-bench-"))
process.once("exit", () => rmSync(folder, { recursive: true, force: true }))

/** A file of its own for every run: none grows, and none is deleted while it is measured. */
let files = 0
const newFile = () => join(folder, `${files++}.jsonl`)

const repeat = (self: Effect.Effect<void>) =>
  Effect.gen(function* () {
    for (let i = 0; i < stages; i++) yield* self
  })

const inStory = Narrative.story(storyName, { totalStages: stages })
const recorded = inStory(repeat(Narrative.stage(stageName)(work)))

const inSpan = Effect.withSpan(storyName, { captureStackTrace: false })
const spanned = Effect.withSpan(stageName, { captureStackTrace: false })

const logged = inSpan(
  repeat(
    Effect.log("stage started").pipe(
      Effect.zipRight(work),
      Effect.zipRight(Effect.log("stage completed")),
      Effect.annotateLogs({ story_name: storyName, stage_name: stageName }),
      spanned
    )
  )
)

const jsonLog = (path: string) =>
  Logger.replaceScoped(Logger.defaultLogger, PlatformLogger.toFile(Logger.jsonLogger, path, { flag: "a" })).pipe(
    Layer.provide(NodeFileSystem.layer)
  )

/** Closes the destination when the last line is written, as the end of a layer does. */
const viaPino = async (sync: boolean) => {
  const destination = pino.destination({ dest: newFile(), sync })
  const log = pino(destination)
  const stage = Effect.suspend(() => {
    const start = performance.now()
    log.info({ story_name: storyName, stage_name: stageName }, "stage started")
    return Effect.map(work, () => {
      const duration_seconds = (performance.now() - start) / 1_000
      log.info({ story_name: storyName, stage_name: stageName, duration_seconds }, "stage completed")
    })
  })
  await Effect.runPromise(inSpan(repeat(spanned(stage))))
  const closed = new Promise((resolve) => destination.once("close", resolve))
  destination.end()
  await closed
}

const rotating = "stage, JSON lines to a rotating file"
const rotatingOften = "the same, rotated four times"
const pinoLines = "withSpan + two pino lines, sync: false"
const pinoAtOnce = "withSpan + two pino lines, sync: true"

const cases: ReadonlyArray<Case> = [
  {
    name: "stage, JSON lines to a file",
    run: () =>
      Effect.runPromise(
        Effect.provide(recorded, Layer.provide(JsonRenderer.layerFile({ path: newFile() }), NodeFileSystem.layer))
      )
  },
  {
    name: rotating,
    run: () =>
      Effect.runPromise(
        Effect.provide(recorded, Layer.provide(RotatingJsonRenderer.layer({ path: newFile() }), NodeFileSystem.layer))
      )
  },
  {
    name: rotatingOften,
    run: () =>
      Effect.runPromise(
        Effect.provide(
          recorded,
          Layer.provide(RotatingJsonRenderer.layer({ path: newFile(), maxBytes: 500_000 }), NodeFileSystem.layer)
        )
      )
  },
  {
    name: "stage, no renderer",
    run: () => Effect.runPromise(Effect.provide(recorded, Renderer.layerNone))
  },
  { name: "withSpan, no lines", run: () => Effect.runPromise(inSpan(repeat(spanned(work)))) },
  {
    name: "withSpan + two Logger.json lines",
    run: () => Effect.runPromise(Effect.provide(logged, jsonLog(newFile())))
  },
  { name: pinoLines, run: () => viaPino(false) },
  { name: pinoAtOnce, run: () => viaPino(true) }
]

export const groups: ReadonlyArray<Group> = [
  {
    title: "A stage written to a file",
    text: "Two lines a stage into a new file, 2,000 stages; the time includes opening the file and waiting until its last line is written. Our lines carry every field of the wire form (some 500 bytes each), those of the peers a message, the story's and the stage's name, and pino's the duration.",
    command: "npm run bench -- files",
    per: stages,
    rounds: 61,
    cases,
    rows: [
      { name: "stage, JSON lines to a file", against: pinoLines, bar: 0.9 },
      { name: rotating, against: pinoLines },
      { name: rotating, against: "stage, JSON lines to a file" },
      { name: rotatingOften, against: "stage, JSON lines to a file" },
      { name: "stage, no renderer", against: pinoLines },
      { name: "withSpan, no lines", against: pinoLines },
      { name: pinoLines },
      { name: pinoAtOnce, against: pinoLines },
      { name: "stage, JSON lines to a file", against: pinoAtOnce },
      { name: "withSpan + two Logger.json lines", against: pinoLines }
    ]
  }
]

/** Whether the loops ran, and every line of the last few files is there. */
export const witnesses = () => [
  done,
  ...Array.from({ length: 6 }, (_, i) => {
    const name = `${files - 1 - i}.jsonl`
    const parts = readdirSync(folder).filter((part) => part === name || part.startsWith(`${name}.`))
    const text = parts.map((part) => readFileSync(join(folder, part), "utf8")).join("")
    return Math.max(0, text.split("\n").length - 2 * stages)
  })
]
