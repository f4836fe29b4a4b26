/**
 * Requests that are wrong, each with the code of its answer and what the answer has to name.
 */
export interface WrongRequest {
  readonly method?: string
  readonly path: string
  /** Sent as JSON, unless it is a text. */
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly status: number
  readonly names: string
}

/** A run that can be created. */
export const validRun = {
  event_id: "valid",
  run_id: "valid run",
  agent_name: "agent",
  job_type: "job",
  start_time: "2026-01-31T12:00:00Z"
}

const post = (body: unknown, names: string, status = 422): WrongRequest => ({
  method: "POST",
  path: "/api/v1/runs",
  body,
  status,
  names
})

const creating = (field: string, value: unknown): WrongRequest =>
  post({ ...validRun, event_id: "wrong", [field]: value }, field)

const patching = (field: string, value: unknown): WrongRequest => ({
  method: "PATCH",
  path: "/api/v1/runs/known",
  body: { [field]: value },
  status: 422,
  names: field
})

const asking = (parameter: string, value: string): WrongRequest => ({
  path: `/api/v1/runs?${parameter}=${encodeURIComponent(value)}`,
  status: 422,
  names: parameter
})

const committing = (body: unknown, names: string, status = 422): WrongRequest => ({
  method: "POST",
  path: "/api/v1/runs/known/associate-commit",
  body,
  status,
  names
})

const { agent_name, event_id, job_type, run_id, start_time, ...none } = validRun

export const wrongRequests: ReadonlyArray<WrongRequest> = [
  // Bodies that are none.
  post("{", "body"),
  post("", "body"),
  post("nothing", "body"),
  post('{"event_id": "\ud800', "body"),
  post([], "body"),
  post(null, "body"),
  post(7, "body"),
  post("[".repeat(100_000), "body"),
  { ...post(validRun, "Content-Type", 415), headers: { "content-type": "text/plain" } },
  { ...post(validRun, "Content-Type", 415), headers: { "content-type": "application/x-www-form-urlencoded" } },
  post({ ...validRun, input_summary: "x".repeat(200_000) }, "bytes", 413),
  // Fields that have to be there.
  post({ ...none, run_id, agent_name, job_type, start_time }, "event_id"),
  post({ ...none, event_id, agent_name, job_type, start_time }, "run_id"),
  post({ ...none, event_id, run_id, job_type, start_time }, "agent_name"),
  post({ ...none, event_id, run_id, agent_name, start_time }, "job_type"),
  post({ ...none, event_id, run_id, agent_name, job_type }, "start_time"),
  post({}, "event_id"),
  creating("event_id", null),
  creating("event_id", ""),
  creating("event_id", 7),
  creating("event_id", "a/b"),
  creating("event_id", "x".repeat(256)),
  creating("run_id", " "),
  creating("run_id", "a\\b"),
  creating("run_id", "nul\0"),
  creating("run_id", "x".repeat(256)),
  creating("agent_name", ""),
  creating("agent_name", ["agent"]),
  creating("job_type", {}),
  creating("job_type", "x".repeat(256)),
  // Values of fields.
  creating("start_time", "yesterday"),
  creating("start_time", "2026-02-30T00:00:00Z"),
  creating("end_time", "12:00"),
  creating("end_time", true),
  creating("created_at", "2026-01-31T25:00:00Z"),
  creating("status", "done"),
  creating("status", 1),
  creating("status", "__proto__"),
  creating("items_discovered", -1),
  creating("items_succeeded", 1.5),
  creating("items_failed", "3"),
  creating("items_skipped", 1e300),
  creating("duration_ms", -1),
  creating("duration_ms", {}),
  creating("error_summary", "x".repeat(501)),
  creating("error_details", "x".repeat(5_001)),
  creating("output_summary", "x".repeat(1_001)),
  creating("input_summary", 1),
  creating("metrics_json", "{"),
  creating("context_json", "not JSON"),
  creating("git_commit_hash", "x".repeat(41)),
  creating("git_commit_source", "robot"),
  creating("api_posted", "yes"),
  creating("api_retry_count", -3),
  // Changes.
  patching("status", "finished"),
  patching("status", null),
  patching("git_commit_source", "robot"),
  patching("end_time", "soon"),
  patching("duration_ms", -5),
  patching("items_succeeded", "many"),
  patching("items_failed", -1),
  patching("items_skipped", 0.5),
  patching("error_summary", "x".repeat(501)),
  patching("error_details", "x".repeat(5_001)),
  patching("output_summary", "x".repeat(1_001)),
  patching("metrics_json", "[1,"),
  patching("context_json", "{]"),
  { method: "PATCH", path: "/api/v1/runs/known", body: { agent_name: "other" }, status: 400, names: "No valid fields" },
  { method: "PATCH", path: "/api/v1/runs/known", body: {}, status: 400, names: "No valid fields" },
  { method: "PATCH", path: "/api/v1/runs/known", body: [], status: 422, names: "body" },
  { method: "PATCH", path: "/api/v1/runs/unknown", body: { status: "failed" }, status: 404, names: "unknown" },
  {
    method: "PATCH",
    path: "/api/v1/runs/known",
    body: { status: "failed" },
    headers: { "if-match": '"2000-01-01T00:00:00.000Z"' },
    status: 412,
    names: "changed meanwhile"
  },
  // Questions.
  asking("limit", "0"),
  asking("limit", "1001"),
  asking("limit", "ten"),
  asking("limit", "-1"),
  asking("offset", "-1"),
  asking("offset", "1e9"),
  asking("status", "done"),
  asking("status", "running,gone"),
  asking("created_before", "last week"),
  asking("created_after", "2026-13-01"),
  asking("start_time_from", "0"),
  asking("start_time_to", "now"),
  asking("cursor", "%%%"),
  asking("cursor", "WzEsMl0"),
  { path: "/api/v1/runs?limit=1&limit=2", status: 422, names: "limit" },
  { path: "/api/v1/runs/unknown", status: 404, names: "unknown" },
  { path: "/api/v1/runs/unknown/commit-url", status: 404, names: "unknown" },
  // Commits.
  committing({}, "commit_hash"),
  committing({ commit_hash: "abcdefg", commit_source: "llm" }, "commit_hash"),
  committing({ commit_hash: "abc123", commit_source: "llm" }, "commit_hash"),
  committing({ commit_hash: "a".repeat(41), commit_source: "llm" }, "commit_hash"),
  committing({ commit_hash: "abcdef1" }, "commit_source"),
  committing({ commit_hash: "abcdef1", commit_source: "robot" }, "commit_source"),
  committing({ commit_hash: "abcdef1", commit_source: "ci", commit_timestamp: "then" }, "commit_timestamp"),
  committing({ commit_hash: "abcdef1", commit_source: "ci", commit_author: "x".repeat(256) }, "commit_author"),
  // Batches.
  { method: "POST", path: "/api/v1/runs/batch", body: {}, status: 422, names: "body" },
  { method: "POST", path: "/api/v1/runs/batch", body: Array(11).fill(validRun), status: 422, names: "at most 10" },
  // Lines of other machines.
  { method: "POST", path: "/api/v1/writes", body: {}, status: 422, names: "body" },
  { method: "POST", path: "/api/v1/writes", body: Array(11).fill({}), status: 413, names: "at most 10" },
  { path: "/api/v1/writes", status: 405, names: "GET" },
  { path: "/api/v1/run-events", status: 422, names: "run_id" },
  // Places and methods.
  { path: "/", status: 404, names: "/" },
  { path: "/api/v2/runs", status: 404, names: "/api/v2/runs" },
  { method: "DELETE", path: "/api/v1/runs/known", status: 405, names: "DELETE" },
  { method: "PUT", path: "/api/v1/runs", body: validRun, status: 405, names: "PUT" },
  { method: "POST", path: "/health", body: {}, status: 405, names: "POST" },
  { path: "/api/v1/runs/batch/more/than/that", status: 404, names: "/api/v1/runs/batch/more" }
]
