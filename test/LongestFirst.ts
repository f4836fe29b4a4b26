import { relative } from "node:path"
import { BaseSequencer, type TestSpecification } from "vitest/node"

/** Those that take more than half a minute. One of them that began last would keep one core busy, and leave the others idle. */
const longest = [
  "test/diagnostics/locals/hotCode.modes.test.ts",
  "test/package/Package.test.ts",
  "test/laws/Interruption.test.ts",
  "test/examples/examples.test.ts",
  "test/auto/auto.test.ts",
  "test/cli/HostileHistory.test.ts",
  "test/web/dashboard/ViewsInBrowser.test.ts",
  "test/auto/programStory.test.ts",
  "test/cli/programRun.test.ts",
  "test/runs/RunProcesses.test.ts",
  "test/integration/express.test.ts",
  "test/cli/runsCommand.test.ts",
  "test/web/dashboard/runs.test.ts",
  "test/history/HistoryProcesses.test.ts",
  "test/runs/RemoteProcesses.test.ts",
  "test/renderer/FileFaults.test.ts",
  "test/history/HistoryLaws.test.ts",
  "test/history/HistoryPostgres.test.ts",
  "test/narration/runMain.test.ts",
  "test/integration/http/NarrativeHttp.test.ts",
  "test/laws/Memory.test.ts",
  "test/web/report/ReportInBrowser.test.ts",
  "test/metrics/NarrativeMetrics.test.ts",
  "test/renderer/html/HtmlReportRenderer.test.ts",
  "test/monitoring/Monitoring.test.ts",
  "test/history/HourSummaries.test.ts",
  "test/server/ServerProcesses.test.ts"
]

/** What takes longest begins first; of all others it is Vitest that knows how long they took the last time. */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: Array<TestSpecification>): Promise<Array<TestSpecification>> {
    const place = ({ moduleId, project }: TestSpecification): number => {
      const at = longest.indexOf(relative(project.config.root, moduleId).replaceAll("\\", "/"))
      return at < 0 ? longest.length : at
    }
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b))
  }
}
