/** Fails and goes on as often as it is asked to, in a span, as a program does for which failing is a matter of course. */
import { Data, Effect } from "effect"
import { install } from "./library.js"

class NotFound extends Data.TaggedClass("NotFound")<{ readonly id: number }> {}

const [extent] = process.argv.slice(2)
if (extent === "lean" || extent === "rich") install(extent)

const find = (id: number) =>
  Effect.gen(function* () {
    return yield* Effect.suspend(() => Effect.fail(new NotFound({ id })))
  })

const loop = (steps: number) =>
  Effect.gen(function* () {
    let found = 0
    for (let id = 0; id < steps; id++) found += yield* Effect.catchTag(find(id), "NotFound", () => Effect.succeed(1))
    return found
  }).pipe(Effect.withSpan("find all"))

process.on("message", (steps) => {
  void Effect.runPromise(loop(Number(steps))).then((found) => process.send?.(found))
})
