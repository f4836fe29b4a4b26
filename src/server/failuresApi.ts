/**
 * What the HTTP API answers about failures: one by one, and counted by what they are.
 */
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { ErrorCode } from "../event/FailureReport.js"
import { time } from "../history/database/columns.js"
import { failureGroups } from "../history/read/failureGroups.js"
import { failurePage } from "../history/read/failureList.js"
import { json, type Refusal } from "./answers.js"
import type { Archive } from "./archive.js"
import * as readModels from "./readModels.js"
import * as readQuery from "./readQuery.js"

type Answer = Effect.Effect<HttpServerResponse.HttpServerResponse, Refusal>

export interface FailuresApi {
  readonly list: (query: readQuery.Query) => Answer
  readonly groups: (query: readQuery.Query) => Answer
}

/** @internal */
export const make = (archive: Archive): FailuresApi => ({
  list: (given) =>
    Effect.gen(function* () {
      const { cursor, limit, ...filter } = yield* readQuery.parsed(given, (query) => ({
        ...failureFilter(query),
        ...readQuery.page(query)
      }))
      const page = yield* archive.querySlowly((sql) => failurePage(sql, { ...filter, last: limit ?? 50 }, cursor))
      return json(encodeFailures(page))
    }),
  groups: (given) =>
    Effect.gen(function* () {
      const filter = yield* readQuery.parsed(given, (query) => ({
        ...failureFilter(query),
        limit: query.whole("limit", 1, 200)
      }))
      const { groups, ...found } = yield* archive.querySlowly((sql) => failureGroups(sql, filter))
      const answer: readModels.FailureGroupsJson = {
        since: time.encode(found.since),
        until: time.encode(found.until),
        bucket_seconds: found.bucketSeconds,
        count: found.count,
        total: found.total,
        groups: groups.map(({ newest, ...group }) => ({
          fingerprint: group.fingerprint,
          count: group.count,
          handled: group.handled,
          stories: group.stories,
          first_at: time.encode(group.firstAt),
          last_at: time.encode(group.lastAt),
          first_story_id: group.firstStoryId,
          last_story_id: newest.story_id,
          story_name: newest.story_name,
          stage_name: newest.stage_name,
          error_type: newest.error_type,
          error_message: newest.error_message,
          error_code: newest.error_code,
          location: newest.location,
          buckets: group.buckets,
          labels: group.labels.map((label) => ({
            ...label,
            first_at: time.encode(label.first_at),
            last_at: time.encode(label.last_at)
          }))
        }))
      }
      return json(answer)
    })
})

const encodeFailures = Schema.encodeSync(readModels.FailureList)

const failureFilter = (query: readQuery.QueryReader) => ({
  story: query.text("story"),
  stage: query.text("stage"),
  since: query.text("since"),
  until: query.text("until"),
  errorType: query.text("error_type"),
  code: query.oneOf("code", ErrorCode.literals),
  fingerprint: query.text("fingerprint"),
  handled: query.flag("handled")
})
