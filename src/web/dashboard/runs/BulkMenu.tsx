/**
 * The changes of many runs that the server remembers, so that one is found again.
 */
import { useEffect } from "preact/hooks"
import { count, percent } from "../../kit/format.js"
import { Glyph } from "../Glyph.js"
import { Menu } from "../Menu.js"
import { ago, millisOf } from "../times.js"
import { type BulkJob, jobs, loadJobs } from "./bulkState.js"

export const BulkMenu = ({ onOpen }: { readonly onOpen: (job: BulkJob) => void }) => {
  useEffect(() => {
    // Without them the list of runs is as good.
    loadJobs().catch(() => {})
  }, [])
  const all = jobs.value
  const running = all.find(({ state }) => state === "running")
  if (all.length === 0) return null
  const share = running === undefined ? undefined : (running.total - running.waiting) / Math.max(1, running.total)
  return (
    <Menu
      title={share === undefined ? "Changes" : `Changing, ${Math.floor(share * 100)} %`}
      glyph={<Glyph name="undo" />}
    >
      <ul class="bulk-jobs">
        {all.map((job) => (
          <li key={job.id}>
            <button type="button" class="bulk-job" onClick={() => onOpen(job)}>
              <span>{job.undoes === null ? Object.keys(job.changes).join(", ").replaceAll("_", " ") : "An undo"}</span>
              <span class="muted">
                {`${count(job.changed, "run")} changed${job.failed > 0 ? `, ${job.failed} failed` : ""} · ${ago(millisOf(job.begun_at) ?? 0)}`}
              </span>
              {job.state === "running" && (
                <span class="progress" style={{ "--share": percent(share ?? 0) }}>
                  <span class="items-done" />
                </span>
              )}
            </button>
          </li>
        ))}
      </ul>
      <p class="muted small">The server remembers these, and can undo them, until it stops.</p>
    </Menu>
  )
}
