/**
 * A month of runs, one after another, written by the library itself on a clock that goes faster.
 */
import { Effect, Layer, Logger } from "effect"
import { Diagnostics, Narrative } from "../../src/index.js"
import { Run } from "../../src/runs.js"
import * as agents from "./agents.js"
import type { Setting } from "./parts.js"
import { Random } from "./random.js"
import { VirtualClock } from "./virtualClock.js"

const day = 86_400_000
const hour = 3_600_000

interface Job {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly agent: string
  readonly job: string
  readonly product: string
  readonly trigger: string
  /** A commit comes of it. */
  readonly commits?: boolean
  readonly program: (setting: Setting) => Effect.Effect<unknown, unknown>
}

/** Where the runs are written, with all that a report can say of a failure. */
export const telemetry = (baseDir: string) =>
  Layer.mergeAll(
    Run.layer({ baseDir, git: false, sweep: false }),
    Diagnostics.layer({ mode: "rich" }),
    Narrative.logger,
    // What the agents log is in their stories.
    Logger.remove(Logger.defaultLogger)
  )

/** The day on which version 1.5.0 was released, which is slower, and lacks an exchange rate. */
const releaseDay = 19

export interface MonthOptions {
  /** Where it ends, in milliseconds since the epoch. */
  readonly until: number
  /**
   * What the calendar is taken to say then, in milliseconds since the epoch (default: `until`). Weekdays and times of the
   * day decide which jobs there are: whoever counts on some of them says so.
   */
  readonly calendar?: number | undefined
  /** How many days (default 30). */
  readonly days?: number | undefined
  readonly seed?: number | undefined
}

/** Runs all of it. It needs `Run.layer`. */
export const fillMonth = ({ days = 30, seed = 16, until, calendar = until }: MonthOptions): Effect.Effect<number> =>
  Effect.gen(function* () {
    const random = new Random(seed)
    const first = calendar - days * day
    const later = until - calendar
    const clock = new VirtualClock(first + later)
    const jobs = Array.from({ length: days }, (_, i) => jobsOf(first + i * day, random)).flat()
    const due = jobs.filter(({ at }) => at < calendar).sort((a, b) => a.at - b.at)
    for (const job of due) {
      clock.goTo(job.at + later)
      const version = (job.at - first) / day < (releaseDay * days) / 30 ? "1.4.2" : "1.5.0"
      yield* Effect.withClock(run(job, { random, version, slowness: slownessAt(job.at) }), clock.clock)
    }
    return due.length
  })

/** Runs three agents at a time, now and for as long as it is let. It needs `Run.layer`. */
export const runNow: Effect.Effect<never> = Effect.suspend(() => {
  const random = new Random(17)
  const one = Effect.suspend(() => {
    const jobs = jobsOf(Date.now(), random)
    const job = jobs[random.whole(0, jobs.length - 1)]
    const pause = Effect.sleep(random.whole(500, 6_000))
    return job === undefined ? pause : Effect.zipRight(run(job, { random, version: "1.5.0", slowness: 2 }), pause)
  })
  return Effect.zipRight(
    Effect.all(
      [1, 2, 3].map(() => Effect.forever(one)),
      { concurrency: "unbounded" }
    ),
    Effect.never
  )
})

/** Everything is busier around noon. */
const slownessAt = (at: number): number => 1 + 0.5 * Math.max(0, Math.sin(((at % day) / day - 0.25) * 2 * Math.PI))

/** The jobs of a day; fewer at the weekend. */
const jobsOf = (start: number, random: Random): ReadonlyArray<Job> => {
  const isWeekend = [0, 6].includes(new Date(start).getUTCDay())
  const times = (count: number, from: number, to: number) =>
    Array.from({ length: count }, () => start + from * hour + random.next() * (to - from) * hour)
  const midnight = Math.ceil(start / day) * day
  const catalogue = { agent: "catalogue-importer", product: "catalogue" }
  const jobs: ReadonlyArray<ReadonlyArray<Job>> = [
    [
      {
        ...catalogue,
        at: midnight + 2 * hour,
        job: "nightly",
        trigger: "cron",
        commits: true,
        program: (setting) => agents.importCatalogue(setting, true)
      }
    ],
    times(isWeekend ? 4 : 9, 0, 24).map((at) => ({
      ...catalogue,
      at,
      job: "delta",
      trigger: "webhook",
      program: (setting) => agents.importCatalogue(setting, false)
    })),
    times(isWeekend ? 1 : 7, 7, 19).map((at) => ({
      at,
      agent: "blurb-translator",
      job: random.pick(["new-books", "new-books", "corrections"]),
      product: "texts",
      trigger: "manual",
      commits: random.chance(0.4),
      program: (setting) => agents.translateBlurbs(setting, random.whole(3, 9))
    })),
    times(isWeekend ? 0 : 3, 6, 20).map((at) => ({
      at,
      agent: "invoice-reconciler",
      job: "daily",
      product: "billing",
      trigger: "cron",
      program: (setting) => agents.reconcileInvoices(setting, random.whole(40, 260))
    })),
    times(isWeekend ? 2 : 6, 0, 24).map((at) => ({
      at,
      agent: "cover-renderer",
      job: random.pick(["thumbnails", "thumbnails", "print"]),
      product: "catalogue",
      trigger: "queue",
      program: (setting) => agents.renderCovers(setting, random.whole(20, 240))
    })),
    times(6, 0, 24).map((at) => ({
      at,
      agent: "link-checker",
      job: random.chance(0.12) ? "test" : "hourly",
      product: "site",
      trigger: "cron",
      program: (setting) => agents.checkLinks(setting, random.whole(120, 900))
    })),
    isWeekend
      ? []
      : [
          {
            at: midnight + 8 * hour,
            agent: "digest-writer",
            job: "daily",
            product: "reports",
            trigger: "cron",
            program: agents.writeDigest
          }
        ]
  ]
  return jobs.flat()
}

/** One run. Whatever becomes of it, the next one follows. */
const run = (job: Job, setting: Setting): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { random, version } = setting
    const commit = random.hex(40)
    yield* job.program(setting)
    if (job.commits === true) {
      const current = yield* Effect.flatten(Run.current)
      yield* Run.associateCommit(current, { hash: commit, source: "llm", author: "Catalogue Bot <bot@example.org>" })
    }
    yield* Narrative.note("released", { version })
  }).pipe(
    Run.track(job.agent, job.job, {
      product: job.product,
      platform: "node",
      agentOwner: job.product === "billing" ? "finance" : "catalogue-team",
      environment: job.job === "test" ? "ci" : "production",
      triggerType: job.trigger,
      gitRepo: "https://github.com/example/bookshop",
      gitBranch: "main",
      gitCommitHash:
        setting.version === "1.4.2"
          ? "4c1f0a9be27d35e86f0d1a2b3c4d5e6f708192a3"
          : "9e8d7c6b5a4f30291807f6e5d4c3b2a190817263",
      labels: { version: setting.version, region: setting.random.pick(["north", "north", "south"]) }
    }),
    Effect.ignore
  )
