/** The kinds of panels of the dashboard: what each shows best, in few words. Their places come from the dashboard. */
import * as bargauge from "@grafana/grafana-foundation-sdk/bargauge"
import type * as cog from "@grafana/grafana-foundation-sdk/cog"
import * as common from "@grafana/grafana-foundation-sdk/common"
import * as dashboard from "@grafana/grafana-foundation-sdk/dashboard"
import * as heatmaps from "@grafana/grafana-foundation-sdk/heatmap"
import * as prometheus from "@grafana/grafana-foundation-sdk/prometheus"
import * as stats from "@grafana/grafana-foundation-sdk/stat"
import * as timeseries from "@grafana/grafana-foundation-sdk/timeseries"
import type { Instrument } from "../../../src/metrics/Instruments.js"
import * as PromQl from "../PromQl.js"

/** A panel without id and place. */
export type Panel = cog.Builder<dashboard.Panel> & {
  id(id: number): Panel
  span(width: number): Panel
  height(height: number): Panel
}

/** A row of the dashboard: panels from left to right, each so wide; 24 fill a line. */
export interface Row {
  readonly title: string
  readonly panels: ReadonlyArray<Panel>
}

/** A query, and what its series are called. */
export interface Line {
  readonly expr: string
  readonly legend: string
}

/** A line whose name can show the labels of its query only. */
export const line = <L extends string>(
  { expr }: PromQl.Vector<L>,
  legend: string | ((label: (name: L) => string) => string)
): Line => ({ expr, legend: typeof legend === "string" ? legend : legend((name) => `{{${name}}}`) })

export interface Look {
  readonly title: string
  readonly description: string
  readonly unit: string
  readonly width: number
  /** From which value on which colour is shown; the first holds for everything below the second. */
  readonly colours?: ReadonlyArray<readonly [from: number | null, colour: string]>
  /** The greatest value of the axis. */
  readonly max?: number
}

export const datasource = { type: "prometheus", uid: "$datasource" }

const query = ({ expr, legend }: Line, index: number) =>
  new prometheus.DataqueryBuilder()
    .datasource(datasource)
    .refId(String.fromCharCode(65 + index))
    .editorMode(prometheus.QueryEditorMode.Code)
    .expr(expr)
    .legendFormat(legend)

const thresholds = (colours: Look["colours"] = [[null, "green"]]) =>
  new dashboard.ThresholdsConfigBuilder()
    .mode(dashboard.ThresholdsMode.Absolute)
    .steps(colours.map(([value, color]) => ({ value, color })))

const lastValue = () => new common.ReduceDataOptionsBuilder().calcs(["lastNotNull"]).values(false)

/** One figure for the time range. */
export const stat = (look: Look, line: Line): Panel =>
  new stats.PanelBuilder()
    .title(look.title)
    .description(look.description)
    .unit(look.unit)
    .span(look.width)
    .height(4)
    .datasource(datasource)
    .thresholds(thresholds(look.colours))
    .colorMode(common.BigValueColorMode.Value)
    .graphMode(common.BigValueGraphMode.None)
    .reduceOptions(lastValue())
    .noValue("–")
    .withTarget(query(line, 0).instant())

/** Lines over time. */
export const graph = (look: Look, ...lines: ReadonlyArray<Line>) => {
  const panel = new timeseries.PanelBuilder()
    .title(look.title)
    .description(look.description)
    .unit(look.unit)
    .span(look.width)
    .height(8)
    .datasource(datasource)
    .min(0)
    .thresholds(thresholds(look.colours))
    .fillOpacity(10)
    .showPoints(common.VisibilityMode.Never)
    .legend(
      new common.VizLegendOptionsBuilder()
        .displayMode(common.LegendDisplayMode.List)
        .placement(common.LegendPlacement.Bottom)
        .showLegend(true)
    )
    .tooltip(
      new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi).sort(common.SortOrder.Descending)
    )
    .targets(lines.map((line, index) => query(line, index).range()))
  if (look.max !== undefined) panel.max(look.max)
  if (look.colours !== undefined) {
    panel.thresholdsStyle(new common.GraphThresholdsStyleConfigBuilder().mode(common.GraphThresholdsStyleMode.Dashed))
  }
  return panel
}

/** Stacked bars over time, for what happens now and then. */
export const bars = (look: Look, ...lines: ReadonlyArray<Line>) =>
  graph(look, ...lines)
    .drawStyle(common.GraphDrawStyle.Bars)
    .fillOpacity(80)
    .stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal))

/** A bar for each series, over the whole time range. */
export const ranking = (look: Look, line: Line): Panel =>
  new bargauge.PanelBuilder()
    .title(look.title)
    .description(look.description)
    .unit(look.unit)
    .span(look.width)
    .height(8)
    .datasource(datasource)
    .min(0)
    .thresholds(thresholds(look.colours))
    .orientation(common.VizOrientation.Horizontal)
    .displayMode(common.BarGaugeDisplayMode.Basic)
    .reduceOptions(lastValue())
    .withTarget(query(line, 0).instant())

/** How the values of a histogram are spread, over time. */
export const heatmap = <L extends string>(
  look: Look,
  of: Instrument<L>,
  where: PromQl.Where<L | PromQl.Target>
): Panel => {
  const spread = PromQl.spread<L>(of, "$__rate_interval", { growth: PromQl.increase, where })
  return new heatmaps.PanelBuilder()
    .title(look.title)
    .description(look.description)
    .span(look.width)
    .height(8)
    .datasource(datasource)
    .calculate(false)
    .yAxis(new heatmaps.YAxisConfigBuilder().unit(look.unit))
    .color(new heatmaps.HeatmapColorOptionsBuilder().mode(heatmaps.HeatmapColorMode.Scheme).scheme("Oranges").steps(64))
    .cellGap(1)
    .withTarget(
      query(
        line(spread, (label) => label("le")),
        0
      )
        .format(prometheus.PromQueryFormat.Heatmap)
        .range()
    )
}
