/**
 * What an error says of itself by the property, or the annotation of its schema, that `FailureReport.details` names.
 */
import { details as detailsSymbol, type ErrorDetails } from "../event/FailureReport.js"
import * as PlainValue from "../plain/PlainValue.js"
import { attempt, isObject, propertyOf, textOf } from "../plain/untrusted.js"
import type { Redactor } from "../redaction/redactorModel.js"
import type { Secrets } from "../redaction/secrets.js"

export interface SaidDetails {
  readonly details: ErrorDetails
  readonly retryable: boolean | undefined
}

/** Longest text of a code or a URL, and of what is said to help, in UTF-16 code units. */
const maxText = 300
const maxHelp = 1_000
/** Most labels. */
const maxLabels = 20

/** The details of the first of a chain of errors that has any. Never throws. */
export const detailsOf = (
  chain: ReadonlyArray<unknown>,
  redactor: Redactor,
  secrets: Secrets
): SaidDetails | undefined => {
  for (const error of chain) {
    const said = saidBy(error)
    if (!isObject(said)) continue
    const text = (name: string, max: number) => {
      const value = textOf(said, name)
      return value === undefined ? null : PlainValue.clip(redactor.text(value, secrets), max)
    }
    const labels = attempt(() => Object.entries(propertyOf(said, "labels") ?? {}).slice(0, maxLabels), [])
    const retryable = propertyOf(said, "retryable")
    return {
      details: {
        code: text("code", maxText),
        help: text("help", maxHelp),
        url: text("url", maxText),
        labels: redactor.record(Object.fromEntries(labels), secrets)
      },
      retryable: typeof retryable === "boolean" ? retryable : undefined
    }
  }
  return undefined
}

const saidBy = (error: unknown): unknown => propertyOf(error, detailsSymbol) ?? annotationFor(error)

/** A schema's annotation is a value, or makes one from the error. */
const annotationFor = (error: unknown): unknown => {
  const schema = propertyOf(propertyOf(error, "constructor"), "ast")
  for (const ast of [schema, propertyOf(schema, "to")]) {
    const said = propertyOf(propertyOf(ast, "annotations"), detailsSymbol)
    if (said !== undefined) return typeof said === "function" ? attempt(() => said(error), undefined) : said
  }
  return undefined
}
