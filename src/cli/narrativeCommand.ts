/**
 * The command as a whole: its subcommands, its help, and how it ends.
 */
import { stripVTControlCharacters } from "node:util"
import * as CliConfig from "@effect/cli/CliConfig"
import * as Command from "@effect/cli/Command"
import * as ValidationError from "@effect/cli/ValidationError"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Terminal from "@effect/platform/Terminal"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Record from "effect/Record"
import * as terminalText from "../plain/terminalText.js"
import * as completions from "./completions.js"
import * as failuresCommand from "./failuresCommand.js"
import { helpText, sectionsOf, summaryOf } from "./helpText.js"
import { AmbiguousId } from "./historyFile.js"
import { manifest } from "./manifest.js"
import * as Output from "./output.js"
import * as pruneCommand from "./pruneCommand.js"
import * as reportCommand from "./reportCommand.js"
import * as statsCommand from "./statsCommand.js"
import * as storiesCommand from "./storiesCommand.js"
import * as storyCommand from "./storyCommand.js"
import * as tailCommand from "./tailCommand.js"

const config = CliConfig.make({ showBuiltIns: false })

const helped = <Name extends string, R, E, A>(command: Command.Command<Name, R, E, A>) => ({
  help: () => Command.getHelp(command, config)
})

/** Each by its name, in the order of the help. */
const commands = {
  failures: helped(failuresCommand.command),
  story: helped(storyCommand.command),
  stories: helped(storiesCommand.command),
  stats: helped(statsCommand.command),
  tail: helped(tailCommand.command),
  report: helped(reportCommand.command),
  prune: helped(pruneCommand.command)
} as const

const root = Command.make("narrative").pipe(
  Command.withDescription("Reads the stories that programs told: what failed, where, why, and what is happening now."),
  Command.withSubcommands([
    failuresCommand.command,
    storyCommand.command,
    storiesCommand.command,
    statsCommand.command,
    tailCommand.command,
    reportCommand.command,
    pruneCommand.command
  ])
)

const parse = Command.run(root, { name: "narrative", version: manifest.version, executable: "narrative" })

/**
 * Runs the command that the arguments say, those of `process.argv` with the first two included, and gives its exit code:
 * 0 when all went well, 1 for what cannot be done, 2 for arguments that cannot be understood.
 */
export const run = (argv: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const output = yield* Output.Output
    const page = helpPage(argv.slice(2))
    if (page !== undefined) return yield* Effect.as(output.write(helpText(page, output)), 0)
    const console = yield* Effect.console
    // Without the level that `--log-level` sets, logs are the library's warnings.
    return yield* parse(argv).pipe(
      Effect.as(0),
      Effect.withConsole({
        ...console,
        log: (text) => output.write(`${coloured(printed(String(text)).trimEnd(), output)}\n`),
        error: (text) => output.warn(onOneLine(stripVTControlCharacters(String(text))))
      }),
      Effect.catchAllCause((cause) => (Cause.isInterruptedOnly(cause) ? Effect.failCause(cause) : tell(cause)))
    )
  }).pipe(Effect.provide(services), Effect.provide(terminalFor(argv)))

// Only what a command needs is loaded: arguments are looked at without a file system, and only the wizard asks questions.
const services = Layer.mergeAll(
  FileSystem.layerNoop({ exists: () => Effect.succeed(false) }),
  Path.layer,
  CliConfig.layer(config),
  Logger.replace(Logger.defaultLogger, Logger.withConsoleError(Logger.logfmtLogger))
)

/** Only `--wizard` asks anything. */
const terminalFor = (argv: ReadonlyArray<string>) =>
  argv.includes("--wizard")
    ? Layer.unwrapEffect(
        Effect.map(
          Effect.promise(() => import("@effect/platform-node/NodeTerminal")),
          ({ layer }) => layer
        )
      )
    : Layer.succeed(Terminal.Terminal, {
        columns: Effect.succeed(80),
        rows: Effect.succeed(24),
        isTTY: Effect.succeed(false),
        readInput: Effect.die("there is no terminal to read from"),
        readLine: new Terminal.QuitException(),
        display: () => Effect.void
      })

/** The edge: the process's own streams, and its end. */
export const runMain = (argv: ReadonlyArray<string>): void => {
  const output = Output.make(process, process.env, process.cwd())
  // What never ends by itself ends well when it is stopped.
  const interrupted = argv[2] === "tail" ? 0 : 130
  NodeRuntime.runMain(Effect.provideService(run(argv), Output.Output, output), {
    disableErrorReporting: true,
    disablePrettyLogger: true,
    teardown: (exit, onExit) => onExit(Exit.isSuccess(exit) ? Number(exit.value) : interrupted)
  })
}

/** What `@effect/cli` prints: the version, or a completion script. */
const printed = (text: string): string => {
  if (text.startsWith("#compdef")) {
    return completions.ofZsh(
      text,
      Record.map(commands, ({ help }) => sectionsOf(help()))
    )
  }
  return text.startsWith("function _") ? completions.ofBash(text) : text
}

/** `@effect/cli` asks nobody whether colours are wanted. */
const coloured = (text: string, { theme }: Context.Tag.Service<Output.Output>): string =>
  theme.colours.bold("") === "" ? stripVTControlCharacters(text) : text

const onOneLine = (text: string): string => terminalText.line(text.trim().replaceAll(/\s*\n\s*/g, " "))

const tell = (cause: Cause.Cause<unknown>) =>
  Effect.gen(function* () {
    const { note, warn } = yield* Output.Output
    const error = Cause.squash(cause)
    // `@effect/cli` has told it already.
    if (ValidationError.isValidationError(error)) return 2
    if (Cause.isDie(cause)) yield* warn(`failed unexpectedly: ${Cause.pretty(cause)}`)
    else yield* warn(onOneLine(error instanceof Error ? error.message : String(error)))
    if (error instanceof AmbiguousId) for (const line of error.details) yield* note(terminalText.line(line))
    return 1
  })

/** The page asked for, by `--help` or by giving no command. */
const helpPage = (args: ReadonlyArray<string>) => {
  const own = args.includes("--") ? args.slice(0, args.indexOf("--")) : args
  if (own.length > 0 && !own.includes("--help") && !own.includes("-h")) return undefined
  const name = own.find((arg): arg is keyof typeof commands => Object.hasOwn(commands, arg))
  return name === undefined ? rootPage() : commandPage(name)
}

const rootPage = () => ({
  usage: "narrative <command> [options]",
  summary: summaryOf(Command.getHelp(root, config)),
  sections: [
    {
      title: "Commands",
      entries: Object.entries(commands).map(([name, { help }]) => [name, summaryOf(help())] as const)
    },
    {
      title: "Options",
      entries: [
        ["<command> --help", "The arguments and options of a command."],
        ["--version", "The version of effect-narrative."],
        ["--completions bash|zsh|fish", "A completion script for this shell."]
      ] as const
    }
  ]
})

const commandPage = (name: keyof typeof commands) => {
  const doc = commands[name].help()
  const sections = sectionsOf(doc)
  const args = sections.find(({ title }) => title === "Arguments")?.entries.map(([argument]) => ` ${argument}`) ?? []
  return { usage: `narrative ${name}${args.join("")} [options]`, summary: summaryOf(doc), sections }
}
