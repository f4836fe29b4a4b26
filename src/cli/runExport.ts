/**
 * `narrative runs export`: the runs of a filter, for spreadsheets and for programs.
 */
import { randomBytes } from "node:crypto"
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs"
import { basename, dirname, extname, join } from "node:path"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { InvalidOption } from "../plain/InvalidOption.js"
import { attempt } from "../plain/untrusted.js"
import type * as embedded from "../runs/embedded.js"
import { RunRecord } from "../runs/RunRecord.js"
import * as runCsv from "../runs/runCsv.js"
import type { RunFilter } from "../runs/runFilter.js"
import * as runQuery from "../runs/runQuery.js"
import * as runReader from "../runs/runReader.js"
import { Output, writeJson } from "./output.js"
import { type FilterOptions, filterOf } from "./runFilter.js"

export interface ExportOptions extends FilterOptions {
  readonly last: Option.Option<number>
  readonly format: Option.Option<Format>
  readonly output: Option.Option<string>
  readonly json: boolean
}

export const formats = ["csv", "ndjson", "json"] as const

type Format = (typeof formats)[number]

/** The file cannot be written there. */
export class UnwritableExport extends Data.TaggedError("UnwritableExport")<{
  readonly path: string
  readonly reason: string
}> {
  override get message(): string {
    return `${this.path} cannot be written: ${this.reason}`
  }
}

/** Most runs that are read at a time. */
const page = 1_000

export const exportRuns = ({ store }: embedded.Embedded, given: ExportOptions) =>
  Effect.gen(function* () {
    const most = Option.getOrElse(given.last, () => Number.POSITIVE_INFINITY)
    if (most < 1) return yield* new InvalidOption({ setting: "--last", expected: "a whole number of 1 or more" })
    const filter = yield* filterOf(given, page)
    const file = Option.getOrUndefined(Option.filter(given.output, (name) => name !== "-"))
    const format = formatOf(given, file)
    const text = texts[format]
    const target = file === undefined ? yield* standardOutput : yield* written(file)
    yield* target.write(text.before)
    let count = 0
    let from: RunFilter["from"]
    for (let isMore = true; isMore; ) {
      const limit = Math.min(page, most - count)
      const { rows } = yield* store.use((sql) => runQuery.page(sql, { ...filter, limit, from }))
      const last = rows.at(-1)
      yield* target.write(rows.map((row, i) => text.run(encode(runReader.recordOf(row)), count + i === 0)).join(""))
      count += rows.length
      from = last === undefined ? from : runQuery.positionOf(last, filter.order)
      isMore = rows.length === limit && count < most
    }
    yield* target.write(text.after)
    yield* target.end
    if (file === undefined) return
    if (given.json) return yield* writeJson({ runs: count, format, file })
    return yield* Effect.flatMap(Output, ({ write }) =>
      write(`Wrote ${count} ${count === 1 ? "run" : "runs"} to ${file}\n`)
    )
  }).pipe(Effect.scoped)

const encode = Schema.encodeSync(RunRecord)

/** As it was asked for, else as the file's name says. */
const formatOf = ({ format, json }: ExportOptions, file: string | undefined): Format =>
  Option.getOrElse(format, () => {
    const ending = extname(file ?? "")
      .slice(1)
      .toLowerCase()
    if (ending === "jsonl") return "ndjson"
    return formats.find((name) => name === ending) ?? (json && file === undefined ? "ndjson" : "csv")
  })

interface Text {
  readonly before: string
  readonly run: (run: Readonly<Record<string, unknown>>, isFirst: boolean) => string
  readonly after: string
}

const texts: { readonly [F in Format]: Text } = {
  csv: { before: runCsv.heading, run: runCsv.line, after: "" },
  ndjson: { before: "", run: (run) => `${JSON.stringify(run)}\n`, after: "" },
  json: { before: "[", run: (run, isFirst) => `${isFirst ? "\n" : ",\n"}${JSON.stringify(run)}`, after: "\n]\n" }
}

interface Target {
  readonly write: (text: string) => Effect.Effect<void, UnwritableExport>
  /** Makes what was written the file. */
  readonly end: Effect.Effect<void, UnwritableExport>
}

const standardOutput: Effect.Effect<Target, never, Output> = Effect.map(Output, ({ write }) => ({
  write,
  end: Effect.void
}))

/** A file beside the target, which takes its name at the end: a part of the runs is never taken for all of them. */
const written = (path: string): Effect.Effect<Target, UnwritableExport, Scope.Scope> =>
  Effect.gen(function* () {
    const trying = <A>(use: () => A) =>
      Effect.try({
        try: use,
        catch: (error) => new UnwritableExport({ path, reason: error instanceof Error ? error.message : String(error) })
      })
    const beside = join(dirname(path), `.${basename(path).slice(0, 200)}.${randomBytes(8).toString("hex")}.tmp`)
    const fd = yield* Effect.acquireRelease(
      trying(() => openSync(beside, "wx")),
      (fd) =>
        Effect.sync(() => {
          closeSync(fd)
          attempt(() => rmSync(beside, { force: true }), undefined)
        })
    )
    return {
      write: (text) => trying(() => writeWhole(fd, Buffer.from(text))),
      end: trying(() => {
        fsyncSync(fd)
        renameSync(beside, path)
      })
    }
  })

const writeWhole = (fd: number, bytes: Buffer): void => {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done)
}
