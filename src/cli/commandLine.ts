/**
 * What was typed, understood before the parser sees it: so that options may come before the command, and that what is
 * wrong is said in terms of what was typed.
 */

import { nearest } from "../plain/nearest.js"
import type { CommandSyntax, OptionSyntax } from "./commandSyntax.js"

/** What to do: show a page of the help or the version, have the parser go on, or say what is wrong. */
export type Request =
  | { readonly _tag: "Help"; readonly command: string | undefined }
  | { readonly _tag: "Version" }
  | { readonly _tag: "Parse"; readonly args: ReadonlyArray<string> }
  | { readonly _tag: "Wrong"; readonly message: string }

type Commands = Readonly<Record<string, () => CommandSyntax>>

/** The arguments behind the program's name. */
export const read = (given: ReadonlyArray<string>, commands: Commands): Request => {
  const args = separated(given, commands)
  const [own, rest] = split(args)
  const [first = "help"] = own
  if (own.some((arg) => arg === "--help" || arg === "-h")) {
    return { _tag: "Help", command: own.find((arg) => Object.hasOwn(commands, arg)) }
  }
  if (first === "help") return helpOn(own[1], commands)
  if (first === "--version" || first === "-v") return { _tag: "Version" }
  if (first === "--completions") return completions(args)
  // Its questions begin where the arguments end.
  if (own.includes("--wizard")) return { _tag: "Parse", args }
  const at = commandIndex(own, commands)
  const name = own[at]
  if (name === undefined) return wrong(withoutCommand(own, commands), "narrative --help lists the commands")
  const syntax = commands[name]?.()
  if (syntax === undefined) return wrong(`there is no command ${quoted(name, Object.keys(commands))}`, help)
  const others = own.toSpliced(at, 1)
  const fault = faultOf(name, syntax, others, rest, commands)
  if (fault !== undefined) return wrong(fault, `narrative ${name} --help`)
  // The parser knows this option only before the command.
  const [level, remaining] = takeLogLevel(others)
  const spaced = remaining.flatMap((arg) => withoutEquals(arg, syntax.options))
  return { _tag: "Parse", args: [...level, name, ...spaced, ...args.slice(own.length)] }
}

/** `--status=failed` in two words: of an option that may be given more than once, the parser understands nothing else. */
const withoutEquals = (arg: string, options: ReadonlyArray<OptionSyntax>): ReadonlyArray<string> => {
  const end = arg.indexOf("=")
  const isSplit = end !== -1 && isOption(arg) && optionOf(arg, options)?.isRepeatable === true
  return isSplit ? [arg.slice(0, end), arg.slice(end + 1)] : [arg]
}

const help = "narrative --help lists all"

const wrong = (message: string, advice: string): Request => ({ _tag: "Wrong", message: `${message} (${advice})` })

/** Up to `--`, and what follows it: only arguments, whatever they look like. */
const split = (args: ReadonlyArray<string>): readonly [ReadonlyArray<string>, ReadonlyArray<string>] => {
  const end = args.indexOf("--")
  return end === -1 ? [args, []] : [args.slice(0, end), args.slice(end + 1)]
}

/** A command that runs another one takes no option behind the name of that: from there on, all is the other one's. */
const separated = (args: ReadonlyArray<string>, commands: Commands): ReadonlyArray<string> => {
  const [own] = split(args)
  const at = commandIndex(own, commands)
  const name = own[at] ?? ""
  const isRunning = Object.hasOwn(commands, name) && takesRest(commands[name]?.().arguments ?? [])
  const other = at + 1 + (isRunning ? commandIndex(own.slice(at + 1), commands) : own.length)
  return other < own.length ? args.toSpliced(other, 0, "--") : args
}

/** Whether the last argument is any number of them. */
export const takesRest = (expected: ReadonlyArray<string>): boolean => expected.at(-1)?.endsWith("...") === true

const helpOn = (name: string | undefined, commands: Commands): Request =>
  name === undefined || Object.hasOwn(commands, name)
    ? { _tag: "Help", command: name }
    : wrong(`there is no command ${quoted(name, Object.keys(commands))}`, help)

const shells = ["bash", "zsh", "fish", "sh"]

const completions = (args: ReadonlyArray<string>): Request => {
  const [, shell] = args
  if (shell !== undefined && shells.includes(shell)) return { _tag: "Parse", args }
  return wrong(
    `--completions takes bash, zsh or fish${shell === undefined ? "" : `, not ${shell}`}`,
    "narrative --help"
  )
}

/** `"faliures": did you mean failures?` */
const quoted = (text: string, known: ReadonlyArray<string>): string => {
  const suggestion = nearest(text, known)
  return `"${text}"${suggestion === undefined ? "" : `: did you mean ${suggestion}?`}`
}

const isOption = (arg: string): boolean => arg.startsWith("-") && arg !== "-" && !/^-[\d.]/.test(arg)

const nameIn = (arg: string): string => arg.split("=", 1)[0]?.toLowerCase() ?? arg

const optionOf = (arg: string, options: ReadonlyArray<OptionSyntax>): OptionSyntax | undefined =>
  options.find(({ names }) => names.includes(nameIn(arg)))

/** What `@effect/cli` takes with any command. */
const builtIn: ReadonlyArray<OptionSyntax> = [
  {
    names: ["--log-level"],
    value: ["all", "trace", "debug", "info", "warning", "error", "fatal", "none"],
    isRepeatable: false
  }
]

const takeLogLevel = (args: ReadonlyArray<string>): readonly [ReadonlyArray<string>, ReadonlyArray<string>] => {
  const at = args.findIndex((arg) => optionOf(arg, builtIn) !== undefined)
  if (at === -1) return [[], args]
  const count = args[at]?.includes("=") === true ? 1 : 2
  return [args.slice(at, at + count), args.toSpliced(at, count)]
}

/** Where the command's name is: the first argument that is neither an option of any command nor its value. */
const commandIndex = (args: ReadonlyArray<string>, commands: Commands): number => {
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? ""
    if (!isOption(arg)) return i
    const option = optionOf(arg, [...builtIn, ...allOptions(commands)])
    if (option !== undefined && option.value !== "none" && !arg.includes("=")) i += 1
  }
  return args.length
}

const allOptions = (commands: Commands): ReadonlyArray<OptionSyntax> =>
  Object.values(commands).flatMap((syntax) => syntax().options)

const withoutCommand = (args: ReadonlyArray<string>, commands: Commands): string => {
  const known = [...builtIn, ...allOptions(commands)]
  const unknown = args.find((arg) => isOption(arg) && optionOf(arg, known) === undefined)
  return unknown === undefined
    ? `${args.join(" ")} needs a command`
    : `there is no option ${quoted(nameIn(unknown), namesOf(known))}`
}

const namesOf = (options: ReadonlyArray<OptionSyntax>): ReadonlyArray<string> =>
  Array.from(new Set(options.flatMap(({ names }) => names)))

/** What is wrong with what a command is given, `undefined` if nothing is. */
const faultOf = (
  command: string,
  syntax: CommandSyntax,
  args: ReadonlyArray<string>,
  rest: ReadonlyArray<string>,
  commands: Commands
): string | undefined => {
  const options = [...syntax.options, ...builtIn]
  const seen = new Set<OptionSyntax>()
  const positional: Array<string> = []
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? ""
    const option = isOption(arg) ? optionOf(arg, options) : undefined
    if (!isOption(arg)) positional.push(arg)
    else if (option === undefined) {
      if (!isCluster(arg, options)) return unknownOption(command, nameIn(arg), options, commands)
    } else {
      if (seen.has(option) && !option.isRepeatable) return `${nameIn(arg)} is given twice`
      seen.add(option)
      if (option.value === "none") continue
      const value = arg.includes("=") ? arg.slice(arg.indexOf("=") + 1) : args[++i]
      const fault = valueFault(nameIn(arg), option, value, options)
      if (fault !== undefined) return fault
      // More pairs may follow the first.
      while (option.value === "pairs" && /^[^-].*=/.test(args[i + 1] ?? "")) i += 1
    }
  }
  return argumentsFault(command, syntax, [...positional, ...rest])
}

/** `-tn`: short options of no value, in one word. */
const isCluster = (arg: string, options: ReadonlyArray<OptionSyntax>): boolean =>
  /^-[a-z]{2,}$/i.test(arg) && [...arg.slice(1)].every((letter) => optionOf(`-${letter}`, options) !== undefined)

const unknownOption = (
  command: string,
  name: string,
  options: ReadonlyArray<OptionSyntax>,
  commands: Commands
): string => {
  const others = Object.entries(commands).flatMap(([other, syntax]) =>
    optionOf(name, syntax().options) === undefined ? [] : [other]
  )
  return others.length > 0
    ? `${command} has no option "${name}", but ${others.join(", ")} ${others.length === 1 ? "has" : "have"}`
    : `${command} has no option ${quoted(name, namesOf(options))}`
}

const valueFault = (
  name: string,
  { value: kind }: OptionSyntax,
  value: string | undefined,
  options: ReadonlyArray<OptionSyntax>
): string | undefined => {
  const isMissing = value === undefined || (isOption(value) && optionOf(value, options) !== undefined)
  const given = isMissing ? "" : `, not ${value === "" ? "an empty text" : value}`
  const fits = (is: boolean, expected: string) => (is && !isMissing ? undefined : `${name} takes ${expected}${given}`)
  const text = value ?? ""
  switch (kind) {
    case "none":
      return undefined
    case "integer":
      return fits(/^[+-]?\d+$/.test(text), "a whole number")
    case "number":
      return fits(text.trim() !== "" && Number.isFinite(Number(text)), "a number")
    case "pairs":
      return fits(/^[^=]+=/.test(text), "name=value")
    case "text":
      return fits(true, "a value")
    default:
      return fits(kind.includes(text), `one of ${kind.join(", ")}`)
  }
}

const argumentsFault = (
  command: string,
  { arguments: expected }: CommandSyntax,
  given: ReadonlyArray<string>
): string | undefined => {
  const missing = expected[given.length]
  if (missing?.startsWith("<") === true) return `${command} needs its ${missing}`
  const surplus = given[expected.length]
  if (surplus === undefined || takesRest(expected)) return undefined
  return expected.length === 0
    ? `${command} takes no argument, such as "${surplus}"`
    : `${command} takes one ${expected.join(" ")}: "${surplus}" is one too many`
}
