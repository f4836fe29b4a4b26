/**
 * `narrative failures`: what failed lately, one line each.
 */
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { ErrorCode } from "../FailureReport.js"
import { FailureSummary } from "../history/StoryRecord.js"
import type { Theme } from "../renderer/console/Theme.js"
import * as CommandOptions from "./CommandOptions.js"
import * as HistoryFile from "./HistoryFile.js"
import { Output, writeJson } from "./Output.js"
import { ago } from "./RelativeTime.js"
import { shortIds } from "./ShortIds.js"
import { type Column, table } from "./Table.js"

const stage = Options.text("stage").pipe(
  Options.withPseudoName("name"),
  Options.withDescription("In stages of this name only."),
  Options.optional
)

const type = Options.text("type").pipe(
  Options.withPseudoName("name"),
  Options.withDescription("Of this error type only, such as SqlError."),
  Options.optional
)

const code = Options.choice("code", ErrorCode.literals).pipe(
  Options.withDescription("Of this kind only."),
  Options.optional
)

export const command = Command.make(
  "failures",
  {
    last: CommandOptions.last("failures", 10),
    story: CommandOptions.story,
    stage,
    type,
    code,
    since: CommandOptions.since,
    db: CommandOptions.db,
    json: CommandOptions.json
  },
  ({ code, db, json, last, since, stage, story, type }) =>
    HistoryFile.read(db, (history) =>
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
).pipe(Command.withDescription("Lists what failed, the newest first."))

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
  { title: "Story", cell: ({ storyName }) => ({ text: storyName, paint: colours.bold }), least: 12 },
  { title: "Stage", cell: ({ stageName }) => ({ text: stageName ?? "" }), least: 10 },
  {
    title: "Error",
    cell: ({ errorMessage, errorType, handled }) => ({
      text: errorMessage === "" ? errorType : `${errorType} – ${errorMessage}`,
      paint: handled ? colours.warning : colours.bad
    }),
    least: 16
  },
  {
    title: "Where",
    cell: ({ location }) => ({ text: location ?? "", paint: colours.place }),
    cut: "start",
    least: 12,
    dispensable: 1
  }
]
