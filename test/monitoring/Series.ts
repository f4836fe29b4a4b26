/** A series under which a rule is tested, as one process of a job has it. */
import type { Samples, Target } from "./PromQl.js"

/** The values of a series, one a step, as `promtool` writes them: `0+1x60` is 0, 1, … 60, and `_` none. */
export interface Series {
  readonly series: string
  readonly values: string
}

/** The series that `samples` selects, as one process of a job has it. */
export const series = (
  samples: Samples<string>,
  values: string,
  target: Partial<Record<Target, string>> = {}
): Series => {
  const { instance = "importer:9464", job = "importer" } = target
  const own = `job=${JSON.stringify(job)},instance=${JSON.stringify(instance)}`
  const [name = "", matchers = ""] = samples.selector.split(/\{|\}/)
  return { series: `${name}{${matchers === "" ? own : `${matchers},${own}`}}`, values }
}
