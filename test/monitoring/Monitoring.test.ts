import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { parse } from "yaml"
import { Instruments } from "../../src/index.js"
import { root } from "../docs/ChildProgram.js"
import * as Alerts from "./Alerts.js"
import * as Dashboard from "./Dashboard.js"
import { files, folder } from "./Files.js"
import { namesIn } from "./Names.js"
import { oftenWritten } from "./OftenWritten.js"
import { promtool } from "./Promtool.js"
import { queriesOf, withValues } from "./Queries.js"
import * as Recordings from "./Recordings.js"
import * as Stack from "./Stack.js"
import * as Yaml from "./Yaml.js"

const timeout = 300_000

layer(NodeContext.layer)("monitoring", (it) => {
  it.effect("the files of docs/monitoring are what the definitions of the instruments make", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      assert.sameMembers(yield* fs.readDirectory(root + folder), Object.keys(files))
      for (const [name, text] of Object.entries(files)) {
        assert.strictEqual(yield* fs.readFileString(root + folder + name), text, `${name} is old: npm run monitoring`)
        if (name.endsWith(".yml")) assert.isObject(parse(text), name)
      }
    })
  )

  it.effect(
    "Prometheus takes the configuration and the rules",
    () =>
      Effect.gen(function* () {
        for (const args of [
          ["check", "config", "prometheus.yml"],
          ["check", "rules", "rules.yml"]
        ]) {
          const { exitCode, output } = yield* promtool(root + folder, ...args)
          assert.strictEqual(exitCode, 0, output)
        }
      }),
    timeout
  )

  it.effect(
    "every recording has its values and every alert fires and stays silent under the series that rules.test.yml has for it",
    () =>
      Effect.gen(function* () {
        for (const { record, shows } of Recordings.every) {
          assert.isNotEmpty(
            shows.flatMap(({ values }) => values),
            record
          )
        }
        for (const { fires, name, silent } of Alerts.every) {
          assert.isNotEmpty(fires, name)
          assert.isNotEmpty(silent, name)
        }
        const { exitCode, output } = yield* promtool(root + folder, "test", "rules", "rules.test.yml")
        assert.strictEqual(exitCode, 0, output)
      }),
    // A day is played for some of them.
    2 * timeout
  )

  it.scoped(
    "alerts as they are often written stay silent where ours fire",
    () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const directory = yield* fs.makeTempDirectoryScoped()
        const rules = oftenWritten.map(({ expr }, index) => ({ alert: `OftenWritten${index}`, expr }))
        const tests = oftenWritten.map(({ firing }, index) => ({
          interval: "1m",
          input_series: firing.series,
          alert_rule_test: [{ eval_time: firing.at, alertname: `OftenWritten${index}`, exp_alerts: [] }]
        }))
        yield* fs.writeFileString(`${directory}/rules.yml`, Yaml.render("", { groups: [{ name: "often", rules }] }))
        yield* fs.writeFileString(`${directory}/test.yml`, Yaml.render("", { rule_files: ["rules.yml"], tests }))
        const { exitCode, output } = yield* promtool(directory, "test", "rules", "test.yml")
        assert.strictEqual(exitCode, 0, output)
      }),
    timeout
  )

  it.effect(
    "recordings are called as Prometheus recommends, each otherwise, and docs/monitoring.md has a row for each",
    () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const page = yield* fs.readFileString(`${root}docs/monitoring.md`)
        const names = Recordings.every.map(({ record }) => record)
        assert.strictEqual(new Set(names).size, names.length)
        for (const name of names) {
          // level:metric:operations, and what was made of a counter is no total.
          assert.match(name, /^[a-z_]+:narrative_[a-z_]+:(rate|(ratio_|p\d\d_)?increase|mean)\d+[mh]$/)
          assert.notInclude(name, "_total")
        }
        const rows = Array.from(page.matchAll(/^\| `\w+:\w+:.*$/gm), ([row]) => row)
        assert.deepStrictEqual(
          rows,
          Recordings.every.map(({ because, meaning, record }) => `| \`${record}\` | ${meaning} | ${because} |`)
        )
      })
  )

  it.effect("the Prometheus that is started has every file of rules that it is configured to load", () =>
    Effect.sync(() => {
      assert.include(Stack.prometheus.rule_files, "rules.yml")
      for (const name of Stack.prometheus.rule_files) {
        assert.property(files, name)
        assert.include(Stack.compose.services.prometheus.volumes, `./${name}:/etc/prometheus/${name}:ro`)
      }
    })
  )

  it.effect("every alert has its chapter in docs/monitoring.md, and its runbook leads there", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const page = yield* fs.readFileString(`${root}docs/monitoring.md`)
      const chapters = Array.from(page.matchAll(/^### (Narrative\w+)$/gm), ([, name]) => name)
      assert.sameMembers(
        chapters,
        Alerts.every.map(({ name }) => name)
      )
      for (const { name } of Alerts.every)
        assert.include(files["rules.yml"], `docs/monitoring.md#${name.toLowerCase()}\n`)
    })
  )

  it.effect("rules, panels, variables and the page's queries name no metric and no label that is not defined", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const page = yield* fs.readFileString(`${root}docs/monitoring.md`)
      const copied = Array.from(page.matchAll(/```promql\n([\s\S]*?)```/g), ([, query = ""]) => query)
      assert.isAbove(copied.length, 5)
      const rules = [...Recordings.every, ...Alerts.every].map(({ query }) => query.expr)
      const expressions = [...rules, ...queriesOf(Dashboard.built), ...copied]
      assert.isAbove(expressions.length, 100)
      for (const expression of expressions) {
        const { labels, metrics, unknown } = namesIn(expression)
        assert.isNotEmpty(metrics, expression)
        assert.isEmpty(unknown, expression)
        const known = metrics.flatMap(({ labels }) => labels)
        assert.includeMembers([...known, "job", "instance", "le"], [...labels], expression)
      }
    })
  )

  it.effect("no instrument is left without a panel", () =>
    Effect.sync(() => {
      const shown = queriesOf(Dashboard.built).flatMap((query) => namesIn(query).metrics)
      assert.sameMembers(
        Array.from(new Set(shown), ({ name }) => name),
        Instruments.all.map(({ name }) => name)
      )
    })
  )

  it.scoped(
    "every query of the dashboard and of the page is PromQL",
    () =>
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const page = yield* fs.readFileString(`${root}docs/monitoring.md`)
        const copied = Array.from(page.matchAll(/```promql\n([\s\S]*?)```/g), ([, query = ""]) => query)
        const rules = [...queriesOf(Dashboard.built), ...copied].map((query, index) => ({
          record: `panel:${index}`,
          expr: withValues(query)
        }))
        const directory = yield* fs.makeTempDirectoryScoped()
        yield* fs.writeFileString(`${directory}/panels.yml`, Yaml.render("", { groups: [{ name: "panels", rules }] }))
        const { exitCode, output } = yield* promtool(directory, "check", "rules", "panels.yml")
        assert.strictEqual(exitCode, 0, output)
        assert.include(output, `${rules.length} rules found`)
      }),
    timeout
  )

  it.effect("every panel has an id, a place and a description of its own; none lies over another", () =>
    Effect.sync(() => {
      const panels = Dashboard.built.panels ?? []
      assert.strictEqual(new Set(panels.map(({ id }) => id)).size, panels.length)
      const taken = new Map<string, unknown>()
      for (const panel of panels) {
        assert.isNumber(panel.id)
        const { h = 0, w = 0, x = 0, y = 0 } = panel.gridPos ?? {}
        assert.isAbove(w * h, 0, `${panel.title}`)
        assert.isAtMost(x + w, 24, `${panel.title}`)
        for (let column = x; column < x + w; column++) {
          for (let line = y; line < y + h; line++) {
            const place = `${column}/${line}`
            assert.isUndefined(taken.get(place), `${panel.title} lies over ${taken.get(place)}`)
            taken.set(place, panel.title)
          }
        }
        if (panel.type !== "row") assert.isNotEmpty("description" in panel ? panel.description : "", `${panel.title}`)
      }
    })
  )
})
