/**
 * What the record of a run says of the end of its story.
 */
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import { isInterruption, leavesOf } from "../cause/causeLeaves.js"
import { prettyCause } from "../cause/prettyCause.js"
import * as redactedCause from "../cause/redactedCause.js"
import { messageOf, typeOf } from "../cause/thrownValue.js"
import { costUsd, type Work } from "../event/WorkSummary.js"
import type { PlainRecord } from "../plain/PlainValue.js"
import type { Redactor } from "../redaction/redactorModel.js"
import { type Changes, cut, type Status } from "../runs/runColumns.js"
import type { Story } from "./Story.js"

/** How a run ended. `story`: the one that it was; none where narration is switched off. */
export const outcomeOf = (
  exit: Exit.Exit<unknown, unknown>,
  story: Story | undefined,
  redactor: Redactor
): Changes => ({
  status: story === undefined || story.status === "running" ? statusOf(exit) : story.status,
  ...(Exit.isFailure(exit) ? errorOf(exit.cause, story, redactor) : {}),
  ...(story?.tally === undefined ? {} : workOf(story.tally.work))
})

const statusOf = (exit: Exit.Exit<unknown, unknown>): Status => {
  if (Exit.isSuccess(exit)) return "success"
  const error = leavesOf(exit.cause)[0]?.error
  if (error === undefined && isInterruption(exit.cause)) return "cancelled"
  return Cause.isTimeoutException(error) ? "timeout" : "failed"
}

const errorOf = (cause: Cause.Cause<unknown>, story: Story | undefined, redactor: Redactor): Changes => {
  const leaf = leavesOf(cause)[0]
  if (leaf === undefined) return {}
  const { error } = leaf
  const shown = redactedCause.shown(cause, {
    text: (text) => redactor.text(text, story?.secrets),
    value: (value) => redactor.value(value, story?.secrets)
  })
  const message = messageOf(error)
  const summary = message === "" ? typeOf(error) : `${typeOf(error)}: ${message}`
  return {
    error_summary: cut(redactor.text(summary, story?.secrets).replaceAll(/\s+/g, " ").trim(), 500),
    error_details: cut(prettyCause(shown, summary, { renderErrorCause: true }), 5_000)
  }
}

/** Items are columns; what else was recorded is part of the metrics. */
const workOf = (work: Work): Changes => {
  const { calls, failedCalls, items, models, quality } = work
  const counted: Record<string, number> = {
    items_discovered: items.discovered,
    items_succeeded: items.succeeded,
    items_failed: items.failed,
    items_skipped: items.skipped
  }
  const hasItems = Object.values(counted).some((count) => count > 0)
  const sum = (of: (use: Work["models"][number]) => number) => models.reduce((total, use) => total + of(use), 0)
  const metrics: PlainRecord = {
    ...(models.length === 0
      ? {}
      : {
          cost_usd: costUsd(work),
          prompt_tokens: sum(({ promptTokens }) => promptTokens),
          completion_tokens: sum(({ completionTokens }) => completionTokens)
        }),
    ...(calls === 0 ? {} : { calls, failed_calls: failedCalls }),
    ...(quality.length === 0
      ? {}
      : { quality: Object.fromEntries(quality.map(({ average, metric }) => [metric, average])) })
  }
  return {
    ...(hasItems ? counted : {}),
    ...(Object.keys(metrics).length === 0 ? {} : { metrics_json: metrics })
  }
}
