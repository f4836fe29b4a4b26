/**
 * What makes two failures the same one, for counting and for telling it once.
 */
import { hash } from "node:crypto"
import { relative } from "node:path"
import type { Failure } from "../event/FailureReport.js"
import { attempt } from "../plain/untrusted.js"

/**
 * 16 hexadecimal digits of the SHA-256 of type, place and chain. The line is not in it: code above it moves. Nor is what
 * varies from one occurrence to the next, so that `order 17 not found` and `order 18 not found` are one.
 */
export const fingerprint = (
  failure: Pick<Failure, "errorType" | "exceptionChain" | "location" | "stagePath">,
  fileKey: (file: string) => string = withoutFolder
): string => {
  const { errorType, exceptionChain, location, stagePath } = failure
  const place = location === null ? stagePath.join(" > ") : `${fileKey(location.file)} ${location.function}`
  return hash("sha256", [errorType, place, withoutVariables(exceptionChain)].join("\u0000"), "hex").slice(0, 16)
}

/** The same program may stand in another folder on another machine. */
const withoutFolder = (file: string): string => {
  const path = attempt(() => relative(process.cwd(), file), file)
  return path.startsWith("..") ? file : path
}

/** Longest part of a chain that is looked at, in UTF-16 code units. */
const maxChain = 2_000

// Quoted text, then ids and hashes, then numbers.
const variables = [
  /"[^"]*"|'[^']*'|`[^`]*`/g,
  /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi,
  /\b(?=[0-9a-f]*\d)[0-9a-f]{7,}\b/gi,
  /\d+/g
]

const withoutVariables = (chain: string): string =>
  variables.reduce((text, variable) => text.replace(variable, "*"), chain.slice(0, maxChain))
