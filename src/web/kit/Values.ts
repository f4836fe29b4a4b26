/**
 * Values as a table of names, the nested ones to be opened.
 */
import type { PlainRecord, PlainValue } from "../../plain/PlainValue.js"
import { type Child, h } from "./Dom.js"

/** Longest text shown without being asked. */
const shortText = 400

export const table = (record: PlainRecord, className = ""): HTMLElement =>
  h(
    "dl",
    { class: `values ${className}` },
    Object.entries(record).map(([name, value]) =>
      h("div", { class: "value-row", attributes: { "data-name": name } }, h("dt", {}, name), h("dd", {}, show(value)))
    )
  )

export const show = (value: PlainValue): Child => {
  if (value === null) return h("span", { class: "v-null" }, "null")
  switch (typeof value) {
    case "string":
      return text(value)
    case "number":
      return h("span", { class: "v-number" }, String(value))
    case "boolean":
      return h("span", { class: "v-boolean" }, String(value))
    default:
      return nested(value)
  }
}

/** How the values that stand for something else are written. */
const isMarker = (value: string): boolean => /^(?:<[^<>]{1,60}>|\+\d+ more)$/.test(value)

const text = (value: string): Child => {
  if (isMarker(value)) return h("span", { class: "v-marker" }, value)
  if (value.length <= shortText) return h("span", { class: "v-string" }, `"${value}"`)
  return h(
    "details",
    { class: "v-long" },
    h("summary", {}, h("span", { class: "v-string" }, `"${value.slice(0, 120)}…`)),
    h("span", { class: "v-string" }, `"${value}"`)
  )
}

const nested = (value: ReadonlyArray<PlainValue> | { readonly [name: string]: PlainValue }): Child => {
  const entries = Object.entries(value)
  const isList = Array.isArray(value)
  if (entries.length === 0) return h("span", { class: "v-null" }, isList ? "[]" : "{}")
  const short = JSON.stringify(value)
  if (short.length <= 72) return compact(value)
  return h(
    "details",
    { class: "v-nested" },
    h("summary", {}, h("span", { class: "v-preview" }, `${short.slice(0, 64)}…`)),
    h(
      "dl",
      { class: "values" },
      entries.map(([name, inner]) =>
        h("div", { class: "value-row" }, h("dt", { class: isList ? "v-index" : "" }, name), h("dd", {}, show(inner)))
      )
    )
  )
}

/** On one line, each part in its colour. */
const compact = (value: PlainValue): Child => {
  if (value === null || typeof value !== "object") return show(value)
  const parts = Object.entries(value).map(
    ([name, inner], i): Child => [
      i === 0 ? "" : ", ",
      Array.isArray(value) ? "" : [h("span", { class: "v-key" }, name), ": "],
      compact(inner)
    ]
  )
  return h("span", { class: "v-compact" }, Array.isArray(value) ? ["[", parts, "]"] : ["{ ", parts, " }"])
}
