/**
 * The lines of a journal: one object each, written so that one is found again even when it was glued to a torn one.
 */
import { createHash } from "node:crypto"
import * as Predicate from "effect/Predicate"
import { clip, from, type PlainValue } from "../plain/PlainValue.js"
import { attempt } from "../plain/untrusted.js"
import { parseJson } from "../plain/wireSchema.js"
import * as commitRecord from "./commitRecord.js"
import * as revision from "./revision.js"
import {
  type Changes,
  columnNames,
  cut,
  isFault,
  isTerminal,
  millisOf,
  type RunColumn,
  valueFor
} from "./runColumns.js"
import type { RunWrite } from "./storedRun.js"

/** Something that happened in a run. */
export interface EventWrite {
  readonly id: string
  readonly run_id: string
  readonly event_type: string
  readonly timestamp: string
  /** JSON. */
  readonly payload_json: string | null
}

/** What another program knew of a commit. */
export interface CommitWrite extends commitRecord.CommitRecord {
  readonly commit_hash: string
}

/** What a line says. */
export type Write =
  | ({ readonly record_type: "run" } & RunWrite)
  | ({ readonly record_type: "event" } & EventWrite)
  | ({ readonly record_type: "commit" } & CommitWrite)

/** Every line begins so: it cannot be part of a text in another line, where its quotes would be escaped. */
const beginning = '{"record_type":'

/** With its line break. */
export const encode = (write: Write): string => {
  if (write.record_type !== "run") return `${JSON.stringify(write)}\n`
  const { changes, event_id, revision } = write
  return `${JSON.stringify({ record_type: "run", revision, ...changes, event_id })}\n`
}

/** A line, or a part of one, that says nothing. */
export interface Unread {
  readonly record_type: "unread"
  readonly text: string
}

/**
 * What a line says: one thing, unless writes were glued together. `position`: where it is in the journal, which orders lines that
 * another program wrote, without revisions.
 */
export const decode = (line: string, position: number): ReadonlyArray<Write | Unread> => {
  if (line.trim() === "") return []
  const whole = read(line, position)
  if (whole !== undefined) return [whole]
  const starts = Array.from(line.matchAll(/\{"record_type":/g), ({ index }) => index)
  const parts = [line.slice(0, starts[0] ?? line.length), ...starts.map((start, i) => line.slice(start, starts[i + 1]))]
  return parts
    .filter((part) => part.trim() !== "")
    .map((part) => read(part, position) ?? { record_type: "unread", text: clip(part, 200) })
}

/** Whether a text may be the start of a line. */
export const isBeginning = (text: string): boolean => text.startsWith(beginning)

const read = (text: string, position: number): Write | undefined => {
  const value = attempt(() => parseJson(text), undefined)
  if (!Predicate.isRecord(value)) return undefined
  if (value["record_type"] === "event") return readEvent(value, position)
  return value["record_type"] === "commit" ? readCommit(value) : readRun(value, text, position)
}

const readCommit = (value: Readonly<Record<string, unknown>>): Write | undefined => {
  const hash = value["commit_hash"]
  return typeof hash === "string" && hash !== ""
    ? { record_type: "commit", commit_hash: cut(hash, 255), ...commitRecord.of(value) }
    : undefined
}

const readRun = (value: Readonly<Record<string, unknown>>, text: string, position: number): Write | undefined => {
  const eventId = value["event_id"] ?? value["run_id"]
  if (typeof eventId !== "string" || eventId === "") return undefined
  const changes: { [C in RunColumn]?: PlainValue } = {}
  const given = value["revision"]
  const isOurs = revision.isRevision(given)
  for (const column of columnNames) {
    const cell = value[column]
    // Another program writes the whole row: what is empty in it was not cleared.
    if (cell === undefined || column === "event_id" || (cell === null && !isOurs)) continue
    const made = valueFor(column, cell, true)
    if (!isFault(made)) changes[column] = made
  }
  // Each value was made for its column.
  const made = changes as Changes
  return {
    record_type: "run",
    revision: isOurs ? given : revisionFor(made, text, position),
    event_id: eventId,
    changes: made
  }
}

/** For a row of another program: by when it was changed, else by when it ended or began. */
const revisionFor = (changes: Changes, text: string, position: number): string => {
  const at = changes.updated_at ?? changes.end_time ?? changes.created_at ?? changes.start_time
  const source = createHash("sha256").update(text).digest("hex").slice(0, 8)
  return revision.of(isTerminal(changes.status) ? 2 : 0, millisOf(at) ?? 0, position, source)
}

const readEvent = (value: Readonly<Record<string, unknown>>, position: number): Write | undefined => {
  const { event_type: type, id, payload_json: payload, run_id: runId, timestamp } = value
  const time = valueFor("start_time", timestamp, true)
  if (typeof runId !== "string" || typeof type !== "string" || typeof time !== "string") return undefined
  return {
    record_type: "event",
    id: typeof id === "string" ? id : `${runId}:${time}:${type}:${position}`,
    run_id: cut(runId, 255),
    event_type: cut(type, 255),
    timestamp: time,
    payload_json:
      payload === undefined || payload === null
        ? null
        : typeof payload === "string"
          ? payload
          : JSON.stringify(from(payload))
  }
}
