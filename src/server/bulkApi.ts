/**
 * Changes of many runs over HTTP: of those that are named, or of all that a filter finds.
 */
import * as HttpRouter from "@effect/platform/HttpRouter"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type { Embedded } from "../runs/embedded.js"
import { type Changes, timeText } from "../runs/runColumns.js"
import * as runFilter from "../runs/runFilter.js"
import * as runInput from "../runs/runInput.js"
import * as runQuery from "../runs/runQuery.js"
import { invalid, json, notFound, Refusal } from "./answers.js"
import { rowOf } from "./apiRows.js"
import type { BulkJobs, Item, Job } from "./bulkJobs.js"
import { unavailable } from "./runWrites.js"

type Answer = Effect.Effect<HttpServerResponse.HttpServerResponse, Refusal>

export interface BulkApi {
  /** Changes runs, or with `dry_run` says which ones would be. */
  readonly change: (body: unknown) => Answer
  readonly list: Answer
  readonly show: (id: string) => Answer
  readonly act: (id: string, action: string) => Answer
}

/** Most runs of one change. */
const mostRuns = 100_000
/** Runs that a preview shows. */
const sampleSize = 10
/** Runs whose ids are read at a time. */
const pageSize = 1_000
/** Failures that are named. */
const mostFailures = 100

/** @internal */
export const make = ({ store }: Embedded, jobs: BulkJobs): BulkApi => {
  const pageOf = (filter: runFilter.RunFilter) => unavailable(store.use((sql) => runQuery.page(sql, filter)))
  const countOf = ({ where }: runFilter.RunFilter) => unavailable(store.use((sql) => runQuery.count(sql, where)))
  const sampleOf = (of: Asked["of"]) =>
    "ids" in of
      ? Effect.forEach(of.ids.slice(0, sampleSize), (id) =>
          unavailable(store.use((sql) => runQuery.byEventId(sql, id)))
        ).pipe(Effect.map((rows) => rows.flatMap((row) => (row === undefined ? [] : [rowOf(row)]))))
      : Effect.map(pageOf({ ...of.filter, limit: sampleSize }), ({ rows }) => rows.map((row) => rowOf(row)))
  const idsOf = (filter: runFilter.RunFilter) =>
    Effect.gen(function* () {
      const ids: Array<string> = []
      let from: runFilter.Position | undefined
      for (;;) {
        const { rows } = yield* pageOf({ ...filter, from, limit: pageSize, fields: [] })
        ids.push(...rows.map((row) => String(row["event_id"])))
        const last = rows.at(-1)
        if (last === undefined || rows.length < pageSize || ids.length >= mostRuns) return ids
        from = runQuery.positionOf(last, filter.order)
      }
    })
  const found = (id: string) => {
    const job = jobs.find(id)
    return job === undefined
      ? Effect.fail(notFound("no such change is remembered: the server remembers the last 20, until it stops"))
      : Effect.succeed(job)
  }
  return {
    change: (body) =>
      Effect.gen(function* () {
        const { changes, expected, isPreview, of } = yield* askedOf(body)
        yield* unavailable(store.catchUp)
        const count = "ids" in of ? of.ids.length : yield* countOf(of.filter)
        if (count > mostRuns) {
          return yield* new Refusal({ status: 422, detail: `one change takes at most ${mostRuns} runs, not ${count}` })
        }
        if (isPreview) return json({ count, sample: yield* sampleOf(of) })
        if (expected !== undefined && expected !== count) {
          return yield* new Refusal({ status: 409, detail: `there are ${count} such runs now, not ${expected}` })
        }
        const ids = "ids" in of ? of.ids : yield* idsOf(of.filter)
        return json(shown(yield* jobs.start(ids, changes)), 202)
      }),
    list: Effect.sync(() => json(jobs.all().map(shown))),
    show: (id) => Effect.map(found(id), (job) => json(shown(job))),
    act: (id, action) =>
      Effect.flatMap(found(id), (job) =>
        Effect.map(
          action === "retry" ? jobs.retry(job) : action === "undo" ? jobs.undo(job) : jobs.cancel(job),
          (after) => json(shown(after), 202)
        )
      )
  }
}

interface Asked {
  /** Which runs are meant. */
  readonly of: { readonly ids: ReadonlyArray<string> } | { readonly filter: runFilter.RunFilter }
  readonly changes: Changes
  readonly expected: number | undefined
  readonly isPreview: boolean
}

const askedOf = (body: unknown): Effect.Effect<Asked, Refusal> =>
  Effect.gen(function* () {
    if (!Predicate.isRecord(body)) return yield* fault([], "takes an object")
    const { changes: given, dry_run: isPreview, event_ids: ids, expected, filter } = body
    const changes = runInput.patch(given)
    if (runInput.isFaulty(changes)) return yield* within("changes", changes.faults)
    if (Object.keys(changes.value).length === 0) return yield* fault(["changes"], "takes a field that can be changed")
    if (expected !== undefined && !Number.isSafeInteger(expected))
      return yield* fault(["expected"], "takes a whole number")
    if ((ids === undefined) === (filter === undefined)) return yield* fault([], "takes either event_ids or a filter")
    return {
      of: ids === undefined ? { filter: yield* filterOf(filter) } : { ids: yield* idsIn(ids) },
      changes: changes.value,
      expected: typeof expected === "number" ? expected : undefined,
      isPreview: isPreview === true
    }
  })

const filterOf = (given: unknown): Effect.Effect<runFilter.RunFilter, Refusal> => {
  if (!Predicate.isRecord(given) || !Object.values(given).every(Predicate.isString)) {
    return fault(["filter"], "takes the parameters of GET /api/v1/runs, each a text")
  }
  const { cursor: _, limit: __, offset: ___, fields: ____, ...parameters } = given
  // Each value was found to be a text.
  const parsed = runFilter.parse(parameters as runFilter.Parameters)
  return runInput.isFaulty(parsed) ? within("filter", parsed.faults) : Effect.succeed(parsed.value)
}

const idsIn = (given: unknown): Effect.Effect<ReadonlyArray<string>, Refusal> =>
  Array.isArray(given) && given.length > 0 && given.length <= mostRuns && given.every(Predicate.isString)
    ? Effect.succeed(Array.from(new Set(given)))
    : fault(["event_ids"], `takes 1 to ${mostRuns} event ids`)

/** Faults of a part of the body. */
const within = (part: string, faults: ReadonlyArray<runInput.InputFault>): Refusal =>
  invalid(faults.map((one) => ({ ...one, loc: ["body", part, ...one.loc.slice(1)] })))

const fault = (loc: ReadonlyArray<string>, msg: string) =>
  invalid([{ loc: ["body", ...loc], msg, type: "value_error" }])

const shown = ({ begun, changes, counts, id, items, state, undoes }: Job) => ({
  id,
  state,
  begun_at: timeText(begun),
  changes,
  undoes: undoes ?? null,
  total: items.length,
  ...counts,
  failures: failuresOf(items)
})

const failuresOf = (items: ReadonlyArray<Item>) => {
  const failures: Array<{ readonly event_id: string; readonly detail: Item["detail"] }> = []
  for (const { detail, eventId, outcome } of items) {
    if (outcome !== "failed") continue
    failures.push({ event_id: eventId, detail })
    if (failures.length === mostFailures) break
  }
  return failures
}

/** What answers its endpoints. `body` reads what a request brings. */
export const endpoints = (api: BulkApi, body: Effect.Effect<unknown, Refusal, HttpServerRequest.HttpServerRequest>) => {
  const job = Effect.map(HttpRouter.params, (params) => params["job"] ?? "")
  const action = (name: string) => Effect.flatMap(Effect.zipLeft(job, body), (id) => api.act(id, name))
  return {
    change: Effect.flatMap(body, api.change),
    list: api.list,
    show: Effect.flatMap(job, api.show),
    retry: action("retry"),
    undo: action("undo"),
    cancel: action("cancel")
  }
}
