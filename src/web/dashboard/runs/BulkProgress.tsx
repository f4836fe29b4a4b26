/**
 * How far a change of many runs is, and what came of each.
 */
import { useSignal } from "@preact/signals"
import { count, number, percent } from "../../kit/format.js"
import { ApiError } from "../api.js"
import { hrefWith } from "../router.js"
import { act, type BulkJob, messageOf } from "./bulkState.js"
import { shortOf } from "./runFields.js"

interface BulkProgressProps {
  readonly job: BulkJob
  /** What an action made of it: itself again, or the change that undoes it. */
  readonly onActed: (job: BulkJob) => Promise<void>
}

export const BulkProgress = ({ job, onActed }: BulkProgressProps) => {
  const fault = useSignal<string | undefined>(undefined)
  const done = job.total - job.waiting
  const isRunning = job.state === "running"
  const perform = async (action: "retry" | "undo" | "cancel") => {
    fault.value = undefined
    try {
      await onActed(await act(job, action))
    } catch (error) {
      fault.value = error instanceof ApiError ? error.message : String(error)
    }
  }
  return (
    <div class="form">
      <p>
        {Object.entries(job.changes)
          .map(([name, value]) => `${name.replaceAll("_", " ")}: ${shortOf(value)}`)
          .join(", ")}
      </p>
      <div
        class="progress"
        role="progressbar"
        aria-label="Runs that are done"
        aria-valuemin={0}
        aria-valuemax={job.total}
        aria-valuenow={done}
      >
        <span
          class="items-done"
          style={{ "--share": percent((job.changed + job.unchanged) / Math.max(1, job.total)) }}
        />
        <span class="items-lost" style={{ "--share": percent(job.failed / Math.max(1, job.total)) }} />
      </div>
      <p role="status">{statusText(job, done)}</p>
      {job.failures.length > 0 && (
        <details class="bulk-failures" open={job.failures.length <= 10}>
          <summary>{count(job.failed, "failure")}</summary>
          <ul>
            {job.failures.map(({ detail, event_id }) => (
              <li key={event_id}>
                <a class="link" href={hrefWith({ run: event_id })}>
                  {event_id}
                </a>{" "}
                <span class="muted">{messageOf(detail)}</span>
              </li>
            ))}
          </ul>
          {job.failed > job.failures.length && (
            <p class="muted">{`and ${number(job.failed - job.failures.length)} more`}</p>
          )}
        </details>
      )}
      {fault.value !== undefined && (
        <p class="field-fault" role="alert">
          {fault.value}
        </p>
      )}
      <div class="form-actions">
        {isRunning && (
          <button type="button" class="button" onClick={() => void perform("cancel")}>
            Stop
          </button>
        )}
        {!isRunning && job.failed + job.waiting > 0 && (
          <button type="button" class="button primary" onClick={() => void perform("retry")}>
            {job.failed > 0 ? `Try the ${number(job.failed)} failed again` : "Go on"}
          </button>
        )}
        {!isRunning && job.changed > 0 && (
          <button type="button" class="button" onClick={() => void perform("undo")}>
            {`Undo ${count(job.changed, "change")}`}
          </button>
        )}
      </div>
    </div>
  )
}

const statusText = ({ changed, failed, state, total, unchanged }: BulkJob, done: number): string => {
  const parts = [
    `${number(changed)} changed`,
    unchanged > 0 ? `${number(unchanged)} were so already` : "",
    failed > 0 ? `${number(failed)} failed` : ""
  ].filter((text) => text !== "")
  const head = state === "running" ? "" : state === "cancelled" ? "Stopped. " : "Done. "
  return `${head}${number(done)} of ${count(total, "run")}: ${parts.join(", ")}`
}
