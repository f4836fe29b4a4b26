/**
 * A failure as an event of Sentry: its errors with their frames and values, and what happened before as breadcrumbs.
 */
import { randomUUID } from "node:crypto"
import type { Exception, Breadcrumb as SentryBreadcrumb, Event as SentryEvent, StackFrame } from "@sentry/core"
import { idsOf } from "../../event/correlationFields.js"
import type * as Report from "../../event/FailureReport.js"
import { failureTime } from "../../event/failureTime.js"
import type { TrackedError } from "../../renderer/tracker/ErrorTracker.js"

export interface EventSettings {
  readonly environment?: string | undefined
  readonly release?: string | undefined
  readonly serverName?: string | undefined
  readonly tags?: { readonly [name: string]: string } | undefined
}

export const sentryEvent = (error: TrackedError, settings: EventSettings): SentryEvent => {
  const { failure, story } = error
  const [primary] = failure.failures
  const { correlation } = failure
  return {
    event_id: randomUUID().replaceAll("-", ""),
    timestamp: failureTime(failure) / 1_000,
    platform: "node",
    level: failure.handled ? "warning" : "error",
    logger: "effect-narrative",
    transaction: failure.storyName,
    ...(settings.environment === undefined ? {} : { environment: settings.environment }),
    ...(settings.release === undefined ? {} : { release: settings.release }),
    ...(settings.serverName === undefined ? {} : { server_name: settings.serverName }),
    fingerprint: [primary.fingerprint],
    exception: { values: exceptionsOf(failure.failures, failure.handled) },
    breadcrumbs: error.breadcrumbs.map(
      ({ category, data, level, message, timestamp }): SentryBreadcrumb => ({
        timestamp: timestamp / 1_000,
        category,
        level,
        message,
        data: { ...data }
      })
    ),
    tags: {
      ...settings.tags,
      ...story.labels,
      story: failure.storyName,
      story_kind: story.kind,
      ...(primary.stageName === null ? {} : { stage: primary.stageName }),
      error_code: primary.errorCode,
      retryable: primary.retryable
    },
    ...(correlation?.userId === undefined ? {} : { user: { id: correlation.userId } }),
    contexts: {
      story: {
        story_id: failure.storyId,
        root_story_id: failure.rootStoryId,
        stage_path: [...primary.stagePath],
        percent: failure.progress.percent,
        attributes: story.attributes,
        stage_attributes: primary.stageAttributes
      },
      failure: {
        exact_cause: primary.exactCause,
        hint: primary.hint,
        facts: primary.facts,
        details: primary.details
      },
      ...(correlation === null ? {} : { correlation: Object.fromEntries(idsOf(correlation)) }),
      ...(failure.traceId === null || failure.spanId === null
        ? {}
        : { trace: { trace_id: failure.traceId, span_id: failure.spanId } })
    }
  }
}

/** Sentry has the innermost cause first, and what the program failed with last. */
const exceptionsOf = (failures: FailuresOf, handled: boolean): Array<Exception> =>
  [...failures]
    .reverse()
    .flatMap((failure) => [
      ...[...failure.causes].reverse().map((cause) => exception(cause, cause.stackFrames, "chained", handled)),
      exception(failure, failure.stackFrames, "effect-narrative", handled)
    ])

type FailuresOf = ReadonlyArray<Report.Failure>

const exception = (
  error: Pick<Report.Failure, "errorType" | "errorMessage" | "location" | "snippet">,
  frames: ReadonlyArray<Report.StackFrame>,
  mechanism: string,
  handled: boolean
): Exception => ({
  type: error.errorType,
  value: error.errorMessage,
  mechanism: { type: mechanism, handled },
  ...(frames.length === 0 ? {} : { stacktrace: { frames: [...frames].reverse().map((one) => frame(one, error)) } })
})

const frame = (
  { column, file, function: name, line, locals, origin }: Report.StackFrame,
  { location, snippet }: Pick<Report.Failure, "location" | "snippet">
): StackFrame => ({
  filename: file,
  function: name,
  lineno: line,
  colno: column,
  in_app: origin === "app",
  ...(locals === null ? {} : { vars: { ...locals } }),
  ...(location?.file === file && location.line === line ? contextOf(snippet) : {})
})

const contextOf = (snippet: ReadonlyArray<Report.SnippetLine>): StackFrame => {
  const at = snippet.findIndex((line) => line.failing)
  const failing = snippet[at]
  if (failing === undefined) return {}
  const texts = snippet.map((line) => line.text)
  return { context_line: failing.text, pre_context: texts.slice(0, at), post_context: texts.slice(at + 1) }
}
