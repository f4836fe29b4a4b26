/**
 * What the HTTP API answers about what runs now.
 */
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { percent } from "../event/progress.js"
import { time } from "../history/database/columns.js"
import { liveStories } from "../history/read/liveStories.js"
import * as StoryRecord from "../history/StoryRecord.js"
import type { Embedded } from "../runs/embedded.js"
import * as runProcess from "../runs/runProcess.js"
import * as runRows from "../runs/runRows.js"
import { json, type Refusal } from "./answers.js"
import type { Archive } from "./archive.js"
import type * as readModels from "./readModels.js"
import * as readQuery from "./readQuery.js"
import { unavailable } from "./runWrites.js"

/** @internal */
export const make =
  ({ store }: Embedded, archive: Archive) =>
  (given: readQuery.Query): Effect.Effect<HttpServerResponse.HttpServerResponse, Refusal> =>
    Effect.gen(function* () {
      const { limit = 100, recent = 0 } = yield* readQuery.parsed(given, (query) => ({
        limit: query.whole("limit", 1, 500),
        recent: query.whole("recent", 0, 1_000)
      }))
      const at = yield* Clock.currentTimeMillis
      // Before the stories: what is missing of them follows from it.
      const cursor = yield* archive.read((history) => history.cursorBefore(recent))
      const stories = yield* archive.query((sql) => liveStories(sql, limit))
      yield* unavailable(store.catchUp)
      const runs = yield* unavailable(
        store.use(
          (sql) => sql<runRows.Found>`SELECT * FROM agent_runs WHERE status = 'running'
            ORDER BY created_at DESC LIMIT ${limit}`
        )
      )
      const answer: readModels.LiveJson = {
        at: time.encode(at),
        cursor,
        stories: stories.map(({ story, ...live }) => ({
          story: encodeSummary(story),
          started_stages: live.startedStages,
          completed_stages: live.completedStages,
          failed_stages: live.failedStages,
          percent: story.declaredStages === null ? null : percent(live.completedStages, story.declaredStages),
          stages: live.stages.map((stage) => ({
            name: stage.name,
            path: stage.path,
            index: stage.index,
            kind: stage.kind,
            started_at: time.encode(stage.startedAt),
            progress: stage.lastProgress,
            retries: stage.retries
          })),
          last_event_at: live.lastEventAt === null ? null : time.encode(live.lastEventAt)
        })),
        runs: runs.map(liveRun)
      }
      return json(answer)
    })

const encodeSummary = Schema.encodeSync(StoryRecord.StorySummary)

const liveRun = (row: runRows.Found): readModels.LiveRunJson => {
  const { columns } = runRows.decodeColumns(row)
  return {
    event_id: String(row["event_id"]),
    run_id: String(columns.run_id),
    agent_name: String(columns.agent_name),
    job_type: String(columns.job_type),
    created_at: columns.created_at ?? null,
    updated_at: columns.updated_at ?? null,
    start_time: columns.start_time ?? null,
    items_discovered: columns.items_discovered ?? null,
    items_succeeded: columns.items_succeeded ?? null,
    items_failed: columns.items_failed ?? null,
    items_skipped: columns.items_skipped ?? null,
    parent_run_id: columns.parent_run_id ?? null,
    story_id: columns.story_id ?? null,
    life: runProcess.lifeOf(columns.process)
  }
}
