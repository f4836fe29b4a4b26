/**
 * Where the command writes, and what is known of the terminal behind it.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { plainJson } from "../plain/plainJson.js"
import * as theme from "../renderer/console/theme.js"

/** A stream that may be a terminal, as `process.stdout` is. */
interface Stream {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  readonly write: (text: string) => unknown
}

export class Output extends Context.Tag("effect-narrative/cli/Output")<
  Output,
  {
    readonly theme: theme.Theme
    /** The columns to keep to, `undefined` where lines may be as long as they like. */
    readonly columns: number | undefined
    /** Files below it are shown relative to it. */
    readonly cwd: string
    /** Text for standard output, line breaks included. */
    readonly write: (text: string) => Effect.Effect<void>
    /** What is no part of what was asked for, such as that there is nothing to list: one line for standard error. */
    readonly note: (line: string) => Effect.Effect<void>
    /** A fault: one line for standard error, without its line break. */
    readonly warn: (line: string) => Effect.Effect<void>
  }
>() {}

/** The two streams of a process. Lines keep to `COLUMNS` where it is set and standard output is no terminal. */
export const make = (
  streams: { readonly stdout: Stream; readonly stderr: Stream },
  env: theme.Environment,
  cwd: string
): Context.Tag.Service<Output> => {
  const { stderr, stdout } = streams
  const isTerminal = stdout.isTTY === true
  const declared = Number.parseInt(env["COLUMNS"] ?? "", 10)
  const fallback = declared > 0 ? declared : isTerminal ? 80 : undefined
  return {
    theme: theme.make(isTerminal, env),
    columns: (isTerminal && stdout.columns) || fallback,
    cwd,
    write: (text) => Effect.sync(() => void stdout.write(text)),
    note: (line) => Effect.sync(() => void stderr.write(`${line}\n`)),
    warn: (line) => Effect.sync(() => void stderr.write(`narrative: ${line}\n`))
  }
}

/** One object, as a line of JSON. */
export const writeJson = (value: unknown): Effect.Effect<void, never, Output> =>
  Effect.flatMap(Output, ({ write }) => write(`${plainJson(value)}\n`))
