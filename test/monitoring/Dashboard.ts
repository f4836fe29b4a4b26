/** The dashboard: its variables, and its rows, each panel in its place. */
import * as dashboard from "@grafana/grafana-foundation-sdk/dashboard"
import * as Instruments from "../../src/metrics/Instruments.js"
import { deliveryRows } from "./dashboard/DeliveryRows.js"
import { modelRows } from "./dashboard/ModelRows.js"
import { datasource, type Row } from "./dashboard/Panels.js"
import { storyRows } from "./dashboard/StoryRows.js"
import * as PromQl from "./PromQl.js"

const variable = <L extends string>(name: string, title: string, of: PromQl.Samples<L>, label: L) =>
  new dashboard.QueryVariableBuilder(name)
    .label(title)
    .datasource(datasource)
    .query({ query: `label_values(${of.selector},${label})`, refId: name })
    .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
    .sort(dashboard.VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    // Series that have no such label at all are part of all.
    .allValue(".*")
    .current({ selected: true, text: ["All"], value: ["$__all"] })

const job = { job: { variable: "job" } } as const

const builder = new dashboard.DashboardBuilder("effect-narrative")
  .uid("effect-narrative")
  .description("Stories, their stages and failures, the models they call, and what became of their events.")
  .tags(["effect-narrative"])
  .time({ from: "now-6h", to: "now" })
  .refresh("30s")
  .timezone("browser")
  .tooltip(dashboard.DashboardCursorSync.Crosshair)
  .withVariable(new dashboard.DatasourceVariableBuilder("datasource").label("Data source").type("prometheus"))
  .withVariable(variable("job", "Job", PromQl.counter(Instruments.stories), "job"))
  .withVariable(variable("story", "Story", PromQl.counter(Instruments.stories, job), "story_name"))
  .withVariable(variable("model", "Model", PromQl.counter(Instruments.apiCalls, job), "model"))

const rows: ReadonlyArray<Row> = [...storyRows, ...modelRows, ...deliveryRows]

let id = 0
for (const { panels, title } of rows) {
  builder.withRow(new dashboard.RowBuilder(title).id(++id))
  for (const panel of panels) builder.withPanel(panel.id(++id))
}

export const built: dashboard.Dashboard = builder.build()

export const text = `${JSON.stringify(built, null, 2)}\n`
