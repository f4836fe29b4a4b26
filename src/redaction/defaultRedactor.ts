/**
 * The redactor where none is provided: what it knows is brought by what makes outputs, and loaded for what only reads spans.
 */
import type { PlainRecord } from "../plain/PlainValue.js"
import { attempt } from "../plain/untrusted.js"
import { redacted } from "./redacted.js"
import { markOurs, type Redactor } from "./redactorModel.js"

/** The names of a record, and none of its values. */
export const hiddenIn = (record: Readonly<Record<string, unknown>>): PlainRecord =>
  Object.fromEntries(attempt(() => Object.keys(record), []).map((name) => [name, redacted]))

/** Knows nothing of secrets yet, and so hides everything. */
const unloaded: Redactor = {
  isSecretName: () => true,
  value: () => redacted,
  record: hiddenIn,
  text: () => redacted,
  source: () => redacted
}

let builtIn = unloaded

export const setBuiltIn = (redactor: Redactor): void => {
  builtIn = redactor
}

/** Whether it is known what is secret where no redactor is provided. */
export const isLoaded = (): boolean => builtIn !== unloaded

/** A name without what looks like a secret, once that is known. */
export const hideInName = (name: string): string => (isLoaded() ? builtIn.text(name) : name)

export const byDefault: Redactor = {
  isSecretName: (name) => builtIn.isSecretName(name),
  value: (value, secrets) => builtIn.value(value, secrets),
  record: (record, secrets) => builtIn.record(record, secrets),
  text: (text, secrets) => builtIn.text(text, secrets),
  source: (source, secrets) => builtIn.source(source, secrets)
}

markOurs(byDefault)
