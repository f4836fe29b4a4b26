/**
 * An error's type and message, as short as what is beside it allows: the tree of a schema's issue is left out where its sentence
 * is there, and a message where it was said already.
 */
import type { Failure } from "../../event/FailureReport.js"
import { truncate } from "./textLayout.js"

interface Said {
  readonly errorType: string
  readonly errorMessage: string
}

/** What was said of an error, and how to shorten it. */
export interface ErrorTextOptions {
  /** The failure's sentence. */
  readonly exactCause: Failure["exactCause"]
  readonly ellipsis: string
}

export const errorText = ({ errorMessage, errorType }: Said, options: ErrorTextOptions): string => {
  const message = withoutTree(errorMessage, options)
  return message === "" ? errorType : `${errorType} - ${message}`
}

/** Its type alone where its message is part of one of `before`. */
export const causeText = (cause: Said, before: ReadonlyArray<Said>, options: ErrorTextOptions): string => {
  const message = flat(cause.errorMessage)
  const isSaid = message.length >= minRepeated && before.some((said) => flat(said.errorMessage).includes(message))
  return isSaid ? cause.errorType : errorText(cause, options)
}

/** Shortest message that is not said twice: of a shorter one, twice is easier to read than once. */
const minRepeated = 40

const flat = (text: string): string => text.replace(/\s+/g, " ").trim()

/** Most columns of the schema that the issue is in. */
const maxSchema = 160

/** The message of a `ParseError` is its schema, and below it a line for each step to an issue. */
const withoutTree = (message: string, { ellipsis, exactCause }: ErrorTextOptions): string => {
  if (!exactCause.startsWith("ParseError")) return message
  const lines = message.split("\n")
  const tree = lines.findIndex((line) => /^\s*[├└]─ /.test(line))
  if (tree < 1) return message
  const schema = truncate(lines[tree - 1] ?? "", maxSchema, ellipsis)
  return [...lines.slice(0, tree - 1), schema].join("\n")
}
