import { execFileSync } from "node:child_process"
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs"
import { FileSystem } from "@effect/platform"
import { NodeFileSystem } from "@effect/platform-node"
import { Effect } from "effect"
import { Narrative } from "../../../src/index.js"
import { type EvalCase, folder } from "../EvalCase.js"

export const fileCases: ReadonlyArray<EvalCase> = [
  {
    name: "a price list that is not there",
    truth: {
      line: "yield* fs.readFileString(",
      rule: "file-missing",
      cause: [["prices.csv"], ["not exist", "missing", "no such file", "not found", "not there"]]
    },
    program: Effect.gen(function* () {
      const path = yield* folder
      const fs = yield* FileSystem.FileSystem
      const text = yield* fs.readFileString(`${path}/prices.csv`).pipe(Narrative.stage("Read Prices"))
      return text.split("\n").length
    }).pipe(Effect.provide(NodeFileSystem.layer), Narrative.story("Import Prices"))
  },
  {
    name: "a folder in place of a file",
    truth: {
      line: 'readFileSync(settings, "utf8")',
      rule: "path-is-folder",
      cause: [["folder", "directory"], ["settings.json"]]
    },
    program: Effect.gen(function* () {
      const settings = `${yield* folder}/settings.json`
      mkdirSync(settings)
      const text = yield* Effect.sync(() => {
        return readFileSync(settings, "utf8")
      }).pipe(Narrative.stage("Read Settings", { attributes: { settings } }))
      return text.length
    }).pipe(Narrative.story("Start Service"))
  },
  {
    name: "a report folder made twice",
    truth: {
      line: "mkdirSync(reports)",
      rule: "already-exists",
      cause: [["reports"], ["exist"]]
    },
    program: Effect.gen(function* () {
      const reports = `${yield* folder}/reports`
      const prepare = Effect.sync(() => {
        mkdirSync(reports)
      })
      yield* prepare.pipe(Narrative.stage("Prepare"))
      yield* prepare.pipe(Narrative.stage("Write Report"))
    }).pipe(Narrative.story("Write Reports"))
  },
  {
    name: "a disk that is full",
    truth: {
      line: 'writeFileSync("/dev/full"',
      rule: "disk-full",
      cause: [["no space", "full", "enospc"]]
    },
    program: Effect.sync(() => {
      writeFileSync("/dev/full", "id,name\n1,Ada\n")
    }).pipe(Narrative.stage("Write Export"), Narrative.story("Export Customers"))
  },
  {
    name: "a command that is not installed",
    truth: {
      line: 'execFileSync("pdf-of-html-tool"',
      rule: "command-missing",
      cause: [["pdf-of-html-tool"], ["not exist", "not installed", "missing", "not found", "cannot be found"]]
    },
    program: Effect.sync(() => {
      execFileSync("pdf-of-html-tool", ["invoice.html"])
    }).pipe(Narrative.stage("Make PDF"), Narrative.story("Send Invoice"))
  },
  {
    name: "a file closed before the last write",
    truth: {
      line: 'writeSync(file, "last line")',
      rule: "closed-descriptor",
      cause: [["closed", "ebadf"]]
    },
    program: Effect.gen(function* () {
      const path = yield* folder
      const file = openSync(`${path}/log`, "w")
      yield* Effect.sync(() => closeSync(file)).pipe(Narrative.stage("Close Log"))
      yield* Effect.sync(() => {
        writeSync(file, "last line")
      }).pipe(Narrative.stage("Write Summary"))
    }).pipe(Narrative.story("Summarise"))
  },
  {
    name: "a temporary file removed twice",
    hard: "the work succeeded; only its clean-up failed",
    truth: {
      line: "rmSync(upload)",
      rule: "file-missing",
      cause: [["upload.tmp"], ["not exist", "removed", "missing", "no such file", "not there"]]
    },
    program: Effect.gen(function* () {
      const upload = `${yield* folder}/upload.tmp`
      const stored = Effect.acquireUseRelease(
        Effect.sync(() => writeFileSync(upload, "x")),
        () => Effect.sync(() => rmSync(upload)).pipe(Narrative.stage("Store Upload")),
        () =>
          Effect.sync(() => {
            rmSync(upload)
          })
      )
      yield* stored
    }).pipe(Narrative.story("Store Uploads"))
  }
]
