/**
 * The list that `narrative failures` prints.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { ErrorCode } from "../event/FailureReport.js"
import { FailureSummary } from "../history/StoryRecord.js"
import type { Theme } from "../renderer/console/theme.js"
import type { HistoryOptions } from "./commandOptions.js"
import * as historyFile from "./historyFile.js"
import { Output, writeJson } from "./output.js"
import { ago } from "./relativeTime.js"
import { shortIds } from "./shortIds.js"
import { type Column, table } from "./table.js"

export interface FailureListOptions extends HistoryOptions {
  readonly last: number
  readonly story: Option.Option<string>
  readonly stage: Option.Option<string>
  readonly type: Option.Option<string>
  readonly code: Option.Option<ErrorCode>
  readonly since: Option.Option<string>
}

export const list = ({ code, db, json, last, since, stage, story, type }: FailureListOptions) =>
  historyFile.read(db, (history) =>
    Effect.gen(function* () {
      const failures = yield* history.failures({
        last,
        story: Option.getOrUndefined(story),
        stage: Option.getOrUndefined(stage),
        errorType: Option.getOrUndefined(type),
        code: Option.getOrUndefined(code),
        since: Option.getOrUndefined(since)
      })
      if (json) return yield* Effect.forEach(failures, (failure) => writeJson(encode(failure)), { discard: true })
      const output = yield* Output
      if (failures.length === 0) return yield* output.note("No failures.")
      const ids = yield* shortIds(
        history,
        failures.map(({ storyId }) => storyId)
      )
      const now = yield* Clock.currentTimeMillis
      return yield* output.write(table(failures, columns(ids, now, output.theme), output))
    })
  )

const encode = Schema.encodeSync(FailureSummary)

const columns = (
  ids: (id: string) => string,
  now: number,
  { colours }: Theme
): ReadonlyArray<Column<FailureSummary>> => [
  {
    title: "When",
    cell: ({ occurredAt }) => ({
      text: ago(occurredAt, now),
      value: new Date(occurredAt).toISOString(),
      paint: colours.dim
    })
  },
  { title: "Story id", cell: ({ storyId }) => ({ text: ids(storyId), value: storyId }) },
  { title: "Story", cell: ({ storyName }) => ({ text: storyName, paint: colours.bold }), least: 12, dispensable: 1 },
  { title: "Stage", cell: ({ stageName }) => ({ text: stageName ?? "" }), least: 10, dispensable: 2 },
  {
    title: "Error",
    cell: ({ errorMessage, errorType, handled }) => ({
      text: errorMessage === "" ? errorType : `${errorType} – ${errorMessage}`,
      paint: handled ? colours.warning : colours.bad
    }),
    least: 20
  },
  {
    title: "Where",
    cell: ({ location }) => ({ text: location ?? "", paint: colours.place }),
    cut: "start",
    least: 16
  }
]
