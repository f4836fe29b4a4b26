/**
 * What requests of runs take and are answered with, as Schemas. Each column is as `runColumns` describes it.
 */
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { PlainValue } from "../plain/PlainValue.js"
import type { RunAnalytics } from "../runs/runAnalytics.js"
import { columnNames, commitSources, type RunColumn, runColumns, statuses, type ValueOf } from "../runs/runColumns.js"
import type { ReportData } from "./readModels.js"

const kinds = {
  text: Schema.String,
  count: Schema.Int,
  time: Schema.String.annotations({ description: "ISO 8601" }),
  status: Schema.Literal(...statuses),
  commitSource: Schema.Literal(...commitSources),
  json: PlainValue,
  flag: Schema.Boolean
}

type Columns<C extends RunColumn> = { readonly [K in C]: Schema.Schema<ValueOf<K> | null> }

const columnsOf = <C extends RunColumn>(is: (column: RunColumn) => column is C): Columns<C> => {
  const columns = columnNames.filter(is).map((column) => {
    const { kind, most } = runColumns[column]
    const bounded = kind === "text" ? Schema.String.pipe(Schema.maxLength(most)) : kinds[kind]
    return [column, Schema.NullOr<Schema.Schema.Any>(bounded)]
  })
  // Each column has the Schema of its kind.
  return Object.fromEntries(columns) as Columns<C>
}

/** What a server itself says of a run. */
type Ours = "story_id" | "process" | "updated_at"
type Required = "event_id" | "run_id" | "agent_name" | "job_type" | "start_time"
type Editable = { [C in RunColumn]: (typeof runColumns)[C]["editable"] extends true ? C : never }[RunColumn]

const ours: ReadonlyArray<string> = ["story_id", "process", "updated_at"] satisfies ReadonlyArray<Ours>
const required: ReadonlyArray<string> = [
  "event_id",
  "run_id",
  "agent_name",
  "job_type",
  "start_time"
] satisfies ReadonlyArray<Required>

const isEditable = (column: RunColumn): column is Editable => runColumns[column].editable

/** A run as it is shown. */
export const RunRow = Schema.Struct({
  id: Schema.Int,
  schema_version: Schema.Int,
  ...columnsOf((column): column is RunColumn => true),
  /** Where its repository and its commit are shown; `null` where that is not known. */
  repo_url: Schema.NullOr(Schema.String),
  commit_url: Schema.NullOr(Schema.String)
}).annotations({ identifier: "Run" })

/** The columns of a run that were asked for. */
export const RunPart = Schema.partial(RunRow).annotations({ identifier: "RunPart" })

/** A run that is created. */
export const NewRun = Schema.Struct({
  event_id: Schema.String,
  run_id: Schema.String,
  agent_name: Schema.String,
  job_type: Schema.String,
  start_time: kinds.time
})
  .pipe(
    Schema.extend(
      Schema.partial(
        Schema.Struct(
          columnsOf(
            (column): column is Exclude<RunColumn, Ours | Required> =>
              !ours.includes(column) && !required.includes(column)
          )
        )
      )
    )
  )
  .annotations({ identifier: "NewRun" })

/** Changes of a run; `null` clears a field. */
export const RunChanges = Schema.partial(Schema.Struct(columnsOf(isEditable))).annotations({ identifier: "RunChanges" })

export const Commit = Schema.Struct({
  commit_hash: Schema.String.annotations({ description: "7 to 40 hexadecimal digits" }),
  commit_source: kinds.commitSource,
  commit_author: Schema.optional(Schema.String),
  commit_timestamp: Schema.optional(kinds.time)
}).annotations({ identifier: "Commit" })

export const Created = Schema.Struct({
  /** `duplicate`: a run with this `event_id` exists; all that it took is an end, if it had none. */
  status: Schema.Literal("created", "duplicate"),
  event_id: Schema.String,
  run_id: Schema.optional(Schema.String),
  message: Schema.optional(Schema.String)
}).annotations({ identifier: "Created" })

export const Updated = Schema.Struct({
  event_id: Schema.String,
  updated: Schema.Boolean,
  fields_updated: Schema.Array(Schema.String)
}).annotations({ identifier: "Updated" })

export const CommitAssociated = Schema.Struct({
  ...Updated.fields,
  status: Schema.Literal("success"),
  run_id: Schema.String,
  commit_hash: Schema.String
}).annotations({ identifier: "CommitAssociated" })

/** What is wrong with a part of what was sent. */
export const Fault = Schema.Struct({
  loc: Schema.Array(Schema.Union(Schema.String, Schema.Int)),
  msg: Schema.String,
  type: Schema.String
}).annotations({ identifier: "Fault" })

const Detail = Schema.Union(Schema.String, Schema.Array(Fault))

const BatchResult = Schema.Struct({
  index: Schema.Int,
  event_id: Schema.optional(Schema.String),
  status: Schema.Literal("created", "duplicate", "error"),
  detail: Schema.optional(Detail)
})

export const Batch = Schema.Struct({
  inserted: Schema.Int,
  duplicates: Schema.Int,
  errors: Schema.Array(BatchResult),
  total: Schema.Int,
  results: Schema.Array(BatchResult)
}).annotations({ identifier: "Batch" })

/** A change of many runs: of those that are named, or of all that a filter finds. */
export const BulkChange = Schema.Struct({
  event_ids: Schema.optional(Schema.Array(Schema.String)),
  filter: Schema.optional(
    Schema.Record({ key: Schema.String, value: Schema.String }).annotations({
      description: "The parameters of GET /api/v1/runs"
    })
  ),
  changes: RunChanges,
  dry_run: Schema.optional(Schema.Boolean.annotations({ description: "Says which runs would be changed" })),
  expected: Schema.optional(Schema.Int.annotations({ description: "How many runs a preview counted" }))
}).annotations({ identifier: "BulkChange" })

export const BulkPreview = Schema.Struct({ count: Schema.Int, sample: Schema.Array(RunRow) }).annotations({
  identifier: "BulkPreview"
})

export const BulkJob = Schema.Struct({
  id: Schema.String,
  state: Schema.Literal("running", "done", "cancelled"),
  begun_at: kinds.time,
  changes: Schema.Record({ key: Schema.String, value: PlainValue }),
  /** The id of the change that this one undoes. */
  undoes: Schema.NullOr(Schema.String),
  total: Schema.Int,
  waiting: Schema.Int,
  changed: Schema.Int,
  unchanged: Schema.Int,
  failed: Schema.Int,
  /** The first 100. */
  failures: Schema.Array(Schema.Struct({ event_id: Schema.String, detail: Schema.optional(Detail) }))
}).annotations({ identifier: "BulkJob" })

/** An answer that is an error: `detail` is a text, or what is wrong with each field. */
export const refused = <const Status extends number>(status: Status, description: string) =>
  Schema.Struct({ detail: Detail }).pipe(
    Schema.attachPropertySignature("status", status),
    Schema.attachPropertySignature("_tag", "Refused"),
    Schema.annotations({ ...HttpApiSchema.annotations({ status }), description })
  )

/** JSON that others describe by a type. */
const like = <A extends object>(identifier: string) =>
  Schema.declare((value): value is A => Predicate.isRecord(value), { identifier, jsonSchema: { type: "object" } })

export const Report = like<ReportData>("ReportData")
export const Analytics = like<RunAnalytics>("RunAnalytics")

export const wrong = refused(422, "A parameter or a field is wrong: each is named.")
export const missing = refused(404, "There is none with this id.")
export const several = refused(409, "More than one has an id that begins or ends so.")
export const busy = refused(409, "The change still runs, or there is nothing to do.")
export const tooLong = refused(413, "The body is too long.")
export const notJson = refused(415, "The body is no JSON.")
