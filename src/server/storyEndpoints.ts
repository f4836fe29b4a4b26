/**
 * The endpoints of the HTTP API about what programs narrated.
 */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import * as schemas from "./apiSchemas.js"
import * as parameters from "./parameters.js"
import * as readModels from "./readModels.js"

const ofStory = Schema.Struct({
  story_id: Schema.String.annotations({
    description: "The id of a story, its beginning, or 6 characters or more of its end."
  })
})

export const stories = HttpApiGroup.make("stories")
  .add(
    HttpApiEndpoint.get("list", "/api/v1/stories")
      .setUrlParams(Schema.Struct({ ...parameters.storyFilter(""), ...parameters.page }, parameters.labels("")))
      .addSuccess(readModels.StoryList)
      .addError(schemas.wrong)
      .annotate(OpenApi.Summary, "Stories in short, the newest first. `label.version=2` asks for a label.")
  )
  .add(
    HttpApiEndpoint.get("show", "/api/v1/stories/:story_id")
      .setPath(ofStory)
      .addSuccess(readModels.Story)
      .addError(schemas.missing)
      .addError(schemas.several)
      .annotate(OpenApi.Summary, "One story with all that is kept of it.")
  )
  .add(
    HttpApiEndpoint.get("report", "/api/v1/stories/:story_id/report")
      .setPath(ofStory)
      .addSuccess(schemas.Report)
      .addError(schemas.missing)
      .addError(schemas.several)
      .annotate(OpenApi.Summary, "One story as its HTML report has it, also while it runs.")
  )
  .add(
    HttpApiEndpoint.get("stats", "/api/v1/stats")
      .setUrlParams(Schema.Struct(parameters.stats))
      .addSuccess(readModels.Stats)
      .addError(schemas.wrong)
      .annotate(OpenApi.Summary, "Counts, durations and the most frequent failures, by default of the last 24 hours.")
  )
  .add(
    HttpApiEndpoint.get("live", "/api/v1/live")
      .setUrlParams(Schema.Struct({ limit: parameters.whole, recent: parameters.whole }))
      .addSuccess(readModels.Live)
      .addError(schemas.wrong)
      .annotate(OpenApi.Summary, "What runs now, and the stages it is in.")
  )
  .add(
    HttpApiEndpoint.get("events", "/api/v1/events")
      .setUrlParams(Schema.Struct(parameters.events))
      .setHeaders(Schema.Struct({ "last-event-id": Schema.optional(Schema.String) }))
      .addSuccess(HttpApiSchema.Text({ contentType: "text/event-stream" }))
      .addError(schemas.wrong)
      .annotate(OpenApi.Summary, "What happens from now on, or from a place on, as server-sent events.")
  )
  .add(
    HttpApiEndpoint.get("compare", "/api/v1/compare")
      .setUrlParams(
        Schema.Struct({
          id: Schema.Array(Schema.String).annotations({ description: "2 to 6 ids of stories, or event ids of runs." })
        })
      )
      .addSuccess(readModels.Comparison)
      .addError(schemas.wrong)
      .addError(schemas.missing)
      .addError(schemas.several)
      .annotate(OpenApi.Summary, "2 to 6 stories or runs beside each other, their stages aligned.")
  )
  .add(
    HttpApiEndpoint.get("compareGroups", "/api/v1/compare/groups")
      .setUrlParams(
        Schema.Struct(
          { ...parameters.storyFilter("a."), ...parameters.storyFilter("b.") },
          parameters.labels("a."),
          parameters.labels("b.")
        )
      )
      .addSuccess(readModels.GroupComparison)
      .addError(schemas.wrong)
      .annotate(OpenApi.Summary, "Two groups of stories as distributions, and how sure it is that they differ.")
  )
  .annotate(OpenApi.Description, "What programs narrated.")

export const failures = HttpApiGroup.make("failures")
  .add(
    HttpApiEndpoint.get("list", "/api/v1/failures")
      .setUrlParams(Schema.Struct({ ...parameters.failureFilter, ...parameters.page }))
      .addSuccess(readModels.FailureList)
      .addError(schemas.wrong)
      .annotate(OpenApi.Summary, "Failures, the newest first.")
  )
  .add(
    HttpApiEndpoint.get("groups", "/api/v1/failures/groups")
      .setUrlParams(Schema.Struct({ ...parameters.failureFilter, limit: parameters.whole }))
      .addSuccess(readModels.FailureGroups)
      .addError(schemas.wrong)
      .annotate(OpenApi.Summary, "Failures counted by what and where they are, by default of the last seven days.")
  )
  .annotate(OpenApi.Description, "What went wrong.")
