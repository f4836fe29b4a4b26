import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as Alerts from "./Alerts.js"
import * as Dashboard from "./Dashboard.js"
import * as Prometheus from "./Prometheus.js"
import { queriesOf, withValues } from "./Queries.js"
import * as Recordings from "./Recordings.js"

// The clock of the Prometheus is that of the machine.
const services = Layer.merge(NodeContext.layer, FetchHttpClient.layer)

layer(services, { excludeTestServices: true })("panels", (it) => {
  it.scoped(
    "every rule, panel and variable has something to say of a program that is busy, and no NaN",
    () =>
      Effect.gen(function* () {
        const { ask, rules } = yield* Prometheus.make
        assert.sameDeepMembers(
          rules.map(({ health, lastError, name }) => ({ name, health, lastError })),
          [...Recordings.every.map(({ record }) => record), ...Alerts.every.map(({ name }) => name)].map((name) => ({
            name,
            health: "ok",
            lastError: undefined
          }))
        )
        for (const query of [...Recordings.every.map(({ record }) => record), ...queriesOf(Dashboard.built)]) {
          const { noNumbers, series } = yield* ask(withValues(query))
          assert.isAbove(series, 0, query)
          assert.strictEqual(noNumbers, 0, query)
        }
        // It answers nothing where there is nothing.
        assert.strictEqual((yield* ask("narrative_unheard_of")).series, 0)
      }),
    300_000
  )
})
