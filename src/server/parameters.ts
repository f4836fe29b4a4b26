/**
 * The parameters of queries, as Schemas.
 */
import * as Schema from "effect/Schema"

const described = (description: string) => Schema.optional(Schema.String.annotations({ description }))

export const whole = Schema.optional(Schema.NumberFromString)

const moment = (what: string) => described(`${what}: an ISO-8601 time, or how long ago, such as 15m, 24h or 7d`)

const flag = (description: string) => Schema.optional(Schema.Literal("true", "false").annotations({ description }))

export const page = {
  limit: Schema.optional(Schema.NumberFromString.annotations({ description: "Most on a page: 1 to 1,000" })),
  cursor: described("The `next` of the page before")
}

/** `prefix` is before each of its names. */
export const storyFilter = <const Prefix extends string>(prefix: Prefix) => {
  const fields = {
    status: described(
      "One or several of running, success, failed, cancelled, timeout, partial, interrupted, with commas"
    ),
    name: described("The name, exactly"),
    text: described("A part of a name, of a label or of an error, or the beginning of an id"),
    since: moment("Started at this moment or later"),
    until: moment("Started before this moment"),
    correlation: described("An id of whoever asked for it: of a request, a trace, a tenant, …"),
    roots: flag("Without sub-stories")
  }
  type Prefixed = { readonly [K in keyof typeof fields as `${Prefix}${K}`]: (typeof fields)[K] }
  // Each name was given its prefix.
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [`${prefix}${name}`, field])) as Prefixed
}

export const labels = <const Prefix extends string>(prefix: Prefix) =>
  ({ key: Schema.TemplateLiteral(`${prefix}label.`, Schema.String), value: Schema.String }) as const

export const failureFilter = {
  story: described("The name of the story, exactly"),
  stage: described("The name of the stage, exactly"),
  since: moment("From this moment on"),
  until: moment("Before this moment"),
  error_type: described("As the report has it"),
  code: described("As the report has it"),
  fingerprint: described("As the report has it, or its beginning"),
  handled: flag("Also those that were handled: true unless this is false")
}

export const stats = {
  since: moment("From this moment on"),
  until: moment("Before this moment"),
  story: described("Of the stories of this name only")
}

export const events = {
  after: Schema.optional(
    Schema.NumberFromString.annotations({ description: "The cursor to go on from, 0 for everything; now without it" })
  ),
  story: described("Of the stories of this name only"),
  story_id: described("Of the story of this id, and of those inside it"),
  status: described("Of stories in one of these states, as they are when the event is read"),
  event: described("Of these kinds, such as StoryCompleted,FailureOccurred")
}

export const runPage = {
  limit: Schema.optional(
    Schema.NumberFromString.annotations({ description: "Most on a page: 1 to 1,000, 100 without it" })
  ),
  offset: whole,
  cursor: described("The `X-Next-Cursor` or `X-Previous-Cursor` of another page, or `last`"),
  sort: described("A column, or `-` and a column for the greatest first"),
  fields: described("The columns that are wanted, with commas")
}

export const runFilter = {
  text: described("A part of an id, a name, a summary or a commit"),
  exclude_tests: flag("Without the runs of tests"),
  status: described("One or several of running, success, failed, partial, timeout, cancelled, with commas"),
  event_id: described("Exactly"),
  run_id: described("Exactly"),
  parent_run_id: described("Exactly"),
  story_id: described("Exactly"),
  insight_id: described("Exactly"),
  agent_name: described("Exactly"),
  agent_owner: described("Exactly"),
  job_type: described("Exactly"),
  product: described("Exactly"),
  environment: described("Exactly"),
  host: described("Exactly"),
  trigger_type: described("Exactly"),
  git_branch: described("Exactly"),
  git_commit_hash: described("Exactly"),
  created_before: described("ISO 8601"),
  created_after: described("ISO 8601"),
  start_time_from: described("ISO 8601"),
  start_time_to: described("ISO 8601"),
  duration_ms_from: whole,
  duration_ms_to: whole
}
