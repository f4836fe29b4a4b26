/**
 * What `narrative run` does: starts the program with what narrates it preloaded, and is it to whoever started this. Its streams
 * are the program's own, signals go to the program, and its end is this one's.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { constants, tmpdir } from "node:os"
import { join, resolve } from "node:path"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { InvalidOption } from "../plain/InvalidOption.js"
import { isServer } from "./historyFile.js"
import { Output } from "./output.js"

export interface ProgramRunOptions {
  readonly command: ReadonlyArray<string>
  readonly history: string
  readonly noHistory: boolean
  readonly noAuto: boolean
  readonly include: ReadonlyArray<string>
  readonly exclude: ReadonlyArray<string>
  readonly lean: boolean
}

class CannotStart extends Data.TaggedError("CannotStart")<{ readonly message: string }> {}

/** Ends as the program does, and gives its exit code. */
export const runProgram = (given: ProgramRunOptions) =>
  Effect.gen(function* () {
    if (!given.noHistory && isServer(given.history)) {
      // A program that fails is over at once. Only a file can be written by then.
      const expected = "a file, as a program that fails ends before a server has taken in why; or --no-history"
      return yield* new InvalidOption({ setting: "--history", expected, given: "the URL of a server" })
    }
    const { end, wasNarrated } = yield* Effect.acquireUseRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "narrative-"))),
      (folder) => {
        const mark = join(folder, "narrated")
        return Effect.map(ended(given, mark), (end) => ({ end, wasNarrated: existsSync(mark) }))
      },
      (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
    )
    const { note } = yield* Output
    if (!wasNarrated) yield* note(nothingNarrated(given.command))
    if (end.signal !== null) dieOf(end.signal)
    // This is the edge: what waits for the end of this process gets that of the program, and nothing else is left to do.
    yield* Effect.sync(() => process.exit(end.code ?? 128 + constants.signals[end.signal ?? "SIGTERM"]))
  })

const nothingNarrated = (command: ReadonlyArray<string>): string =>
  `narrative: nothing was narrated: ${command.join(" ")} started no Node process with a file of this folder, or one that takes no NODE_OPTIONS`

interface End {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

const ended = (given: ProgramRunOptions, mark: string): Effect.Effect<End, CannotStart> =>
  Effect.async<End, CannotStart>((resume) => {
    const [program = "", ...args] = given.command
    const child = spawn(program, args, { stdio: "inherit", env: { ...process.env, ...environmentOf(given, mark) } })
    const release = passSignals(child)
    child.once("error", (error: NodeJS.ErrnoException) => {
      release()
      const why = error.code === "ENOENT" ? "there is no such program" : error.message
      resume(new CannotStart({ message: `cannot start ${program}: ${why}` }))
    })
    child.once("exit", (code, signal) => {
      release()
      resume(Effect.succeed({ code, signal }))
    })
  }).pipe(Effect.uninterruptible)

/** The compiled module that is preloaded, from the sources as from the bundle. */
const preload = new URL("../../dist/auto/commandPreload.js", import.meta.url).href

/** By the environment it reaches what `npx`, a package's script or `tsx` starts, too. */
const environmentOf = (given: ProgramRunOptions, mark: string): Readonly<Record<string, string>> => {
  const { command, exclude, history, include, lean, noAuto, noHistory } = given
  const diagnostics = "RUNTIME_NARRATIVE_FAILURE_DIAGNOSTICS"
  const settings = {
    root: process.cwd(),
    named: command.map((argument) => resolve(argument)),
    history: noHistory ? null : resolve(history),
    auto: !noAuto,
    include: include.length === 0 ? null : include,
    exclude: exclude.length === 0 ? null : exclude,
    mark
  }
  return {
    NODE_OPTIONS: `${process.env["NODE_OPTIONS"] ?? ""} --import=${preload}`.trim(),
    NARRATIVE_RUN: JSON.stringify(settings),
    [diagnostics]: lean ? "lean" : (process.env[diagnostics] ?? "rich")
  }
}

const passed = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR2", "SIGWINCH", "SIGCONT"] as const

/** What a terminal sends to all processes in its foreground, the program included. */
const fromTerminal: ReadonlySet<NodeJS.Signals> = new Set(["SIGINT", "SIGQUIT", "SIGHUP", "SIGWINCH", "SIGCONT"])

/** From here on signals are the program's: what this process does about them otherwise is left out. */
const passSignals = (child: ChildProcess): (() => void) => {
  const hasTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY
  const listeners = passed.map((signal) => {
    const listener = () => {
      if (!hasTerminal || !fromTerminal.has(signal)) child.kill(signal)
    }
    process.removeAllListeners(signal)
    process.on(signal, listener)
    return () => process.removeListener(signal, listener)
  })
  return () => {
    for (const remove of listeners) remove()
  }
}

/** Whoever waits for this process sees that a signal ended it. */
const dieOf = (signal: NodeJS.Signals): void => {
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
}
