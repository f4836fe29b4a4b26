// A program that narrates itself, to standard output.
import { Effect } from "effect"
import { ConsoleRenderer, Narrative } from "effect-narrative"

function load() {
  return Effect.succeed(3)
}

Effect.suspend(load).pipe(
  Narrative.stage("Load"),
  Narrative.story("Own"),
  Effect.provide(ConsoleRenderer.layer()),
  Narrative.runMain
)
