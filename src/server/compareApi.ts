/**
 * What the HTTP API answers when stories and runs are compared: some of them one by one, or two groups of stories.
 */
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import { time } from "../history/database/columns.js"
import { type Sample, storySamples } from "../history/read/storySamples.js"
import type { StoryRecord } from "../history/StoryRecord.js"
import type { Embedded } from "../runs/embedded.js"
import { millisOf } from "../runs/runColumns.js"
import * as runQuery from "../runs/runQuery.js"
import type * as runRows from "../runs/runRows.js"
import { invalid, json, notFound, type Refusal } from "./answers.js"
import { rowOf } from "./apiRows.js"
import type { Archive } from "./archive.js"
import { type Compared, compare } from "./comparison.js"
import * as distributions from "./distributions.js"
import type * as readModels from "./readModels.js"
import * as readQuery from "./readQuery.js"
import { unavailable } from "./runWrites.js"

type Answer = Effect.Effect<HttpServerResponse.HttpServerResponse, Refusal>

export interface CompareApi {
  readonly each: (query: readQuery.Query) => Answer
  readonly groups: (query: readQuery.Query) => Answer
}

/** As many as are seen beside each other. */
const [fewest, most] = [2, 6]

/** @internal */
export const make = ({ store }: Embedded, archive: Archive): CompareApi => {
  const storyOf = (id: string) => archive.read((history) => history.story(id))
  const compared = (id: string): Effect.Effect<Compared, Refusal> =>
    Effect.gen(function* () {
      const row = yield* unavailable(store.use((sql) => runQuery.byEventId(sql, id)))
      if (row === undefined) {
        const story = yield* Effect.mapError(storyOf(id), (refusal) =>
          refusal.status === 404 ? notFound(`no story and no run has the id ${id.slice(0, 255)}`) : refusal
        )
        return { subject: ofStory(id, story), story, run: undefined }
      }
      const run = rowOf(row)
      const storyId = typeof run["story_id"] === "string" ? run["story_id"] : undefined
      // The story of a run may be in a history elsewhere, or not be kept any more.
      const story = storyId === undefined ? undefined : yield* Effect.orElseSucceed(storyOf(storyId), () => undefined)
      return { subject: ofRun(id, row, run, story), story, run }
    })
  return {
    each: (given) =>
      Effect.gen(function* () {
        const ids = yield* readQuery.parsed(given, (query) => query.texts("id"))
        if (ids.length < fewest || ids.length > most || ids.includes("") || new Set(ids).size < ids.length) {
          const msg = `takes ${fewest} to ${most} ids of stories or runs, each once`
          return yield* invalid([{ loc: ["query", "id"], msg, type: "value_error" }])
        }
        yield* unavailable(store.catchUp)
        return json(compare(yield* Effect.forEach(ids, compared)))
      }),
    groups: (given) =>
      Effect.gen(function* () {
        const filters = yield* readQuery.parsed(given, (query) => ({
          a: readQuery.storyFilter(query, "a."),
          b: readQuery.storyFilter(query, "b.")
        }))
        const a = yield* ofGroup(
          "a.",
          archive.querySlowly((sql) => storySamples(sql, filters.a))
        )
        const b = yield* ofGroup(
          "b.",
          archive.querySlowly((sql) => storySamples(sql, filters.b))
        )
        return json(comparisonOf(a, b))
      })
  }
}

const ofStory = (id: string, story: StoryRecord): readModels.ComparedSubjectJson => ({
  id,
  kind: "story",
  name: story.name,
  status: story.status,
  started_at: time.encode(story.startedAt),
  duration_seconds: story.durationSeconds,
  story_id: story.id,
  event_id: null
})

const ofRun = (
  id: string,
  row: runRows.Found,
  run: ReturnType<typeof rowOf>,
  story: StoryRecord | undefined
): readModels.ComparedSubjectJson => {
  const duration = run["duration_ms"]
  return {
    id,
    kind: "run",
    name: `${String(run["agent_name"])} / ${String(run["job_type"])}`,
    status: String(run["status"]),
    started_at: time.encode(millisOf(String(run["start_time"])) ?? 0),
    duration_seconds: typeof duration === "number" ? duration / 1_000 : (story?.durationSeconds ?? null),
    story_id: story?.id ?? null,
    event_id: String(row["event_id"])
  }
}

/** Faults of a group's filter are named as its parameters are. */
const ofGroup = <A>(prefix: string, self: Effect.Effect<A, Refusal>): Effect.Effect<A, Refusal> =>
  Effect.mapError(self, (refusal) =>
    refusal.status === 422 && typeof refusal.detail !== "string"
      ? invalid(
          refusal.detail.map((fault) => ({
            ...fault,
            loc: [...fault.loc.slice(0, -1), `${prefix}${fault.loc.at(-1)}`]
          }))
        )
      : refusal
  )

type Group = Effect.Effect.Success<ReturnType<typeof storySamples>>

const comparisonOf = (a: Group, b: Group): readModels.GroupComparisonJson => {
  const [storiesA, storiesB] = [sorted(a.stories), sorted(b.stories)]
  const stagesOfA = new Map(a.stages.map((stage) => [`${stage.storyName}\u0000${stage.stageName}`, stage]))
  const pairs = b.stages.flatMap((stage) => {
    const other = stagesOfA.get(`${stage.storyName}\u0000${stage.stageName}`)
    return other === undefined ? [] : [{ ...stage, a: sorted(other.sample), b: sorted(stage.sample) }]
  })
  const stages = pairs.map(({ a, b, stageName, storyName }) => ({
    story_name: storyName,
    stage_name: stageName,
    a: distributions.distributionOf(a),
    b: distributions.distributionOf(b),
    difference: distributions.differenceOf(a, b, pairs.length)
  }))
  return {
    a: distributions.distributionOf(storiesA),
    b: distributions.distributionOf(storiesB),
    difference: distributions.differenceOf(storiesA, storiesB),
    histogram: distributions.histogramOf(storiesA.seconds, storiesB.seconds),
    stages: stages.sort((one, other) => pValueOf(one.difference) - pValueOf(other.difference)).slice(0, mostStages),
    sampled: { a: a.isSampled, b: b.isSampled }
  }
}

/** The surest. */
const mostStages = 200

const pValueOf = ({ duration_p_value, failure_p_value }: readModels.GroupDifferenceJson): number =>
  Math.min(duration_p_value ?? 1, failure_p_value ?? 1)

const sorted = ({ count, failed, seconds }: Sample): distributions.Sample => ({
  count,
  failed,
  seconds: Float64Array.from(seconds).sort()
})
