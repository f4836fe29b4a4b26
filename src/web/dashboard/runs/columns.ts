/**
 * The columns that a list of runs can have. The first of a list is always the run itself.
 */

export interface Column {
  /** As the API names it, and what the list is sorted by. */
  readonly name: string
  readonly title: string
  readonly kind: "text" | "mono" | "time" | "duration" | "number" | "status" | "items" | "summary"
  /** In pixels; what is left over goes to the widest. */
  readonly width: number
  /** What it is made of, where that is more than the column itself. */
  readonly needs?: ReadonlyArray<string>
}

export const columns: ReadonlyArray<Column> = [
  { name: "status", title: "Status", kind: "status", width: 110 },
  { name: "job_type", title: "Job type", kind: "text", width: 120 },
  { name: "start_time", title: "Started", kind: "time", width: 150 },
  { name: "end_time", title: "Ended", kind: "time", width: 150 },
  { name: "duration_ms", title: "Duration", kind: "duration", width: 96 },
  {
    name: "items_succeeded",
    title: "Items",
    kind: "items",
    width: 156,
    needs: ["items_discovered", "items_succeeded", "items_failed", "items_skipped"]
  },
  {
    name: "error_summary",
    title: "Summary",
    kind: "summary",
    width: 320,
    needs: ["error_summary", "output_summary", "input_summary"]
  },
  { name: "items_discovered", title: "Discovered", kind: "number", width: 100 },
  { name: "items_failed", title: "Items failed", kind: "number", width: 104 },
  { name: "items_skipped", title: "Items skipped", kind: "number", width: 112 },
  { name: "run_id", title: "Run id", kind: "mono", width: 300 },
  { name: "event_id", title: "Event id", kind: "mono", width: 280 },
  { name: "agent_owner", title: "Owner", kind: "text", width: 120 },
  { name: "product", title: "Product", kind: "text", width: 120 },
  { name: "item_name", title: "Item", kind: "text", width: 160 },
  { name: "environment", title: "Environment", kind: "text", width: 110 },
  { name: "host", title: "Host", kind: "text", width: 120 },
  { name: "trigger_type", title: "Trigger", kind: "text", width: 100 },
  { name: "git_branch", title: "Branch", kind: "text", width: 120 },
  { name: "git_commit_hash", title: "Commit", kind: "mono", width: 100 },
  { name: "created_at", title: "Created", kind: "time", width: 150 },
  { name: "updated_at", title: "Updated", kind: "time", width: 150 }
]

const shownAtFirst = ["job_type", "start_time", "duration_ms", "items_succeeded", "error_summary"]

/** What every row needs. */
const always = ["status", "agent_name", "run_id"]

/** Those that the address names, in its order; without any, the usual ones. */
export const chosenColumns = (given: string | null): ReadonlyArray<Column> => {
  const names = given === null || given === "" ? shownAtFirst : given.split(",")
  return names.flatMap((name) => columns.find((column) => column.name === name) ?? [])
}

/** What the address says of some columns; nothing where they are the usual ones. */
export const columnsText = (chosen: ReadonlyArray<string>): string =>
  chosen.join(",") === shownAtFirst.join(",") ? "" : chosen.join(",")

/** What to ask the server for. */
export const fieldsOf = (chosen: ReadonlyArray<Column>): string =>
  Array.from(new Set([...always, ...chosen.flatMap(({ name, needs }) => needs ?? [name])])).join(",")
