/**
 * An alert as the body of a Slack incoming webhook: blocks for the channel, and a text for notifications. Of what a program
 * says nothing is formatted, since it may say `*` and fences too: its texts are plain, or code.
 *
 * Slack's limits: 50 blocks, 150 characters of a header, 3,000 of a section, 2,000 of each of its at most 10 fields.
 */
import type { KnownBlock, MrkdwnElement, PlainTextElement } from "@slack/types"
import { callLabel } from "../../event/callLabel.js"
import type { Location } from "../../event/FailureReport.js"
import { progressLabel } from "../../event/progress.js"
import { plainJson } from "../../plain/plainJson.js"
import type { Alert, AnalysisAlert, FailureAlert, OccurrenceAlert, SummaryAlert } from "./Alert.js"
import * as slackText from "./slackText.js"

const maxHeader = 150
const maxSection = 3_000
const maxField = 2_000
const maxText = 1_000
/** Most of the further failures of a cause that are listed. */
const maxAlsoFailed = 5

/** The body as JSON. */
export const toJson = (alert: Alert): string => {
  const { blocks, title } = messageOf(alert)
  return plainJson({
    text: slackText.line(title, maxText),
    blocks: [
      { type: "header", text: { type: "plain_text", text: slackText.line(title, maxHeader), emoji: false } },
      ...blocks
    ],
    // Nor is anything in the text of notifications formatted.
    mrkdwn: false,
    unfurl_links: false,
    unfurl_media: false
  })
}

interface Message {
  readonly title: string
  readonly blocks: ReadonlyArray<KnownBlock>
}

const messageOf = (alert: Alert): Message => {
  if (alert._tag === "SummaryAlert") return summary(alert)
  if (alert._tag === "AnalysisAlert") return analysis(alert)
  return { title: titleOf(alert), blocks: [...facts(alert), context(alert)] }
}

const outcomes: Readonly<Record<OccurrenceAlert["status"], string>> = {
  failed: "❌ failed",
  timeout: "⏱ timed out",
  partial: "⚠ ended partly done",
  cancelled: "⊘ was cancelled",
  handled: "⚠ handled a failure"
}

const titleOf = (alert: OccurrenceAlert): string => {
  const [sign, ...words] = outcomes[alert.status].split(" ")
  const where = alert._tag === "FailureAlert" && alert.stageName !== null ? ` in ${alert.stageName}` : ""
  const what =
    alert._tag === "FailureAlert" ? `: ${errorOf(alert)}` : alert.outcome === null ? "" : `: ${alert.outcome}`
  return `${sign} ${alert.storyName} ${words.join(" ")}${where}${what}`
}

const errorOf = ({ errorMessage, errorType }: { errorType: string; errorMessage: string }): string =>
  errorMessage === "" ? errorType : `${errorType} - ${errorMessage}`

const facts = (alert: OccurrenceAlert): ReadonlyArray<KnownBlock> => {
  const story = field("Story", alert.storyPath.join(" › "))
  const label = progressLabel(alert.progress)
  const progress = label === undefined ? [] : [field("Progress", label)]
  if (alert._tag === "StoryAlert") {
    const stages = `${alert.failedStages} failed, ${alert.cancelledStages} cancelled`
    return [
      fields([story, field("Stages", stages), ...progress, field("Took", `${alert.durationSeconds.toFixed(3)}s`)])
    ]
  }
  const helps = alert.retryable ? "trying again may help" : "trying again will not help"
  return [
    fields([
      story,
      field("Stage", alert.stagePath.join(" › ") || "(outside any stage)"),
      ...progress,
      ...(alert.errorCode === "UNKNOWN" ? [] : [field("Kind", `${alert.errorCode}, ${helps}`)])
    ]),
    ...code("Error", errorOf(alert)),
    ...(alert.location === null ? [] : code("Location", placeOf(alert.location, alert.snippet))),
    ...(saysMore(alert) ? prose("Why", alert.exactCause) : []),
    ...(alert.hint === null ? [] : prose("Hint", alert.hint)),
    ...(alert.llmAnalysis === null ? [] : prose("Analysis", alert.llmAnalysis)),
    ...(alert.alsoFailed.length === 0 ? [] : prose("Also failed", alsoFailed(alert)))
  ]
}

const placeOf = ({ file, function: name, line, sourceLine }: Location, snippet: string | null): string => {
  const place = callLabel(`${file}:${line}`, name)
  const source = snippet ?? sourceLine?.trim() ?? ""
  return source === "" ? place : `${place}\n${source}`
}

const saysMore = ({ errorMessage, errorType, exactCause }: FailureAlert): boolean =>
  !["", errorType, errorMessage, `${errorType}: ${errorMessage}`].includes(exactCause.trim())

const alsoFailed = ({ alsoFailed }: FailureAlert): string => {
  const listed = alsoFailed
    .slice(0, maxAlsoFailed)
    .map((failure) => `• ${failure.stageName === null ? "" : `${failure.stageName}: `}${errorOf(failure)}`)
  const more = alsoFailed.length - listed.length
  return [...listed, ...(more > 0 ? [`… and ${more} more`] : [])].join("\n")
}

const context = (alert: OccurrenceAlert): KnownBlock => {
  const labels = Object.entries(alert.labels).map(([name, label]) => `${name}=${String(label)}`)
  const times = alert.occurrences > 1 ? [`seen ${alert.occurrences} times`] : []
  const parts = [
    timeOf(alert.timestamp),
    `story ${alert.storyId}`,
    `fingerprint ${alert.fingerprint}`,
    ...times,
    ...labels
  ]
  return { type: "context", elements: [plain(slackText.line(parts.join(" · "), maxField))] }
}

/** A webhook cannot answer to its own message: this one names the failure by all that the first one shows of it. */
const analysis = (alert: AnalysisAlert): Message => {
  const { fingerprint, latencySeconds, llmAnalysis, stageName, storyId, storyName, timestamp } = alert
  const where = stageName === null ? storyName : `${storyName} in ${stageName}`
  const parts = [
    timeOf(timestamp),
    `story ${storyId}`,
    `fingerprint ${fingerprint}`,
    `after ${latencySeconds.toFixed(1)}s`
  ]
  return {
    title: `💡 Why ${where} failed: ${errorOf(alert)}`,
    blocks: [
      ...prose("Analysis", llmAnalysis),
      { type: "context", elements: [plain(slackText.line(parts.join(" · "), maxField))] }
    ]
  }
}

const summary = (alert: SummaryAlert): Message => {
  const { count, heldBack, reason, since, until } = alert
  const stories = [...new Set(heldBack.map(({ storyName }) => storyName))]
  const named = stories.length === 1 ? ` of ${stories[0]}` : ""
  const title = `🔁 ${count} more${named} within ${spanOf(until - since)}`
  const rest = count - heldBack.reduce((sum, { count }) => sum + count, 0)
  const list = [...heldBack.map((one) => `• ${one.count} × ${kindOf(one)}`), ...(rest > 0 ? [`• ${rest} × other`] : [])]
  const why = reason === "duplicates" ? "the same as one sent before" : "more than are sent at a time"
  return {
    title,
    blocks: [
      ...prose("Held back", list.join("\n")),
      { type: "context", elements: [plain(slackText.line(`${timeOf(since)} – ${timeOf(until)} · ${why}`, maxField))] }
    ]
  }
}

const kindOf = ({
  errorMessage,
  errorType,
  stageName,
  status,
  storyName
}: SummaryAlert["heldBack"][number]): string => {
  const where = stageName === null ? storyName : `${storyName} in ${stageName}`
  if (errorType === null) return `${where}: ${status}`
  return `${where}: ${errorOf({ errorType, errorMessage: errorMessage ?? "" }).split("\n")[0]}`
}

/** An invalid time, as a renderer may be handed, is no reason to send nothing. */
const timeOf = (millis: number): string => {
  const time = new Date(millis)
  return Number.isNaN(time.getTime()) ? "at an unknown time" : time.toISOString()
}

const spanOf = (millis: number): string => {
  const seconds = Math.max(1, Math.round(millis / 1_000))
  const [amount, unit] =
    seconds < 120
      ? [seconds, "second"]
      : seconds < 7_200
        ? [Math.round(seconds / 60), "minute"]
        : [Math.round(seconds / 3_600), "hour"]
  return `${amount} ${unit}${amount === 1 ? "" : "s"}`
}

/** A text of a program's: nothing in it is formatted, and no `:name:` becomes an emoji. */
const plain = (text: string): PlainTextElement => ({ type: "plain_text", text, emoji: false })

/** A text of ours, or one between fences. */
const formatted = (text: string): MrkdwnElement => ({ type: "mrkdwn", text, verbatim: true })

const field = (label: string, value: string): PlainTextElement => {
  const head = `${label}\n`
  return plain(head + slackText.line(value, maxField - head.length))
}

const fields = (all: Array<PlainTextElement>): KnownBlock => ({ type: "section", fields: all })

const prose = (label: string, text: string): ReadonlyArray<KnownBlock> => {
  const shown = slackText.lines(text, maxSection)
  // Slack refuses a message with an empty text.
  if (shown === "") return []
  return [
    { type: "section", text: formatted(`*${label}*`) },
    { type: "section", text: plain(shown) }
  ]
}

const code = (label: string, text: string): ReadonlyArray<KnownBlock> => {
  const head = `*${label}*\n`
  return [{ type: "section", text: formatted(head + slackText.codeBlock(text, maxSection - head.length)) }]
}
