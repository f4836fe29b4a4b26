/**
 * Warnings of the library's own. Loggers get them as they get any other; those that print to the console print them to
 * standard error, for what there is to warn of may be that standard output is lost, and a write to it would then end the
 * program.
 */
import { formatWithOptions } from "node:util"
import * as Console from "effect/Console"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import * as Effect from "effect/Effect"
import { constVoid } from "effect/Function"

/** `Effect.logWarning`, to standard error where nothing else was asked for. */
export const logWarning = (...message: ReadonlyArray<unknown>): Effect.Effect<void> =>
  Effect.consoleWith((current) =>
    current === defaultConsole
      ? Effect.withConsole(Effect.logWarning(...message), errorConsole)
      : Effect.logWarning(...message)
  )

const defaultConsole = Context.get(DefaultServices.liveServices, Console.Console)

let indentation = ""

const print = (...args: ReadonlyArray<unknown>): void => {
  const { stderr } = process
  const colors = stderr.isTTY === true
  const text = formatWithOptions({ colors }, ...args).replaceAll(/^/gm, indentation)
  // An error that nothing listens to ends the process. It is emitted right after the write's callback.
  stderr.on("error", constVoid)
  try {
    stderr.write(`${text}\n`, () => setImmediate(() => stderr.removeListener("error", constVoid)))
  } catch {
    stderr.removeListener("error", constVoid)
  }
}

const group = (): void => {
  indentation += "  "
}

const groupEnd = (): void => {
  indentation = indentation.slice(2)
}

const errorConsole: Console.Console = {
  ...defaultConsole,
  unsafe: {
    ...defaultConsole.unsafe,
    debug: print,
    error: print,
    group,
    groupCollapsed: group,
    groupEnd,
    info: print,
    log: print,
    trace: print,
    warn: print
  }
}
