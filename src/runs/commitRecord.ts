/**
 * What was stated of a commit: by the run that it came of, and by other programs that looked it up.
 *
 * Statements are put together in whatever order they arrive, and more than once: what comes of them is the same.
 */
import * as Predicate from "effect/Predicate"
import { attempt } from "../plain/untrusted.js"
import { parseJson } from "../plain/wireSchema.js"
import * as revision from "./revision.js"
import { cut } from "./runColumns.js"
import type { RunWrite } from "./storedRun.js"

/** What is known of a commit, and how long a text may be; `count` of numbers. */
const kinds = {
  run_id: 255,
  agent_name: 255,
  repo: 500,
  branch: 255,
  commit_date: 64,
  author: 255,
  message: 64_000,
  files_changed: "count",
  insertions: "count",
  deletions: "count"
} as const

export type CommitColumn = keyof typeof kinds

// They are its keys.
export const columns = Object.keys(kinds) as ReadonlyArray<CommitColumn>

export type CommitFacts = { readonly [C in CommitColumn]?: string | number }

/** The run that stated a commit last. */
export interface StatedBy {
  readonly event_id: string
  readonly revision: string
  readonly author?: string | undefined
  readonly commit_date?: string | undefined
}

export interface CommitRecord {
  readonly run?: StatedBy | undefined
  readonly facts: CommitFacts
}

/** A commit that a write of a run states: one that only says at which it began does not say where that comes from. */
export const statedBy = (write: RunWrite): readonly [hash: string, record: CommitRecord] | undefined => {
  const { git_commit_author: author, git_commit_hash: hash, git_commit_source: source } = write.changes
  if (typeof hash !== "string" || typeof source !== "string") return undefined
  const run = {
    event_id: write.event_id,
    revision: write.revision,
    ...textsOf(author, write.changes.git_commit_timestamp)
  }
  return [hash, { run, facts: {} }]
}

const textsOf = (author: unknown, date: unknown): Pick<StatedBy, "author" | "commit_date"> => ({
  ...(typeof author === "string" ? { author } : {}),
  ...(typeof date === "string" ? { commit_date: date } : {})
})

export const empty: CommitRecord = { facts: {} }

/** The run that stated it last; of what was looked up twice, the greater value. */
export const merge = (one: CommitRecord, other: CommitRecord): CommitRecord => {
  const facts: { [C in CommitColumn]?: string | number } = {}
  for (const column of columns) {
    const value = greater(one.facts[column], other.facts[column])
    if (value !== undefined) facts[column] = value
  }
  const run = later(one.run, other.run)
  return run === undefined ? { facts } : { run, facts }
}

/** Whether a record says what is not known yet. */
export const isNews = (known: CommitRecord | undefined, { facts, run }: CommitRecord): boolean =>
  known === undefined || encode(merge(known, { run, facts })) !== encode(merge(known, empty))

const greater = <A extends string | number>(a: A | undefined, b: A | undefined): A | undefined =>
  a === undefined || (b !== undefined && b > a) ? b : a

const later = (a: StatedBy | undefined, b: StatedBy | undefined): StatedBy | undefined => {
  if (a === undefined || b === undefined) return a ?? b
  return orderOf(b) > orderOf(a) ? b : a
}

/** By revision; another program's rows may share one, and a row that was imported may say less. */
const orderOf = ({ author = "", commit_date: date = "", event_id, revision }: StatedBy): string =>
  JSON.stringify([revision, event_id, author, date])

/** The same text for the same record. */
export const encode = (record: CommitRecord): string => JSON.stringify(record)

/** What is in a cell or a line; what is no record says nothing. */
export const decode = (text: string): CommitRecord => of(attempt(() => parseJson(text), undefined))

/** A record from a value of any kind. */
export const of = (value: unknown): CommitRecord => {
  if (!Predicate.isRecord(value)) return empty
  const run = runOf(value["run"])
  return { ...(run === undefined ? {} : { run }), facts: factsOf(value["facts"]) }
}

const runOf = (value: unknown): StatedBy | undefined => {
  if (!Predicate.isRecord(value)) return undefined
  const { author, commit_date: date, event_id: eventId, revision: made } = value
  return typeof eventId === "string" && revision.isRevision(made)
    ? { event_id: eventId, revision: made, ...textsOf(author, date) }
    : undefined
}

/** The facts of a row of any program. */
export const factsOf = (value: unknown): CommitFacts => {
  const facts: { [C in CommitColumn]?: string | number } = {}
  if (!Predicate.isRecord(value)) return facts
  for (const column of columns) {
    const kind = kinds[column]
    const cell = value[column]
    if (kind === "count" ? Number.isSafeInteger(cell) : typeof cell === "string") {
      facts[column] = typeof cell === "string" ? cut(cell, Number(kind)) : Number(cell)
    }
  }
  return facts
}
