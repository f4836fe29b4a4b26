/**
 * The runs: which there are, and the one that is open.
 */
import { StatusMark } from "../../kit/StatusMark.js"
import { get } from "../api.js"
import { ErrorNotice, Notice } from "../Notice.js"
import { useLoaded } from "../useLoaded.js"
import type { RunRow } from "./runRow.js"

export const RunsView = () => {
  const runs = useLoaded("runs", (signal) => get<ReadonlyArray<RunRow>>("/api/v1/runs", { limit: 50 }, signal))
  if (runs.error !== undefined) {
    return <ErrorNotice what="The runs could not be loaded" error={runs.error} onRetry={runs.reload} />
  }
  if (runs.value === undefined) return null
  if (runs.value.length === 0) return <Notice title="There are no runs yet" />
  return (
    <table class="grid">
      <thead>
        <tr>
          <th scope="col">Run</th>
          <th scope="col">Agent</th>
          <th scope="col">Job</th>
          <th scope="col">Started</th>
        </tr>
      </thead>
      <tbody>
        {runs.value.map((run) => (
          <tr key={run.event_id}>
            <td>
              <StatusMark status={run.status === "success" ? "completed" : run.status} /> {String(run["run_id"])}
            </td>
            <td>{String(run["agent_name"])}</td>
            <td>{String(run["job_type"])}</td>
            <td>{String(run["start_time"])}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
