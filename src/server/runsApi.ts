/**
 * What the HTTP API does with runs: creates, lists, shows and changes them.
 *
 * A write is answered when its line is in the journal, on the disk; what is read has every line in it that was accepted before.
 */
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import { commitUrl, repositoryUrl } from "../runs/git.js"
import { analytics } from "../runs/runAnalyticsQuery.js"
import * as runFilter from "../runs/runFilter.js"
import * as runInput from "../runs/runInput.js"
import * as runQuery from "../runs/runQuery.js"
import * as runRows from "../runs/runRows.js"
import { invalid, json, Refusal } from "./answers.js"
import { rowOf, tagOf } from "./apiRows.js"
import type { RunDatabase } from "./runDatabase.js"
import { type RunWrites, unavailable } from "./runWrites.js"

type Answer = Effect.Effect<HttpServerResponse.HttpServerResponse, Refusal>

export interface RunsApi {
  readonly create: (body: unknown) => Answer
  readonly createMany: (body: unknown, most: number) => Answer
  readonly list: (query: runFilter.Parameters) => Answer
  readonly count: (query: runFilter.Parameters) => Answer
  /** Figures of the runs that a filter of {@link list} finds. */
  readonly analytics: (query: runFilter.Parameters) => Answer
  readonly show: (eventId: string) => Answer
  readonly patch: (eventId: string, body: unknown, ifMatch: string | undefined) => Answer
  readonly associateCommit: (eventId: string, body: unknown) => Answer
  readonly commitUrl: (eventId: string) => Answer
  readonly repositoryUrl: (eventId: string) => Answer
}

/** @internal */
export const make = ({ opened: { store }, slowly }: RunDatabase, writes: RunWrites): RunsApi => {
  const { change, create, existing } = writes
  return {
    create: (body) =>
      Effect.gen(function* () {
        const run = yield* checked(runInput.newRun(body, ["body"]))
        const status = yield* create(run)
        const { eventId: event_id } = run
        return status === "created"
          ? json({ status, event_id, run_id: run.changes.run_id }, 201)
          : json(
              {
                status,
                event_id,
                message: "a run with this event_id exists; all that it took is an end, if it had none"
              },
              201
            )
      }),
    createMany: (body, most) => createMany(body, most, writes),
    list: (query) =>
      Effect.gen(function* () {
        const filter = yield* checked(runFilter.parse(query))
        yield* unavailable(store.catchUp)
        const asked = isQuick(query) ? store.use : slowly
        const { next, previous, rows } = yield* unavailable(asked((sql) => runQuery.page(sql, filter)))
        return json(
          rows.map((row) => rowOf(row, filter.fields)),
          200,
          {
            ...(next === undefined ? {} : { "x-next-cursor": next }),
            ...(previous === undefined ? {} : { "x-previous-cursor": previous })
          }
        )
      }),
    count: (query) =>
      Effect.gen(function* () {
        const { where } = yield* checked(runFilter.parse(query))
        yield* unavailable(store.catchUp)
        return json({ count: yield* unavailable(slowly((sql) => runQuery.count(sql, where))) })
      }),
    analytics: (query) =>
      Effect.gen(function* () {
        const filter = yield* checked(runFilter.parse(query))
        yield* unavailable(store.catchUp)
        return json(yield* unavailable(analytics(slowly, filter)))
      }),
    show: (eventId) => Effect.map(existing(eventId), (row) => json(rowOf(row), 200, { etag: tagOf(row) })),
    patch: (eventId, body, ifMatch) =>
      Effect.map(
        change(eventId, (row) => patched(body, ifMatch, tagOf(row))),
        (answer) => json(answer)
      ),
    associateCommit: (eventId, body) =>
      Effect.gen(function* () {
        const answer = yield* change(eventId, () => checked(runInput.commit(body)))
        const { columns } = runRows.decodeColumns(yield* existing(eventId))
        return json({ ...answer, status: "success", run_id: columns.run_id, commit_hash: columns.git_commit_hash })
      }),
    commitUrl: (eventId) =>
      Effect.map(existing(eventId), (row) => {
        const { columns } = runRows.decodeColumns(row)
        return json({ commit_url: commitUrl(columns.git_repo, columns.git_commit_hash) })
      }),
    repositoryUrl: (eventId) =>
      Effect.map(existing(eventId), (row) =>
        json({ repo_url: repositoryUrl(runRows.decodeColumns(row).columns.git_repo) })
      )
  }
}

/** The fields that a body changes, unless the run has another tag by now than whoever sends it has seen. */
const patched = (body: unknown, ifMatch: string | undefined, tag: string) => {
  const found = runInput.patch(body)
  if (runInput.isFaulty(found)) return Effect.fail(invalid(found.faults))
  if (Object.keys(found.value).length === 0) {
    return new Refusal({ status: 400, detail: "No valid fields to update: none of the body can be changed" })
  }
  return ifMatch === undefined || ifMatch === "*" || ifMatch === tag
    ? Effect.succeed(found.value)
    : new Refusal({ status: 412, detail: "the run was changed meanwhile; read it again", headers: { etag: tag } })
}

/** What an index leads to, however many runs there are. */
const quick: ReadonlySet<string> = new Set([
  "limit",
  "cursor",
  "fields",
  "agent_name",
  "job_type",
  "status",
  "created_after",
  "created_before",
  "start_time_from",
  "start_time_to"
])

const isQuick = (query: runFilter.Parameters): boolean => Object.keys(query).every((name) => quick.has(name))

const checked = <A>(found: runInput.Checked<A>): Effect.Effect<A, Refusal> =>
  runInput.isFaulty(found) ? invalid(found.faults) : Effect.succeed(found.value)

/** Writes of a batch that are under way at a time; they share writes to the disk. */
const batchConcurrency = 64

/** What became of one run of a batch. */
interface BatchResult {
  readonly index: number
  readonly event_id?: string
  readonly status: "created" | "duplicate" | "error"
  readonly detail?: Refusal["detail"]
}

const createMany = (body: unknown, most: number, { create, known }: RunWrites): Answer =>
  Effect.gen(function* () {
    if (!Array.isArray(body)) {
      return yield* invalid([{ loc: ["body"], msg: "takes a list of runs", type: "type_error" }])
    }
    if (body.length > most) {
      return yield* invalid([{ loc: ["body"], msg: `takes at most ${most} runs`, type: "value_error" }])
    }
    const all = body.map((given: unknown, index) => runInput.newRun(given, ["body", index]))
    const there = yield* known(all.flatMap((found) => (runInput.isFaulty(found) ? [] : [found.value.eventId])))
    const results = yield* Effect.forEach(
      all,
      (found, index): Effect.Effect<BatchResult> => {
        if (runInput.isFaulty(found)) return Effect.succeed({ index, status: "error" as const, detail: found.faults })
        const event_id = found.value.eventId
        return Effect.match(create(found.value, there), {
          onSuccess: (status) => ({ index, event_id, status }),
          onFailure: ({ detail }) => ({ index, event_id, status: "error" as const, detail })
        })
      },
      { concurrency: batchConcurrency }
    )
    const count = (status: string) => results.filter((one) => one.status === status).length
    return json({
      inserted: count("created"),
      duplicates: count("duplicate"),
      errors: results.filter(({ status }) => status === "error"),
      total: results.length,
      results
    })
  })
