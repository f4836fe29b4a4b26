import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as Dashboard from "./Dashboard.js"
import * as Prometheus from "./Prometheus.js"
import { queriesOf, withValues } from "./Queries.js"

layer(Layer.merge(NodeContext.layer, FetchHttpClient.layer))("panels", (it) => {
  it.scoped(
    "every panel and variable has something to show for a program that is busy, and no NaN",
    () =>
      Effect.gen(function* () {
        const { ask } = yield* Prometheus.make
        for (const query of queriesOf(Dashboard.built)) {
          const { noNumbers, series } = yield* ask(withValues(query))
          assert.isAbove(series, 0, query)
          assert.strictEqual(noNumbers, 0, query)
        }
        // It answers nothing where there is nothing.
        assert.strictEqual((yield* ask("narrative_unheard_of")).series, 0)
      }),
    60_000
  )
})
