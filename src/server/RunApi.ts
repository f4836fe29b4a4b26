/**
 * The HTTP API of `RunServer.layer` as one definition: its routes, its typed client and its OpenAPI page are made from this.
 *
 * @since 0.1.0
 */
import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { PlainValue } from "../plain/PlainValue.js"
import { RunEvent } from "../runs/RunRecord.js"
import * as schemas from "./apiSchemas.js"
import * as parameters from "./parameters.js"
import * as storyEndpoints from "./storyEndpoints.js"

export type {
  /**
   * @since 0.1.0
   * @category models
   */
  RunAnalytics
} from "../runs/runAnalytics.js"
export type {
  /**
   * @since 0.1.0
   * @category models
   */
  ReportData
} from "./readModels.js"

const { get, patch, post } = {
  get: HttpApiEndpoint.get,
  patch: HttpApiEndpoint.patch,
  post: HttpApiEndpoint.post
}

const ofRun = Schema.Struct({ event_id: Schema.String })
const Count = Schema.Struct({ count: Schema.Int })
const ByName = Schema.Record({ key: Schema.String, value: Schema.Int })

const service = HttpApiGroup.make("service")
  .add(
    get("health", "/health")
      .addSuccess(Schema.Record({ key: Schema.String, value: PlainValue }))
      .annotate(OpenApi.Summary, "Whether the database answers, and how it is set. Needs no token.")
  )
  .add(
    get("metrics", "/metrics")
      .addSuccess(Schema.Struct({ total_runs: Schema.Int, agents: ByName, statuses: ByName, recent_24h: Schema.Int }))
      .annotate(OpenApi.Summary, "Counts of runs: JSON, or the text of Prometheus where `Accept` asks for text.")
  )
  .add(
    get("metadata", "/api/v1/metadata")
      .addSuccess(
        Schema.Struct({
          agent_names: Schema.Array(Schema.String),
          job_types: Schema.Array(Schema.String),
          cache_hit: Schema.Boolean
        })
      )
      .annotate(OpenApi.Summary, "The names of agents and job types, remembered for five minutes.")
  )
  .annotate(OpenApi.Description, "How the server is, and what it has.")

const runs = HttpApiGroup.make("runs")
  .add(
    post("create", "/api/v1/runs")
      .setPayload(schemas.NewRun)
      .addSuccess(schemas.Created, { status: 201 })
      .addError(schemas.wrong)
      .addError(schemas.tooLong)
      .addError(schemas.notJson)
      .annotate(OpenApi.Summary, "Creates a run; an `event_id` that is known is answered as a duplicate.")
  )
  .add(
    post("createMany", "/api/v1/runs/batch")
      .setPayload(Schema.Array(schemas.NewRun))
      .addSuccess(schemas.Batch)
      .addError(schemas.wrong)
      .addError(schemas.tooLong)
      .addError(schemas.notJson)
      .annotate(OpenApi.Summary, "Creates runs, with a result for each.")
  )
  .add(
    get("list", "/api/v1/runs")
      .setUrlParams(Schema.Struct({ ...parameters.runFilter, ...parameters.runPage }))
      .addSuccess(Schema.Array(schemas.RunPart))
      .addError(schemas.wrong)
      .annotate(
        OpenApi.Summary,
        "Runs, the newest first. `X-Next-Cursor` and `X-Previous-Cursor` are the `cursor` of the pages beside this one."
      )
  )
  .add(
    get("count", "/api/v1/runs/count")
      .setUrlParams(Schema.Struct(parameters.runFilter))
      .addSuccess(Count)
      .addError(schemas.wrong)
      .annotate(OpenApi.Summary, "How many runs a filter finds.")
  )
  .add(
    get("export", "/api/v1/runs/export")
      .setUrlParams(
        Schema.Struct({
          ...parameters.runFilter,
          format: Schema.optional(Schema.Literal("csv", "json", "xlsx")),
          most: parameters.whole
        })
      )
      .addSuccess(HttpApiSchema.Uint8Array())
      .addError(schemas.wrong)
      .annotate(OpenApi.Summary, "The runs of a filter as a file; `X-Total-Count` says how many.")
  )
  .add(
    get("analytics", "/api/v1/runs/analytics")
      .setUrlParams(Schema.Struct(parameters.runFilter))
      .addSuccess(schemas.Analytics)
      .addError(schemas.wrong)
      .annotate(
        OpenApi.Summary,
        "Figures of the runs of a filter: by agent, by job type, over time, and how long they took."
      )
  )
  .add(
    get("show", "/api/v1/runs/:event_id")
      .setPath(ofRun)
      .addSuccess(schemas.RunRow)
      .addError(schemas.missing)
      .annotate(OpenApi.Summary, "One run. `ETag` is for `If-Match`.")
  )
  .add(
    patch("change", "/api/v1/runs/:event_id")
      .setPath(ofRun)
      .setHeaders(Schema.Struct({ "if-match": Schema.optional(Schema.String) }))
      .setPayload(schemas.RunChanges)
      .addSuccess(schemas.Updated)
      .addError(schemas.refused(400, "Nothing of the body can be changed."))
      .addError(schemas.missing)
      .addError(schemas.refused(412, "The run was changed since it was read."))
      .addError(schemas.wrong)
      .addError(schemas.tooLong)
      .addError(schemas.notJson)
      .annotate(OpenApi.Summary, "Changes fields of a run; `null` clears one.")
  )
  .add(
    post("associateCommit", "/api/v1/runs/:event_id/associate-commit")
      .setPath(ofRun)
      .setPayload(schemas.Commit)
      .addSuccess(schemas.CommitAssociated)
      .addError(schemas.missing)
      .addError(schemas.wrong)
      .addError(schemas.notJson)
      .annotate(OpenApi.Summary, "Says which commit came of a run, also after its end.")
  )
  .add(
    get("commitUrl", "/api/v1/runs/:event_id/commit-url")
      .setPath(ofRun)
      .addSuccess(Schema.Struct({ commit_url: Schema.NullOr(Schema.String) }))
      .addError(schemas.missing)
      .annotate(OpenApi.Summary, "Where the commit of a run is shown.")
  )
  .add(
    get("repositoryUrl", "/api/v1/runs/:event_id/repo-url")
      .setPath(ofRun)
      .addSuccess(Schema.Struct({ repo_url: Schema.NullOr(Schema.String) }))
      .addError(schemas.missing)
      .annotate(OpenApi.Summary, "Where the repository of a run is shown.")
  )
  .add(
    get("events", "/api/v1/run-events")
      .setUrlParams(Schema.Struct({ run_id: Schema.String }))
      .addSuccess(Schema.Array(RunEvent))
      .addError(schemas.wrong)
      .annotate(OpenApi.Summary, "The events of a run.")
  )
  .add(
    post("write", "/api/v1/writes")
      .setPayload(Schema.Array(Schema.Record({ key: Schema.String, value: PlainValue })))
      .addSuccess(
        Schema.Struct({
          accepted: Schema.Int,
          errors: Schema.Array(Schema.Struct({ index: Schema.Int, detail: Schema.String })),
          total: Schema.Int
        })
      )
      .addError(schemas.wrong)
      .addError(schemas.tooLong)
      .addError(schemas.notJson)
      .annotate(OpenApi.Summary, "Takes lines of a journal, as `Run.layerRemote` sends them, each once.")
  )
  .annotate(OpenApi.Description, "Runs of agents, jobs and pipelines.")

const ofJob = Schema.Struct({ job: Schema.String })
/** `{}`: a form of another site cannot send it. */
const nothing = Schema.Struct({})

/** What is done with a change that was begun. */
const ofChange = <const Name extends string>(name: Name, summary: string) =>
  post(name, `/api/v1/runs/bulk/:job/${name}`)
    .setPath(ofJob)
    .setPayload(nothing)
    .addError(schemas.wrong)
    .addError(schemas.notJson)
    .addSuccess(schemas.BulkJob, { status: 202 })
    .addError(schemas.missing)
    .annotate(OpenApi.Summary, summary)

const bulk = HttpApiGroup.make("bulk")
  .add(
    post("change", "/api/v1/runs/bulk")
      .setPayload(schemas.BulkChange)
      .addSuccess(schemas.BulkPreview)
      .addSuccess(schemas.BulkJob, { status: 202 })
      .addError(schemas.wrong)
      .addError(schemas.refused(409, "There are not as many such runs as were expected."))
      .addError(schemas.tooLong)
      .addError(schemas.notJson)
      .annotate(OpenApi.Summary, "Changes many runs in the background; with `dry_run` it counts them and shows some.")
  )
  .add(
    get("list", "/api/v1/runs/bulk")
      .addSuccess(Schema.Array(schemas.BulkJob))
      .annotate(OpenApi.Summary, "The last changes of many runs, the newest first.")
  )
  .add(
    get("show", "/api/v1/runs/bulk/:job")
      .setPath(ofJob)
      .addSuccess(schemas.BulkJob)
      .addError(schemas.missing)
      .annotate(OpenApi.Summary, "How far a change is.")
  )
  .add(ofChange("retry", "Tries again what failed.").addError(schemas.busy))
  .add(
    ofChange("undo", "Gives what was changed the values that it had, where it was not changed since.").addError(
      schemas.busy
    )
  )
  .add(ofChange("cancel", "Stops a change; what is done stays."))
  .annotate(OpenApi.Description, "Changes of many runs at a time.")

/**
 * Every endpoint but `/health` may need a token. Not by a middleware of security, which the client would need a layer for.
 */
const withToken = (specification: Readonly<Record<string, unknown>>): Record<string, unknown> => {
  const { components, paths } = specification
  const withoutOwn = Object.entries(paths ?? {}).map(([path, item]) => [
    path,
    Object.fromEntries(
      Object.entries<object>(item).map(([method, operation]) => {
        const { security: _, ...rest } = { security: undefined, ...operation }
        return [method, path === "/health" ? { ...rest, security: [] } : rest]
      })
    )
  ])
  return {
    ...specification,
    paths: Object.fromEntries(withoutOwn),
    components: Object.assign({}, components, { securitySchemes: { token: { type: "http", scheme: "bearer" } } }),
    security: [{ token: [] }, {}]
  }
}

/**
 * The definition. `OpenApi.fromApi` makes its specification, `HttpApiClient.make` a client, as `RunClient.make` does.
 *
 * @since 0.1.0
 * @category models
 */
export const api = HttpApi.make("effect-narrative")
  .add(service)
  .add(runs)
  .add(bulk)
  .add(storyEndpoints.stories)
  .add(storyEndpoints.failures)
  .addError(schemas.refused(401, "The token is missing or wrong."))
  .addError(schemas.refused(421, "The host that was asked for is not served here."))
  .addError(schemas.refused(429, "Too many requests; `Retry-After` says when to come again."))
  .addError(schemas.refused(500, "The server failed; its log says why."))
  .addError(schemas.refused(503, "The database cannot be used now."))
  .annotate(OpenApi.Transform, withToken)
  .annotate(OpenApi.Title, "effect-narrative")
  .annotate(OpenApi.Version, "1")
  .annotate(OpenApi.Description, "Runs, and the stories that programs narrated.")
