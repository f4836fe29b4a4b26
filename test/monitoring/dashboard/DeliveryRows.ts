/** The row on narration itself: what became of events, and whether figures are whole. */
import * as units from "@grafana/grafana-foundation-sdk/units"
import * as Instruments from "../../../src/metrics/Instruments.js"
import * as PromQl from "../PromQl.js"
import { eventRate, lostEvents } from "../recordings/DeliveryRecordings.js"
import { bars, graph, line, type Row } from "./Panels.js"

const { average, counter, greatest, grown, max, sum } = PromQl

const job = { job: { variable: "job" } } as const
const recently = "$__rate_interval"

const delivery: Row = {
  title: "Narration",
  panels: [
    graph(
      {
        title: "Events a second",
        description: "Events delivered, by renderer.",
        unit: units.CountsPerSecond,
        width: 6
      },
      line(sum(average(eventRate, recently, { ...job, result: "delivered" }), ["renderer"]), (label) =>
        label("renderer")
      )
    ),
    bars(
      {
        title: "Events lost",
        description: "Events that a renderer dropped or failed with.",
        unit: units.Short,
        width: 6
      },
      line(
        sum(grown(counter(Instruments.rendererEvents, { ...job, result: { not: "delivered" } }), recently), [
          "renderer",
          "result"
        ]),
        (label) => `${label("renderer")} · ${label("result")}`
      )
    ),
    graph(
      {
        title: "Share of events lost",
        description: "Of all events of the renderer: the worst five minutes of each point.",
        unit: units.PercentUnit,
        width: 6,
        max: 1
      },
      line(max(greatest(lostEvents, recently, job), ["renderer"]), (label) => label("renderer"))
    ),
    bars(
      {
        title: "Values counted as other",
        description: "Measurements whose label had too many values already.",
        unit: units.Short,
        width: 6
      },
      line(sum(grown(counter(Instruments.labelOverflow, job), recently), ["label"]), (label) => label("label"))
    )
  ]
}

export const deliveryRows = [delivery]
