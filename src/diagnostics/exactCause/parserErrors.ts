/**
 * Errors of functions that read a text and do not say which: `Invalid date`. The line that called them says which it was.
 */
import { propertyOf, textOf } from "../../plain/untrusted.js"
import { only } from "./engineMessage.js"
import { argumentsOf, evidence, type FailingLine, shown } from "./failingLine.js"
import type { Show } from "./show.js"

interface Parser {
  /** The error's tag or name, and its message. */
  readonly error: RegExp
  /** The calls that fail so, up to their bracket. */
  readonly call: RegExp
  /** What the text was to be. */
  readonly expected: string
}

const parsers: ReadonlyArray<Parser> = [
  {
    error: /^CronParseError: /,
    call: /\bCron\s*\.\s*(?:unsafeParse|parse)\s*\(/g,
    expected: "a cron expression"
  },
  {
    error: /^IllegalArgumentException: Invalid date$/,
    call: /\bDateTime\s*\.\s*unsafe(?:Make|MakeZoned|FromDate)\s*\(/g,
    expected: "a date"
  },
  {
    error: /^Error: Invalid DurationInput$/,
    call: /\b(?:Duration\s*\.\s*(?:decode|format|parts|to[A-Z]\w*|unsafeTo\w+)|Effect\s*\.\s*sleep|Schedule\s*\.\s*(?:spaced|fixed|exponential|fibonacci|windowed|fromDelay|duration))\s*\(/g,
    expected: 'a duration such as "5 seconds"'
  },
  {
    error: /^Error: Invalid numerical string$/,
    call: /\bBigDecimal\s*\.\s*unsafeFromString\s*\(/g,
    expected: "a decimal number"
  },
  {
    error: /^InvalidCharacterError: /,
    call: /(?<![\w$.])atob\s*\(/g,
    expected: "Base64"
  }
]

/** The sentence for such an error, where its line has one such call. */
export const explainParser = (error: unknown, line: FailingLine, show: Show): string | undefined => {
  const said = `${textOf(error, "_tag") ?? textOf(error, "name") ?? ""}: ${textOf(error, "message") ?? ""}`
  const parser = parsers.find((one) => one.error.test(said))
  const given = parser && only(argumentsOf(line, parser.call))
  if (parser === undefined || given === undefined) return undefined
  return `${shown(given)} is not ${parser.expected}${reasonOf(error, show)}${evidence(line, given)}`
}

/** What an error of `Cron` says of a part of the expression. */
const reasonOf = (error: unknown, show: Show): string => {
  if (textOf(error, "_tag") !== "CronParseError") return ""
  const message = textOf(error, "message") ?? ""
  const input = propertyOf(error, "input")
  const part = typeof input === "string" && input.length < 20 ? `, at ${JSON.stringify(show.value(input))}` : ""
  return `: ${message.charAt(0).toLowerCase()}${message.slice(1)}${/^Invalid (?:number of|time zone)/.test(message) ? "" : part}`
}
