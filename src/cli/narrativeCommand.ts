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
import * as Predicate from "effect/Predicate"
import * as Record from "effect/Record"
import * as terminalText from "../plain/terminalText.js"
import * as commandLine from "./commandLine.js"
import { syntaxOf } from "./commandSyntax.js"
import * as completions from "./completions.js"
import * as copyCommand from "./copyCommand.js"
import * as failuresCommand from "./failuresCommand.js"
import { helpText, sectionsOf, summaryOf } from "./helpText.js"
import { AmbiguousId } from "./historyFile.js"
import { manifest } from "./manifest.js"
import { MissingPackage } from "./missingPackage.js"
import * as Output from "./output.js"
import * as pruneCommand from "./pruneCommand.js"
import * as reportCommand from "./reportCommand.js"
import * as runCommand from "./runCommand.js"
import * as runsCommand from "./runsCommand.js"
import * as serveCommand from "./serveCommand.js"
import * as statsCommand from "./statsCommand.js"
import * as storiesCommand from "./storiesCommand.js"
import * as storyCommand from "./storyCommand.js"
import * as tailCommand from "./tailCommand.js"

const config = CliConfig.make({ showBuiltIns: false })

const helped = <Name extends string, R, E, A>(
  command: Command.Command<Name, R, E, A>,
  ...examples: ReadonlyArray<string>
) => ({ help: () => Command.getHelp(command, config), examples })

/** Each by its name, in the order of the help. */
const commands = {
  run: helped(
    runCommand.command,
    "narrative run node app.js",
    "narrative run --history app.db -- npm start",
    "narrative run --no-auto tsx src/main.ts --port 8080"
  ),
  failures: helped(
    failuresCommand.command,
    "narrative failures",
    "narrative failures --since 24h --code TIMEOUT",
    "narrative failures -n 100 --json | jq .location"
  ),
  story: helped(storyCommand.command, "narrative story 01a1fd6d", "narrative story 01a1fd6d --json | jq .failures"),
  stories: helped(
    storiesCommand.command,
    "narrative stories --status failed --since 7d",
    "narrative stories --label tenant=acme --roots"
  ),
  stats: helped(statsCommand.command, "narrative stats", 'narrative stats --since 7d --story "Process Order"'),
  tail: helped(
    tailCommand.command,
    "narrative tail",
    "narrative tail app.jsonl --timestamps",
    "node app.js | narrative tail -"
  ),
  report: helped(reportCommand.command, "narrative report 01a1fd6d --open", "narrative report 01a1fd6d -o report.html"),
  runs: helped(
    runsCommand.command,
    "narrative runs --agent importer --status failed,timeout",
    "narrative runs show 1a2b3c4d",
    "narrative runs edit 1a2b3c4d --set status=failed --clear output_summary",
    "narrative runs export --since 7d -o runs.csv",
    "narrative runs check",
    "narrative runs backup --keep 14",
    "narrative runs sweep --older-than 1h"
  ),
  serve: helped(serveCommand.command, "narrative serve", "narrative serve --base-dir /var/lib/telemetry --port 8765"),
  prune: helped(
    pruneCommand.command,
    "narrative prune --keep-days 30 --dry-run",
    "narrative prune --keep-stories 10000"
  ),
  copy: helped(
    copyCommand.command,
    "narrative copy --from narrative.db --to postgres://writer@db.internal/shop",
    "narrative copy --from postgres://reader@db.internal/shop --to backup.db"
  )
} as const

const root = Command.make("narrative").pipe(
  Command.withDescription("Reads what programs recorded: what failed, where, why, and what is happening now."),
  Command.withSubcommands([
    runCommand.command,
    failuresCommand.command,
    storyCommand.command,
    storiesCommand.command,
    statsCommand.command,
    tailCommand.command,
    reportCommand.command,
    runsCommand.command,
    serveCommand.command,
    pruneCommand.command,
    copyCommand.command
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
    const request = commandLine.read(argv.slice(2), syntaxes)
    if (request._tag === "Wrong") return yield* Effect.as(output.warn(onOneLine(request.message)), 2)
    if (request._tag === "Version") return yield* Effect.as(output.write(`${manifest.version}\n`), 0)
    if (request._tag === "Help") return yield* Effect.as(output.write(helpText(pageOf(request.command), output)), 0)
    const console = yield* Effect.console
    // Without the level that `--log-level` sets, logs are the library's warnings.
    return yield* parse([...argv.slice(0, 2), ...request.args]).pipe(
      Effect.as(0),
      Effect.withConsole({
        ...console,
        log: (text) => output.write(`${coloured(printed(String(text)).trimEnd(), output)}\n`),
        error: (text) => output.warn(onOneLine(stripVTControlCharacters(String(text))))
      }),
      Effect.catchAllCause((cause) => (Cause.isInterruptedOnly(cause) ? Effect.failCause(cause) : reported(cause)))
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
  const interrupted = argv[2] === "tail" || argv[2] === "serve" ? 0 : 130
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

/** `@effect/cli` always uses colours. */
const coloured = (text: string, { theme }: Context.Tag.Service<Output.Output>): string =>
  theme.colours.bold("") === "" ? stripVTControlCharacters(text) : text

const onOneLine = (text: string): string => terminalText.line(text.trim().replaceAll(/\s*\n\s*/g, " "))

/** A package that a history lacks, with the versions of it that this command goes with. */
const inPackages = (error: unknown): unknown =>
  Predicate.hasProperty(error, "cause") && error.cause instanceof MissingPackage ? error.cause : error

/** One line on what went wrong, and the exit code. */
const reported = (cause: Cause.Cause<unknown>) =>
  Effect.gen(function* () {
    const { note, warn } = yield* Output.Output
    const error = inPackages(Cause.squash(cause))
    // `@effect/cli` has printed it already.
    if (ValidationError.isValidationError(error)) return 2
    if (Cause.isDie(cause)) yield* warn(`failed unexpectedly: ${Cause.pretty(cause)}`)
    else yield* warn(onOneLine(error instanceof Error ? error.message : String(error)))
    if (error instanceof AmbiguousId) for (const line of error.details) yield* note(terminalText.line(line))
    return 1
  })

/** What each command takes. */
const syntaxes = Record.map(
  commands,
  ({ help }) =>
    () =>
      syntaxOf(help())
)

const pageOf = (command: string | undefined) => (isCommand(command) ? commandPage(command) : rootPage())

const isCommand = (name: string | undefined): name is keyof typeof commands =>
  name !== undefined && Object.hasOwn(commands, name)

const rootPage = () => ({
  usage: "narrative <command> [options]",
  summary: summaryOf(Command.getHelp(root, config)),
  sections: [
    {
      title: "Commands",
      entries: Object.entries(commands).map(
        ([name, { help }]) => [[name, ...syntaxOf(help()).arguments].join(" "), summaryOf(help())] as const
      )
    },
    {
      title: "Options",
      entries: [
        ["<command> --help", "The arguments and options of a command."],
        ["-v, --version", "The version of effect-narrative."],
        ["--completions bash|zsh|fish", "A completion script for this shell."]
      ] as const
    }
  ]
})

const commandPage = (name: keyof typeof commands) => {
  const { examples, help } = commands[name]
  const doc = help()
  const { arguments: given } = syntaxOf(doc)
  // Behind the program that it runs, options are that program's.
  const words = commandLine.takesRest(given) ? ["[options]", ...given] : [...given, "[options]"]
  return {
    usage: ["narrative", name, ...words].join(" "),
    summary: summaryOf(doc),
    sections: [
      ...actionsOf(name),
      ...sectionsOf(doc),
      { title: "Examples", entries: examples.map((example) => [example, ""] as const) }
    ]
  }
}

/** What `runs` does beside listing. */
const actionsOf = (name: string) => (name === "runs" ? [{ title: "Actions", entries: runsCommand.actions }] : [])
