import { availableParallelism } from "node:os"
import { defineConfig } from "vitest/config"
import LongestFirst from "./test/LongestFirst.js"

/** What runs at a time, in threads and in processes each: those in processes mostly wait for others that they start. */
const workers = Math.min(Math.max(availableParallelism(), 2), 8)

// The compiler, the bundler and promtool are written in Go, and end soon: to collect their garbage is a sixth of their work.
process.env["GOGC"] ??= "400"

// Node reads what this names whenever it starts: 0.08 s of a core, and tests start hundreds of processes, all of which speak with this machine alone.
delete process.env["NODE_EXTRA_CA_CERTS"]

/** Files that have a process of their own, which costs some seconds, and why. All others share as many threads as there are cores. */
const isolated = [
  // They take long, and mostly wait for processes that they start: beside the threads they take the time that those leave.
  "test/auto/{auto,programStory}.test.ts",
  "test/cli/programRun.test.ts",
  "test/examples/*.test.ts",
  "test/monitoring/Monitoring.test.ts",
  "test/package/Package.test.ts",
  "test/renderer/FileFaults.test.ts",
  "test/web/dashboard/{ViewsInBrowser,runs}.test.ts",
  "test/web/report/*.test.ts",
  // They change the folder or the user of their process.
  "test/file/specialFiles.test.ts",
  "test/history/HistoryProcesses.test.ts",
  // They set the clock of runs, which never goes back.
  "test/runs/{Run,posting,storedRun}.test.ts",
  // Its server replaces `Request` and `Response`.
  "test/integration/hono.test.ts",
  // The state of Sentry's SDK is global.
  "test/integration/sentry/*.test.ts",
  // They use the debugger of their process, or patch Effect's fibers.
  "test/diagnostics/waysToRun.test.ts",
  "test/diagnostics/locals/*.test.ts",
  "test/promise/TypesAndValues.test.ts",
  // They measure what their process takes, or take a minute of one core.
  "test/cli/HostileHistory.test.ts",
  "test/laws/{Interruption,Memory,Secrets}.test.ts",
  "test/metrics/Prometheus.test.ts"
]

export default defineConfig({
  test: {
    reporters: ["default", "./test/PlainSummary.ts"],
    // Hangs end here. On a machine whose cores are busy with something else, what takes half a minute takes two or three.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // A pool isolates all of its files or none: each project has one. Threads that share files are all there from the start, or end
    // before their first.
    pool: "forks",
    poolOptions: {
      forks: { isolate: true, minForks: 1, maxForks: workers },
      threads: { isolate: false, minThreads: workers, maxThreads: workers }
    },
    sequence: { sequencer: LongestFirst },
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
