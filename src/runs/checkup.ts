/**
 * How a folder of runs is: what is wrong with it, what may become so, and what to do about it. Nothing in it is changed.
 */
import { accessSync, constants, existsSync } from "node:fs"
import { dirname, join } from "node:path"
import type * as SqlClient from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import * as fileSystem from "../file/fileSystem.js"
import * as database from "../history/database/database.js"
import { ofFile } from "../history/database/source.js"
import { attempt } from "../plain/untrusted.js"
import type * as embedded from "./embedded.js"
import * as journalCheck from "./journalCheck.js"
import * as outbox from "./outbox.js"
import * as runProcess from "./runProcess.js"
import * as runReader from "./runReader.js"
import * as runStore from "./runStore.js"
import * as sqliteFile from "./sqliteFile.js"

/** One thing that was looked at. */
export interface Finding {
  readonly check: string
  readonly state: "ok" | "warning" | "fault"
  readonly found: string
  /** What it should be. */
  readonly wanted?: string | undefined
  /** What to do about it. */
  readonly advice?: string | undefined
}

/** Below this a program will soon fail to write; below the other one it is worth a word. In bytes. */
const [tooLittle, little] = [50_000_000, 1_000_000_000]

/** @internal */
export const check = (places: embedded.Places): Effect.Effect<ReadonlyArray<Finding>> =>
  Effect.gen(function* () {
    const condition = yield* sqliteFile.conditionOf(places.database)
    const findings: Array<Finding> = [
      { check: "Node", state: "ok", found: process.version },
      ...folderFindings("journal folder", places.journal),
      ...folderFindings("database folder", dirname(places.database)),
      ...fileFindings(places.database),
      ...systemFindings(places),
      conditionFinding(condition)
    ]
    if (condition._tag === "Sound") {
      const inside = yield* Effect.scoped(inDatabase(places)).pipe(
        Effect.catchAll((error) => Effect.succeed<ReadonlyArray<Finding>>([fault("database", error.message)]))
      )
      findings.push(...inside)
    }
    const waiting = outbox.bytesWaiting(join(dirname(dirname(places.database)), "outbox"))
    if (waiting !== undefined) findings.push(outboxFinding(waiting))
    return findings
  })

const fault = (check: string, found: string, advice?: string): Finding => ({ check, state: "fault", found, advice })

const folderFindings = (name: string, folder: string): ReadonlyArray<Finding> => {
  if (!existsSync(folder)) return [{ check: name, state: "warning", found: `${folder} does not exist yet` }]
  const isWritable = mayWrite(folder)
  return [
    isWritable
      ? { check: name, state: "ok", found: folder }
      : fault(name, `${folder} cannot be written to`, `give this user the right to write to ${folder}`)
  ]
}

const mayWrite = (path: string): boolean =>
  attempt(() => {
    accessSync(path, constants.R_OK | constants.W_OK)
    return true
  }, false)

const fileFindings = (file: string): ReadonlyArray<Finding> =>
  ["", "-wal", "-shm"]
    .map((ending) => `${file}${ending}`)
    .filter((path) => existsSync(path) && !mayWrite(path))
    .map((path) => fault("permissions", `${path} cannot be written to`, `give this user the right to write to ${path}`))

const systemFindings = ({ database: file, journal }: embedded.Places): ReadonlyArray<Finding> => {
  const kinds = [
    ["database", fileSystem.kindAt(file)],
    ["journal", fileSystem.kindAt(journal)]
  ] as const
  const systems = kinds.map(
    ([what, { isShared, name }]): Finding => ({
      check: `file system of the ${what}`,
      state: isShared ? "warning" : "ok",
      found: name,
      ...(isShared
        ? {
            wanted: "a local disk",
            advice: `put the ${what} on a local disk; machines that share ${name} go through narrative serve`
          }
        : {})
    })
  )
  const free = fileSystem.freeAt(file)
  if (free === undefined) return systems
  const wanted = Math.max(little, 2 * sqliteFile.sizeOf(file))
  const state = free < tooLittle ? "fault" : free < wanted ? "warning" : "ok"
  const advice = state === "ok" ? {} : { wanted: bytes(wanted), advice: "make room: writes are lost on a full disk" }
  return [...systems, { check: "free space", state, found: bytes(free), ...advice }]
}

const units = ["B", "kB", "MB", "GB", "TB"]

/** `1.5 GB` */
export const bytes = (count: number): string => {
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, count)) / 3))
  return `${(count / 1_000 ** power).toLocaleString("en", { maximumFractionDigits: power === 0 ? 0 : 1 })} ${units[power]}`
}

const conditionFinding = (condition: sqliteFile.Condition): Finding => {
  switch (condition._tag) {
    case "Sound":
      return { check: "database", state: "ok", found: "sound: integrity_check says ok" }
    case "Missing":
      return {
        check: "database",
        state: "warning",
        found: "there is none",
        advice: "narrative runs recover makes it from the journal"
      }
    case "Broken":
      return fault("database", condition.reason, "narrative runs recover puts it together from the journal")
    case "NotOurs":
      return fault("database", condition.error.detail)
  }
}

/** What each connection of a program asks for. */
const connectionsOf = (mode: string) => [
  { name: "runs", wanted: { journal_mode: mode, synchronous: 1, foreign_keys: 1, busy_timeout: 0 } },
  { name: "history", wanted: { journal_mode: mode, synchronous: 2, foreign_keys: 1, busy_timeout: 0 } }
]

const inDatabase = (places: embedded.Places) =>
  Effect.gen(function* () {
    const opened = yield* database.openExisting(places.database, true)
    const refuse = database.queryFailed(places.database)
    const ask = <A>(query: (sql: SqlClient.SqlClient) => Effect.Effect<A, Parameters<typeof refuse>[0]>) =>
      Effect.mapError(query(opened.sql), refuse)
    const [version] = yield* ask((sql) => sql<{ readonly v: string }>`SELECT sqlite_version() AS v`)
    const [total] = yield* ask((sql) => sql<{ readonly n: number }>`SELECT count(*) AS n FROM agent_runs`)
    const running = yield* ask((sql) => runReader.running(sql, undefined))
    const dead = running.filter((run) => runProcess.lifeOf(run.process) === "dead").length
    const journal = yield* ask((sql) => journalCheck.compare(sql, places.journal))
    return [
      { check: "SQLite", state: "ok", found: String(version?.v) },
      { check: "runs", state: "ok", found: `${Number(total?.n ?? 0)}, ${running.length} of them running` },
      ...(dead === 0 ? [] : [staleFinding(dead)]),
      ...(mayWrite(places.database) ? yield* pragmaFindings(places) : []),
      ...journalFindings(journal)
    ] satisfies ReadonlyArray<Finding>
  })

const staleFinding = (count: number): Finding => ({
  check: "stale runs",
  state: "warning",
  found: `${counted(count, "run")} of processes that are gone`,
  advice: "narrative runs sweep ends them"
})

/** Opened as a program does it, each connection is asked what it has. */
const pragmaFindings = ({ database: file }: embedded.Places) =>
  Effect.forEach(connectionsOf(fileSystem.kindAt(file).isShared ? "delete" : "wal"), ({ name, wanted }) =>
    Effect.scoped(
      Effect.gen(function* () {
        const source = ofFile(file)
        const { sql } = yield* source.open
        yield* name === "runs" ? runStore.prepare(source, sql) : source.prepare(sql)
        const found = yield* Effect.forEach(Object.keys(wanted), (pragma) =>
          Effect.map(
            sql.unsafe<Readonly<Record<string, unknown>>>(`PRAGMA ${pragma}`),
            ([row]) => [pragma, Object.values(row ?? {})[0]] as const
          )
        )
        const text = (pairs: Iterable<readonly [string, unknown]>) =>
          Array.from(pairs, ([pragma, value]) => `${pragma}=${value}`).join(" ")
        const [is, should] = [text(found), text(Object.entries(wanted))]
        return is === should
          ? ({ check: `PRAGMAs of ${name}`, state: "ok", found: is } satisfies Finding)
          : ({ check: `PRAGMAs of ${name}`, state: "warning", found: is, wanted: should } satisfies Finding)
      })
    ).pipe(Effect.catchTag("SqlError", (error) => database.queryFailed(file)(error)))
  )

const journalFindings = (found: journalCheck.Compared): ReadonlyArray<Finding> => {
  const { files, lines, lost, onlyInDatabase, size, unread, waiting } = found
  const findings: Array<Finding> = [
    { check: "journal", state: "ok", found: `${counted(lines, "line")} in ${counted(files, "file")}, ${bytes(size)}` }
  ]
  if (waiting > 0) {
    findings.push({
      check: "journal",
      state: "ok",
      found: `${counted(waiting, "line")} not in the database yet; the next program takes them in`
    })
  }
  if (unread > 0) {
    findings.push({
      check: "journal",
      state: "warning",
      found: `${counted(unread, "line")} without a meaning: a process was killed while it wrote them, or another one wrote them`
    })
  }
  findings.push(
    lost > 0
      ? fault(
          "journal against database",
          `${counted(lost, "line")} missing in the database`,
          "narrative runs recover, after moving the database away, puts it together anew"
        )
      : { check: "journal against database", state: "ok", found: "the database has every line" }
  )
  if (onlyInDatabase > 0) {
    findings.push({
      check: "journal against database",
      state: "warning",
      found: `${counted(onlyInDatabase, "run")} in the database only: the journal was deleted`,
      advice: "keep backups: narrative runs backup"
    })
  }
  return findings
}

const outboxFinding = (waiting: number): Finding =>
  waiting === 0
    ? { check: "outbox", state: "ok", found: "the server has everything" }
    : {
        check: "outbox",
        state: "warning",
        found: `${bytes(waiting)} wait for the server`,
        advice: "see whether the server can be reached"
      }

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`
