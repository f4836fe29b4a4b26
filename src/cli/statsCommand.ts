/**
 * `narrative stats`: how long things take, how often they fail, and with what.
 */
import * as Command from "@effect/cli/Command"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as commandOptions from "./commandOptions.js"
import * as historyFile from "./historyFile.js"
import { Output, writeJson } from "./output.js"
import { shortIds } from "./shortIds.js"

export const command = Command.make(
  "stats",
  { since: commandOptions.since, story: commandOptions.story, db: commandOptions.db, json: commandOptions.json },
  ({ db, json, since, story }) =>
    historyFile.read(db, (history) =>
      Effect.gen(function* () {
        const stats = yield* history.stats({ since: Option.getOrUndefined(since), story: Option.getOrUndefined(story) })
        if (json) {
          const { HistoryStats } = yield* Effect.promise(() => import("../history/HistoryStats.js"))
          return yield* writeJson(Schema.encodeSync(HistoryStats)(stats))
        }
        const output = yield* Output
        const { statsReport } = yield* Effect.promise(() => import("./statsReport.js"))
        if (stats.count === 0 && stats.failureCount === 0) return yield* output.note("No stories.")
        const named = [
          ...stats.slowest.map(({ storyId }) => storyId),
          ...stats.failures.map((group) => group.lastStoryId)
        ]
        const ids = yield* shortIds(history, Array.from(new Set(named)))
        const now = yield* Clock.currentTimeMillis
        return yield* output.write(statsReport(stats, { ...output, ids, now }))
      })
    )
).pipe(
  Command.withDescription(
    "Shows durations and failure rates of stories and stages, and the most frequent failures. Of the last 24 hours without --since."
  )
)
