/**
 * The list that `narrative stories` prints.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { type StoryState, StorySummary } from "../history/StoryRecord.js"
import { pair } from "../renderer/console/recordText.js"
import type { Theme } from "../renderer/console/theme.js"
import type { HistoryOptions } from "./commandOptions.js"
import * as historyFile from "./historyFile.js"
import { Output, writeJson } from "./output.js"
import { ago, took } from "./relativeTime.js"
import { shortIds } from "./shortIds.js"
import { statusPaint } from "./storyReport.js"
import { type Column, table } from "./table.js"

export interface StoryListOptions extends HistoryOptions {
  readonly last: number
  readonly status: ReadonlyArray<StoryState>
  readonly story: Option.Option<string>
  readonly label: Option.Option<HashMap.HashMap<string, string>>
  readonly request: Option.Option<string>
  readonly roots: boolean
  readonly since: Option.Option<string>
}

export const list = ({ db, json, label, last, request, roots, since, status, story }: StoryListOptions) =>
  historyFile.read(db, (history) =>
    Effect.gen(function* () {
      const { stories } = yield* history.stories({
        limit: last,
        status: status.length === 0 ? undefined : status,
        name: Option.getOrUndefined(story),
        labels: Option.getOrUndefined(Option.map(label, (labels) => Object.fromEntries(HashMap.toEntries(labels)))),
        correlation: Option.getOrUndefined(request),
        rootsOnly: roots,
        since: Option.getOrUndefined(since)
      })
      if (json) return yield* Effect.forEach(stories, (story) => writeJson(encode(story)), { discard: true })
      const output = yield* Output
      if (stories.length === 0) return yield* output.note("No stories.")
      const ids = yield* shortIds(
        history,
        stories.map(({ id }) => id)
      )
      const now = yield* Clock.currentTimeMillis
      return yield* output.write(table(stories, columns(ids, now, output.theme), output))
    })
  )

const encode = Schema.encodeSync(StorySummary)

const columns = (ids: (id: string) => string, now: number, theme: Theme): ReadonlyArray<Column<StorySummary>> => [
  {
    title: "Started",
    cell: ({ startedAt }) => ({
      text: ago(startedAt, now),
      value: new Date(startedAt).toISOString(),
      paint: theme.colours.dim
    })
  },
  { title: "Story id", cell: ({ id }) => ({ text: ids(id), value: id }) },
  { title: "Story", cell: ({ name }) => ({ text: name, paint: theme.colours.bold }), least: 12 },
  { title: "Status", cell: ({ status }) => ({ text: status, paint: statusPaint(status, theme) }) },
  {
    title: "Took",
    cell: ({ durationSeconds }) => ({
      text: durationSeconds === null ? "" : took(durationSeconds),
      value: durationSeconds === null ? "" : String(durationSeconds)
    }),
    align: "right"
  },
  {
    title: "Stages",
    cell: ({ progress }) => ({
      text: progress === null ? "" : `${progress.completedStages}/${progress.totalStages}`,
      paint: theme.colours.dim
    }),
    align: "right",
    dispensable: 2
  },
  {
    title: "Outcome",
    cell: (story) => ({ text: outcomeOf(story), paint: story.failure === null ? undefined : theme.colours.bad }),
    least: 20
  },
  {
    title: "Labels",
    cell: ({ labels }) => ({
      text: Object.entries(labels)
        .map(([name, value]) => pair(name, value))
        .join(" "),
      paint: theme.colours.dim
    }),
    least: 8,
    dispensable: 1
  }
]

const outcomeOf = ({ failure, outcome }: StorySummary): string => {
  if (failure === null) return outcome ?? ""
  const error = failure.errorMessage === "" ? failure.errorType : `${failure.errorType} – ${failure.errorMessage}`
  return failure.stageName === null ? error : `${failure.stageName}: ${error}`
}
