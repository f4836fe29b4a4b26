/**
 * What a value that did not match its schema is wrong in: the place of the first issue, and how many more there are.
 *
 * Only the first issue is formatted: a `ParseError` may hold a hundred thousand.
 */
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as SchemaAST from "effect/SchemaAST"
import * as PlainValue from "../../plain/PlainValue.js"
import { attempt, isErrorLike, isObject, propertyOf, textOf } from "../../plain/untrusted.js"
import { asItIs, type Show } from "./show.js"

/** The first issue of a value that did not fit. */
export interface FirstIssue {
  /** `ParseError`, or what the other validator calls its error. */
  readonly type: string
  /** `customers[3].email`; empty for the value itself. */
  readonly place: string
  readonly message: string
  /** How many more places are wrong. */
  readonly more: number
  /** The names on the way to it. */
  readonly path: ReadonlyArray<PropertyKey>
  /** What is wrong there. */
  readonly actual: unknown
  /** The record or list that holds it; `undefined` where the value itself is wrong, or it is not known. */
  readonly holder: unknown
  /** Whether there is no value: then what is there in its stead may tell why. */
  readonly isMissing: boolean
}

/** The first issue of a `ParseError`, or of another validator's error with a list of `issues`. */
export const firstIssueOf = (error: unknown): FirstIssue | undefined => {
  if (!attempt(() => ParseResult.isParseError(error), false)) return firstOfIssues(error)
  const { issue } = error as ParseResult.ParseError
  const issues = ParseResult.ArrayFormatter.formatIssueSync(firstOf(issue))
  const [first] = issues
  if (first === undefined) return undefined
  const here = issues.filter(({ path }) => path.length === first.path.length).map(({ message }) => message)
  const { actual, holder, isMissing } = valuesAt(issue)
  const { path } = first
  return {
    type: "ParseError",
    place: placeOf(path),
    message: joined(here),
    more: countOf(issue) - 1,
    path,
    actual,
    holder,
    isMissing
  }
}

/** The sentence for such an error. */
export const explainParseError = (error: unknown, show: Show = asItIs): string | undefined => {
  const issue = firstIssueOf(error)
  if (issue === undefined) return undefined
  const { message, more, place, type } = issue
  const said = PlainValue.clip(withoutSecret(message.split("\n", 1)[0] ?? "", issue, show), 250)
  const rest = more <= 0 ? "" : more === 1 ? ", and 1 more issue" : `, and ${more} more issues`
  return `${type}${place === "" ? "" : ` at ${place}`}: ${said}${holderOf(issue, show)}${rest}`
}

/** Longest text of the record that an issue is in. */
const maxHolder = 150

/** In which of many records it is wrong: ` (in {"buoy":"N-7","celsius":"??"})`. */
const holderOf = ({ holder, isMissing, place }: FirstIssue, show: Show): string => {
  // A list is known by the place, and a record of nothing else says nothing else.
  if (!isObject(holder) || Array.isArray(holder) || place === "") return ""
  if (!isMissing && Object.keys(holder).length < 2) return ""
  const text = JSON.stringify(show.value(holder))
  return text === "{}" || text === "[]" ? "" : ` (in ${PlainValue.clip(text, maxHolder)})`
}

// What was expected may be said, and what there was instead is the secret.
const withoutSecret = (message: string, { path }: FirstIssue, show: Show): string => {
  if (!path.some((key) => typeof key === "string" && show.isSecret(key))) return message
  const expected = /^([\s\S]*), actual /.exec(message)?.[1]
  return expected === undefined ? "is not valid" : `${expected}, actual <redacted>`
}

/** The value of the first issue, and what holds it. */
const valuesAt = (issue: ParseResult.ParseIssue): Pick<FirstIssue, "actual" | "holder" | "isMissing"> => {
  let at = issue
  let holder: unknown
  for (;;) {
    if (at._tag === "Pointer") {
      holder = at.actual
      at = at.issue
    } else if (at._tag === "Refinement" || at._tag === "Transformation") at = at.issue
    else if (at._tag === "Composite" && at.ast._tag !== "Union") {
      const first = asList(at.issues)[0]
      if (first === undefined) return { actual: at.actual, holder, isMissing: false }
      at = first
    } else return { actual: at.actual, holder, isMissing: at._tag === "Missing" }
  }
}

/** Most members of a union that are listed. */
const maxMembers = 5

/** `customers[3].email` */
const placeOf = (path: ReadonlyArray<PropertyKey>): string => {
  let text = ""
  for (const key of path) {
    const name = typeof key === "symbol" ? `[${String(key)}]` : String(key)
    if (/^[A-Za-z_$][\w$]*$/.test(name)) text += text === "" ? name : `.${name}`
    else if (/^\d+$/.test(name) || typeof key === "symbol") text += `[${name}]`
    else text += `[${JSON.stringify(name)}]`
    if (text.length > 200) return PlainValue.clip(text, 200)
  }
  return text
}

// The members of a union each say what they expected of the same value.
const joined = (messages: ReadonlyArray<string>): string => {
  const parts = messages.map((message) => /^Expected ([\s\S]*), actual ([\s\S]*)$/.exec(message))
  const actual = parts[0]?.[2]
  const isOne = messages.length > 1 && parts.every((part) => part?.[2] === actual)
  return isOne ? `Expected ${parts.map((part) => part?.[1]).join(" or ")}, actual ${actual}` : (messages[0] ?? "")
}

const asList = (issues: ParseResult.SingleOrNonEmpty<ParseResult.ParseIssue>): ReadonlyArray<ParseResult.ParseIssue> =>
  Array.isArray(issues) ? issues : [issues as ParseResult.ParseIssue]

/** The issue without all that is not on the way to its first one. */
const firstOf = (issue: ParseResult.ParseIssue): ParseResult.ParseIssue => {
  switch (issue._tag) {
    case "Pointer":
      return new ParseResult.Pointer(issue.path, issue.actual, firstOf(issue.issue))
    case "Refinement":
      return new ParseResult.Refinement(issue.ast, issue.actual, issue.kind, firstOf(issue.issue))
    case "Transformation":
      return new ParseResult.Transformation(issue.ast, issue.actual, issue.kind, firstOf(issue.issue))
    case "Composite": {
      const kept = asList(issue.issues)
        .slice(0, issue.ast._tag === "Union" ? maxMembers : 1)
        .map(firstOf)
      const [first, ...rest] = kept
      return first === undefined ? issue : new ParseResult.Composite(issue.ast, issue.actual, [first, ...rest])
    }
    default:
      return issue
  }
}

/** How many places are wrong: the members of a union count as one, and so does what has a message of its own. */
const countOf = (issue: ParseResult.ParseIssue): number => {
  switch (issue._tag) {
    case "Pointer":
    case "Refinement":
    case "Transformation":
      return countOf(issue.issue)
    case "Composite":
      return issue.ast._tag === "Union" || Option.isSome(SchemaAST.getMessageAnnotation(issue.ast))
        ? 1
        : asList(issue.issues).reduce((count, inner) => count + countOf(inner), 0)
    default:
      return 1
  }
}

/** Zod, Valibot and Standard Schema: `issues`, each with a path and a message. */
const firstOfIssues = (error: unknown): FirstIssue | undefined => {
  const issues = propertyOf(error, "issues")
  if (!isErrorLike(error) || !attempt(() => Array.isArray(issues), false)) return undefined
  const first = propertyOf(issues, 0)
  const message = textOf(first, "message")
  const path = propertyOf(first, "path")
  const count = propertyOf(issues, "length")
  if (message === undefined || typeof count !== "number") return undefined
  const keys = attempt(() => (Array.isArray(path) ? path.slice(0, 50) : []), []).map(keyOf)
  return {
    type: textOf(error, "name") ?? "Error",
    place: placeOf(keys),
    message,
    more: count - 1,
    path: keys,
    actual: propertyOf(first, "input"),
    holder: undefined,
    isMissing: false
  }
}

const keyOf = (step: unknown): PropertyKey => {
  const key = propertyOf(step, "key") ?? step
  return typeof key === "string" || typeof key === "number" ? key : "?"
}
