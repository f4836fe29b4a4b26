import { defineConfig } from "vitest/config"

/** Files that have a process of their own, and why. All others share one, in which everything is loaded once. */
const isolated = [
  // They wait for processes that they start.
  "test/auto/{auto,programStory}.test.ts",
  "test/cli/completions.test.ts",
  "test/cli/main.test.ts",
  "test/cli/programRun.test.ts",
  "test/docs/Docs.test.ts",
  "test/examples/*.test.ts",
  "test/file/*.test.ts",
  "test/history/HistoryProcesses.test.ts",
  "test/history/PostgresProcesses.test.ts",
  "test/metrics/Prometheus.test.ts",
  "test/monitoring/{Monitoring,Panels}.test.ts",
  "test/narration/runMain.test.ts",
  "test/package/{Package,Weight}.test.ts",
  "test/renderer/FileFaults.test.ts",
  "test/renderer/StandardStreams.test.ts",
  "test/renderer/html/HtmlReportRenderer.test.ts",
  "test/web/bundle.test.ts",
  "test/web/dashboard/*.test.ts",
  "test/web/report/*.test.ts",
  // The order of what is written of runs is that of their process, and its clock never goes back.
  "test/runs/*.test.ts",
  // Their server is that of their process.
  "test/server/CurlExamples.test.ts",
  "test/server/RunApi.test.ts",
  "test/server/ServerProcesses.test.ts",
  "test/server/compare.test.ts",
  "test/server/events.test.ts",
  "test/server/stories.test.ts",
  // Its server replaces `Request` and `Response`.
  "test/integration/hono.test.ts",
  // The helpers of BullMQ's compiler become global.
  "test/integration/bullmq.test.ts",
  // The state of Sentry's SDK is global.
  "test/integration/sentry/*.test.ts",
  // They use the debugger of their process, or patch Effect's fibers.
  "test/diagnostics/waysToRun.test.ts",
  "test/diagnostics/locals/*.test.ts",
  "test/promise/TypesAndValues.test.ts",
  // They measure heaps, or take a minute of one core: beside the shared process they take the other one.
  "test/cli/HostileHistory.test.ts",
  "test/laws/*.test.ts"
]

export default defineConfig({
  test: {
    reporters: ["default", "./test/PlainSummary.ts"],
    // Hangs end here. On a busy machine, what takes a second takes many.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // A pool isolates all of its files or none: each project has one.
    pool: "forks",
    poolOptions: {
      forks: { isolate: true, minForks: 1, maxForks: 2 },
      threads: { isolate: false, minThreads: 1, maxThreads: 1 }
    },
    projects: [
      { extends: true, test: { name: "isolated", include: isolated, setupFiles: ["./test/turns.ts"] } },
      {
        extends: true,
        test: {
          name: "shared",
          include: ["test/**/*.test.ts"],
          exclude: isolated,
          pool: "threads",
          setupFiles: ["./test/leavesNothing.ts", "./test/turns.ts"]
        }
      }
    ]
  }
})
