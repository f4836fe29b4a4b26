/**
 * A run as the HTTP API shows it.
 */
import { createHash } from "node:crypto"
import type { PlainValue } from "../plain/PlainValue.js"
import { commitUrl, repositoryUrl } from "../runs/git.js"
import { columnNames, type RunColumn } from "../runs/runColumns.js"
import * as runRows from "../runs/runRows.js"

/**
 * Its columns, the pages of its repository and commit, and a `…_parse_error` for what is no JSON. With `fields` it is only
 * those, and what names the run.
 */
export const rowOf = (
  row: runRows.Found,
  fields?: ReadonlyArray<RunColumn> | undefined
): { readonly [key: string]: PlainValue } => {
  const { columns, unreadable } = runRows.decodeColumns(row)
  if (fields !== undefined) {
    return Object.fromEntries(["event_id" as const, ...fields].map((column) => [column, columns[column] ?? null]))
  }
  const shown: Record<string, PlainValue> = { id: Number(row["id"]), schema_version: Number(row["schema_version"]) }
  for (const column of columnNames) shown[column] = columns[column] ?? null
  for (const column of unreadable) shown[`${column}_parse_error`] = "it is not JSON; it is shown as the text that it is"
  shown["repo_url"] = repositoryUrl(columns.git_repo)
  shown["commit_url"] = commitUrl(columns.git_repo, columns.git_commit_hash)
  return shown
}

/** Changes with every change of the run, also with two of one millisecond and with one that another program made by SQL. */
export const tagOf = (row: runRows.Found): string =>
  `"${createHash("sha256").update(`${row["updated_at"]} ${row["revisions"]}`).digest("base64url").slice(0, 22)}"`
