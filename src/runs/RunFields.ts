/**
 * What a program says of its runs, and what is written of that.
 *
 * @since 0.1.0
 */
import { clip, from, type PlainValue, text } from "../plain/PlainValue.js"
import { attempt } from "../plain/untrusted.js"
import type { Redactor } from "../redaction/redactorModel.js"
import type { RunStatus } from "./RunRecord.js"
import { type Changes, isFault, type RunColumn, runColumns, valueFor } from "./runColumns.js"

/**
 * What a run is about, and what came of it. Each may be said at its start, in between or at its end; what is said last
 * counts. A text that is too long is cut; a value that cannot be is left out, and logged once.
 *
 * @since 0.1.0
 * @category models
 */
export interface RunFields {
  /** Who is responsible for the agent (default: `AGENT_OWNER`, with `layerEnvironment`). */
  readonly agentOwner?: string | null | undefined
  readonly product?: string | null | undefined
  readonly productFamily?: string | null | undefined
  readonly platform?: string | null | undefined
  readonly subdomain?: string | null | undefined
  readonly website?: string | null | undefined
  readonly websiteSection?: string | null | undefined
  readonly itemName?: string | null | undefined
  /** Items found, a whole number of 0 or more. */
  readonly itemsDiscovered?: number | null | undefined
  readonly itemsSucceeded?: number | null | undefined
  readonly itemsFailed?: number | null | undefined
  readonly itemsSkipped?: number | null | undefined
  /** What the run was given; at most 1,000 characters. */
  readonly inputSummary?: string | null | undefined
  /** What it made; at most 1,000 characters. */
  readonly outputSummary?: string | null | undefined
  /** What went wrong, in a line; at most 500 characters. Filled in when a tracked effect fails. */
  readonly errorSummary?: string | null | undefined
  /** The same in full; at most 5,000 characters. */
  readonly errorDetails?: string | null | undefined
  /** Where its input came from, and where its output went. */
  readonly sourceRef?: string | null | undefined
  readonly targetRef?: string | null | undefined
  /** Found by `git` in the program's folder unless they are given. */
  readonly gitRepo?: string | null | undefined
  readonly gitBranch?: string | null | undefined
  readonly gitCommitHash?: string | null | undefined
  readonly gitRunTag?: string | null | undefined
  /** `production`, `ci`, … */
  readonly environment?: string | null | undefined
  /** What began it: `cron`, `manual`, `webhook`, … */
  readonly triggerType?: string | null | undefined
  /** The insight that led to it. */
  readonly insightId?: string | null | undefined
  /** The run that began it. */
  readonly parentRunId?: string | null | undefined
  /** Figures of your own: JSON. Keys given later are added. */
  readonly metrics?: unknown
  /** Anything else worth keeping: JSON. Keys given later are added. */
  readonly context?: unknown
}

/**
 * What can be changed of a run at any time, also after its end; `null` clears a field.
 *
 * @since 0.1.0
 * @category models
 */
export interface RunPatch extends RunFields {
  readonly status?: RunStatus | undefined
  /** Milliseconds since the epoch, or a `Date`. */
  readonly endTime?: number | Date | null | undefined
  readonly durationMs?: number | null | undefined
}

const columnOf: { readonly [F in keyof RunPatch]-?: RunColumn } = {
  agentOwner: "agent_owner",
  product: "product",
  productFamily: "product_family",
  platform: "platform",
  subdomain: "subdomain",
  website: "website",
  websiteSection: "website_section",
  itemName: "item_name",
  itemsDiscovered: "items_discovered",
  itemsSucceeded: "items_succeeded",
  itemsFailed: "items_failed",
  itemsSkipped: "items_skipped",
  inputSummary: "input_summary",
  outputSummary: "output_summary",
  errorSummary: "error_summary",
  errorDetails: "error_details",
  sourceRef: "source_ref",
  targetRef: "target_ref",
  gitRepo: "git_repo",
  gitBranch: "git_branch",
  gitCommitHash: "git_commit_hash",
  gitRunTag: "git_run_tag",
  environment: "environment",
  triggerType: "trigger_type",
  insightId: "insight_id",
  parentRunId: "parent_run_id",
  metrics: "metrics_json",
  context: "context_json",
  status: "status",
  endTime: "end_time",
  durationMs: "duration_ms"
}

/** What is written of fields, without secrets; and what is wrong with the others. */
export const changesOf = (
  fields: RunPatch,
  redactor: Redactor
): { readonly changes: Changes; readonly faults: ReadonlyArray<string> } => {
  const changes: { [C in RunColumn]?: PlainValue } = {}
  const faults: Array<string> = []
  for (const [field, column] of Object.entries(columnOf)) {
    const given: unknown = attempt(() => Reflect.get(fields, field), undefined)
    if (given === undefined) continue
    const made = valueFor(column, shown(column, given, redactor), true)
    if (isFault(made))
      faults.push(`${field} takes ${made.expected}, not ${clip(text(made.given), 60)}; it was left out`)
    else changes[column] = made
  }
  // Each value was made for its column.
  return { changes: changes as Changes, faults }
}

/** Hidden before it is cut: half a secret is not found. */
const shown = (column: RunColumn, given: unknown, redactor: Redactor): unknown => {
  const { kind } = runColumns[column]
  if (kind === "json") return given === null ? null : redactor.value(asJson(given))
  return kind === "text" && typeof given === "string" ? redactor.text(given) : given
}

/** JSON is read as what it says. */
const asJson = (given: unknown): unknown =>
  typeof given === "string" ? attempt(() => JSON.parse(given), given) : from(given)
