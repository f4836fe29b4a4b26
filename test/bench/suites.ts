/** All that is measured, by the name that chooses it. */
import * as caught from "./caught.js"
import * as doors from "./doors.js"
import * as files from "./files.js"
import * as history from "./history.js"
import * as hotCode from "./hotCode.js"
import * as http from "./http.js"
import * as instrumented from "./instrumented.js"
import * as modules from "./modules.js"
import * as reports from "./reports.js"
import type { Group } from "./rounds.js"
import * as runs from "./runs.js"
import * as spans from "./spans.js"
import * as stages from "./stages.js"
import * as start from "./start.js"
import * as tracing from "./tracing.js"

interface Suite {
  readonly groups: ReadonlyArray<Group>
  /** What the cases counted: none of them may be 0. */
  readonly witnesses: () => ReadonlyArray<number>
}

export const suites: Readonly<Record<string, Suite>> = {
  start,
  modules,
  stages,
  instrumented,
  spans,
  files,
  reports,
  caught,
  hotCode,
  tracing,
  history,
  runs,
  http,
  doors
}
