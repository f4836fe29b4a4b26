// A program of Effect's that has spans, and fails in them or outside them.
import { NodeRuntime } from "@effect/platform-node"
import { Data, Effect } from "effect"

class Refused extends Data.TaggedError("Refused") {}

const load = Effect.fn("load")(function* (file) {
  if (file === "missing") return yield* new Refused({ message: `no ${file}` })
  return file.length
})

const ways = {
  ends: load("customers").pipe(Effect.withSpan("Import")),
  fails: load("missing").pipe(Effect.withSpan("Import")),
  failsOutside: new Refused({ message: "outside any span" }),
  handles: Effect.ignore(new Refused({ message: "handled" }))
}

NodeRuntime.runMain(ways[process.argv[2]], { disableErrorReporting: true })
