/**
 * A command written with nothing but `Effect.fn` and `withSpan`: `stock check` and `stock order`. `Narrative.runMain` in place of
 * `NodeRuntime.runMain` makes a run of it a story. `--help`, `--version` and wrong arguments print what they printed, and no story.
 */
import { Args, Command, Options } from "@effect/cli"
import { NodeContext } from "@effect/platform-node"
import { Console, Data, Effect, Layer } from "effect"
import { ConsoleRenderer, Narrative, NarrativeSpans } from "effect-narrative"

class Discontinued extends Data.TaggedError("Discontinued")<{ readonly article: string }> {
  override get message() {
    return `${this.article} is made no more`
  }
}

const shelf = new Map([
  ["lamp", 1],
  ["desk", 12],
  ["typewriter", 0]
])

const count = Effect.fn("countArticle")(function* (article: string) {
  yield* Effect.annotateCurrentSpan("article", article)
  return shelf.get(article) ?? 0
})

const ask = Effect.fn("askSupplier")(function* (article: string, amount: number) {
  yield* Effect.annotateCurrentSpan({ article, amount })
  if (article === "typewriter") return yield* new Discontinued({ article })
  return `${article}-${amount}`
})

const articles = Args.text({ name: "article" }).pipe(Args.repeated)
const least = Options.integer("least").pipe(Options.withDefault(5))

const check = Command.make("check", { articles }, ({ articles }) =>
  Effect.forEach(articles, (article) => Effect.flatMap(count(article), (n) => Console.log(`${article}: ${n}`)), {
    discard: true
  })
)

const order = Command.make("order", { articles, least }, ({ articles, least }) =>
  Effect.forEach(articles, (article) =>
    Effect.gen(function* () {
      const missing = least - (yield* count(article))
      if (missing > 0) yield* Console.log(`ordered: ${yield* ask(article, missing)}`)
    }).pipe(Effect.withSpan("fillUp", { attributes: { article } }))
  )
)

const stock = Command.make("stock").pipe(Command.withSubcommands([check, order]))

// Without arguments it does what its page shows.
const argv = process.argv.length > 2 ? process.argv : [...process.argv, "order", "lamp", "desk", "typewriter"]

Command.run(stock, { name: "stock", version: "1.0.0" })(argv).pipe(
  Effect.provide(NodeContext.layer),
  Narrative.runMain({ story: "stock", layer: Layer.merge(NarrativeSpans.layer(), ConsoleRenderer.layer()) })
)
