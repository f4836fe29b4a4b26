/**
 * What users pass to stories and stages, made safe to use: wrong values are clipped or left out, and logged once.
 */

import { clip, fromRecord, text } from "../plain/PlainValue.js"
import { hideInName, isLoaded } from "../redaction/defaultRedactor.js"
import { inOrder, type Waiting } from "../runtime/waiting.js"
import { warnOnce } from "../runtime/warnOnce.js"

/** Longest name or label, in UTF-16 code units. */
const maxName = 256
/** Most labels of a story: they become labels of metrics, and those cost. */
const maxLabels = 32

const noLabels: { readonly [key: string]: string } = {}

/** A safe value, and what logs what was wrong with the one given. */
export interface Checked<A> {
  readonly value: A
  readonly warn: () => Waiting
}

const fine = (): Waiting => undefined

/** Names that are as they should be: most are met again and again. */
const fineNames = new Map<string, Checked<string>>()
const maxFineNames = 1_000

export const nameOf = (what: "story" | "stage" | "note", given: unknown): Checked<string> => {
  const known = typeof given === "string" ? fineNames.get(given) : undefined
  if (known !== undefined) return known
  const checked = checkName(what, given)
  if (checked.value === given && isLoaded() && fineNames.size < maxFineNames) fineNames.set(given, checked)
  return checked
}

/** A name as it may leave. It may have been checked before it was known what is secret. */
export const shownName = (name: string): string => {
  if (fineNames.has(name)) return name
  if (isLoaded()) return clip(hideInName(name), maxName)
  return isPlain(name) ? name : "<redacted>"
}

const fineKinds = new Set<string>()
/** There are few kinds. */
const maxFineKinds = 100

/** A kind as it may leave. */
export const shownKind = (kind: string): string => {
  if (fineKinds.has(kind)) return kind
  const shown = shownName(kind)
  if (shown === kind && isLoaded() && fineKinds.size < maxFineKinds) fineKinds.add(kind)
  return shown
}

/** An id of a user's own, if it may leave whole: a part of one would be the id of other stories, too. */
export const idOf = (id: string | undefined): string | undefined =>
  id && (!isLoaded() || shownName(id) === id) ? id : undefined

/** Whether a name is made of words. */
const isPlain = (name: string): boolean => /^[\p{L}\p{M}\p{N}\s.,:;'"()#&+<>-]*$/u.test(name) && !/[\w-]{24}/.test(name)

const checkName = (what: "story" | "stage" | "note", given: unknown): Checked<string> => {
  const name = typeof given === "string" ? hideInName(given) : given
  if (typeof name === "string" && name.length <= maxName && name.trim() !== "") return { value: name, warn: fine }
  if (typeof name !== "string" || name.trim() === "") {
    return {
      value: `(unnamed ${what})`,
      warn: () => warnOnce(`A ${what} has no name: give Narrative.${what} a text that is not empty`)
    }
  }
  return {
    value: clip(name, maxName),
    warn: () => warnOnce(`The name of a ${what} was cut to ${maxName} characters: ${clip(name, 60)}`)
  }
}

export const totalOf = (total: unknown): Checked<number | undefined> => {
  if (total === undefined) return { value: undefined, warn: fine }
  if (typeof total === "number" && Number.isSafeInteger(total) && total >= 0) return { value: total, warn: fine }
  return {
    value: undefined,
    warn: () => warnOnce(`totalStages has to be a whole number of 0 or more; ${text(total)} was ignored`)
  }
}

export const labelsOf = (
  labels: Readonly<Record<string, string>> | undefined
): Checked<{ readonly [key: string]: string }> => {
  if (labels === undefined) return { value: noLabels, warn: fine }
  const entries = Object.entries(fromRecord(labels))
  const value = Object.fromEntries(
    entries.slice(0, maxLabels).map(([key, label]) => [clip(key, maxName), clip(text(label), maxName)])
  )
  return entries.length <= maxLabels
    ? { value, warn: fine }
    : {
        value,
        warn: () => warnOnce(`A story keeps ${maxLabels} labels; ${entries.length - maxLabels} were left out`)
      }
}

export const warningsOf =
  (...checked: ReadonlyArray<Checked<unknown>>) =>
  (): Waiting =>
    checked.reduce<Waiting>((all, one) => inOrder(all, one.warn()), undefined)

/** `done` is brought into 0…`total`. */
export const progressOf = (
  done: unknown,
  total: unknown
): Checked<{ readonly done: number; readonly total: number | null } | undefined> => {
  const isAmount = (value: unknown): value is number =>
    typeof value === "number" && Number.isFinite(value) && value >= 0
  if (!isAmount(done) || (total !== undefined && !isAmount(total))) {
    return {
      value: undefined,
      warn: () =>
        warnOnce(
          `Narrative.progress takes amounts of 0 or more; ${text(done)}${total === undefined ? "" : ` of ${text(total)}`} was ignored`
        )
    }
  }
  if (total === undefined || done <= total) return { value: { done, total: total ?? null }, warn: fine }
  return {
    value: { done: total, total },
    warn: () => warnOnce("Narrative.progress was given more than the total as done; it shows the total")
  }
}
