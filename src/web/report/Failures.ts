/**
 * What failed: the error, where it stands in the source, the values that stood there, and why.
 */
import type { Failure, StackFrame } from "../../event/FailureReport.js"
import type { PageFailure } from "../../renderer/html/pageData.js"
import { type Child, copyButton, flash, h, icon } from "../kit/Dom.js"
import { count, duration, offset } from "../kit/Format.js"
import * as Source from "../kit/Source.js"
import * as Values from "../kit/Values.js"
import { analysis } from "./Analysis.js"
import type { View } from "./View.js"

/** Longest place in a cause that still says something. */
const maxPath = 16
/** Longest message shown at once. */
const shortMessage = 600
/** How the place was found, where it is not plainly the place. */
const reasons: { readonly [reason in Failure["locationReason"]]: string | undefined } = {
  app_frame: undefined,
  generator: "the generator that was waiting",
  stage: "where the stage is defined",
  innermost_frame: "the innermost frame",
  unknown: "place unknown"
}

export class Failures {
  readonly element: HTMLElement
  readonly #cards: ReadonlyArray<FailureCard>
  #last = -1

  constructor(view: View, show: (id: number) => void) {
    const { failures, omitted } = view.tree.story
    const told = [...failures.filter(({ handled }) => handled !== true), ...failures.filter(({ handled }) => handled)]
    this.#cards = told.map((failure, i) => new FailureCard(failure, i, view, show))
    this.element = h(
      "div",
      { class: "failures" },
      this.#cards.map(({ element }) => element),
      omitted.failures > 0 && h("p", { class: "muted" }, `${count(omitted.failures, "report")} were left out.`)
    )
  }

  /** Shows the failure that came from a node. */
  showOf(id: number): (() => void) | undefined {
    const card = this.#cards.find(({ failure }) => failure.stages.includes(id))
    if (card === undefined) return undefined
    return () => {
      card.choose(card.failure.stages.indexOf(id))
      card.reveal()
    }
  }

  /** Goes to the next one, and after the last to the first. */
  next(): boolean {
    if (this.#cards.length === 0) return false
    this.#last = (this.#last + 1) % this.#cards.length
    this.#cards[this.#last]?.reveal()
    return true
  }

  print(printing: boolean): void {
    for (const card of this.#cards) card.print(printing)
  }
}

class FailureCard {
  readonly element: HTMLElement
  readonly #tabs: ReadonlyArray<HTMLElement>
  readonly #panels: ReadonlyArray<HTMLElement>

  constructor(
    readonly failure: PageFailure,
    at: number,
    view: View,
    show: (id: number) => void
  ) {
    const { failures } = failure.report
    const id = `failure-${at}`
    const chooseBy = (event: KeyboardEvent) => {
      const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0
      if (step === 0) return
      const next = (this.#chosen + step + failures.length) % failures.length
      this.choose(next)
      this.#tabs[next]?.focus()
      event.preventDefault()
    }
    this.#tabs =
      failures.length === 1
        ? []
        : failures.map((one, i) =>
            h(
              "button",
              {
                class: "tab",
                id: `${id}-tab-${i}`,
                attributes: { type: "button", role: "tab", "aria-controls": `${id}-panel-${i}` },
                on: { click: () => this.choose(i), keydown: chooseBy }
              },
              h("span", { class: "tab-number" }, i + 1),
              one.stageName ?? one.errorType
            )
          )
    this.#panels = failures.map((one, i) =>
      h(
        "div",
        {
          class: "failure-panel",
          id: `${id}-panel-${i}`,
          attributes: {
            role: failures.length > 1 ? "tabpanel" : undefined,
            "aria-labelledby": failures.length > 1 ? `${id}-tab-${i}` : undefined
          }
        },
        panel(one, i, failure, view, show)
      )
    )
    this.element = h(
      "section",
      {
        class: failure.handled === true ? "card failure handled" : "card failure",
        id,
        attributes: { tabindex: -1, "aria-label": failure.handled === true ? "Handled failure" : "Failure" }
      },
      this.#tabs.length > 0 &&
        h(
          "div",
          { class: "tabs" },
          h("span", { class: "tabs-title" }, `${count(failures.length, "failure")} at once`),
          h("div", { class: "tablist", attributes: { role: "tablist" } }, this.#tabs)
        ),
      this.#panels
    )
    this.choose(0)
  }

  #chosen = 0

  choose(index: number): void {
    this.#chosen = index
    for (const [i, tab] of this.#tabs.entries()) {
      tab.setAttribute("aria-selected", String(i === index))
      tab.tabIndex = i === index ? 0 : -1
    }
    for (const [i, panel] of this.#panels.entries()) panel.hidden = i !== index
  }

  reveal(): void {
    this.element.scrollIntoView({ block: "start" })
    this.element.focus({ preventScroll: true })
    flash(this.element)
  }

  print(printing: boolean): void {
    for (const [i, panel] of this.#panels.entries()) panel.hidden = !printing && i !== this.#chosen
    for (const details of this.element.querySelectorAll<HTMLDetailsElement>(
      printing ? "details:not([open])" : "details[data-printed]"
    )) {
      details.open = printing
      details.toggleAttribute("data-printed", printing)
    }
  }
}

const panel = (
  failure: Failure,
  index: number,
  told: PageFailure,
  view: View,
  show: (id: number) => void
): ReadonlyArray<Child> => {
  const stage = told.stages[index]
  const place = failure.location
  const where = place === null ? undefined : `${place.file}:${place.line}:${place.column}`
  const side = [
    isNews(failure) && callout("Why", "why", failure.exactCause),
    failure.hint !== null && callout("Hint", "hint", failure.hint, failure.rule),
    index === 0 && told.analysis !== undefined && analysis(told.analysis, told.latencySeconds, { failure, view, show }),
    record("Facts", "facts-of", failure.facts),
    record("Annotated on the stage", "annotated", failure.stageAttributes),
    chain(failure)
  ].filter((part) => part !== false)
  return [
    h(
      "header",
      { class: "failure-head" },
      h(
        "p",
        { class: "eyebrow" },
        h("span", { class: "eyebrow-kind" }, told.handled === true ? "Handled failure" : "Failure"),
        failure.kind === "die" && h("span", { class: "chip" }, "defect"),
        failure.errorCode !== "UNKNOWN" && h("span", { class: "chip" }, failure.errorCode),
        failure.retryable && h("span", { class: "chip" }, "retryable"),
        told.report.failures.length > 1 &&
          failure.path.length <= maxPath &&
          h("span", { class: "chip", title: "Its place in the cause" }, failure.path),
        // Putting a report together may take longer than the rest of the story did.
        h("span", { class: "muted" }, offset(Math.min(told.at, view.tree.span)))
      ),
      h("h2", { class: "error-type" }, failure.errorType),
      message(failure.errorMessage),
      h(
        "p",
        { class: "failure-place" },
        failure.stagePath.length > 0 &&
          h(
            "button",
            {
              class: "link stage-link",
              attributes: { type: "button", disabled: stage === null || stage === undefined },
              on: {
                click: () => {
                  if (stage !== null && stage !== undefined) show(stage)
                }
              }
            },
            failure.stagePath.join(" › ")
          ),
        where !== undefined &&
          h(
            "span",
            { class: "location" },
            h("code", {}, where),
            place !== null && place.function !== "" && h("span", { class: "muted" }, place.function),
            copyButton(where, "the location")
          ),
        reasons[failure.locationReason] !== undefined && h("span", { class: "muted" }, reasons[failure.locationReason])
      )
    ),
    h(
      "div",
      { class: side.length > 0 ? "failure-body" : "failure-body single" },
      h(
        "div",
        { class: "failure-main" },
        failure.snippet.length > 0 && Source.block(failure.snippet),
        frames(failure),
        index === 0 && until(told)
      ),
      side.length > 0 && h("div", { class: "failure-side" }, side)
    )
  ]
}

/** Whether the exact cause says more than the error itself. */
const isNews = ({ errorMessage, errorType, exactCause }: Failure): boolean =>
  exactCause !== "" && exactCause !== errorMessage && exactCause !== `${errorType}: ${errorMessage}`

const message = (text: string): Child =>
  text.length <= shortMessage
    ? h("p", { class: "error-message" }, text)
    : h("details", { class: "error-message" }, h("summary", {}, `${text.slice(0, shortMessage)}…`), h("p", {}, text))

const callout = (title: string, name: string, text: string, rule: string | null = null): HTMLElement =>
  h(
    "section",
    { class: `callout ${name}` },
    h("h3", {}, name === "hint" ? icon("bulb") : null, title, rule !== null && h("span", { class: "chip" }, rule)),
    h("p", {}, text)
  )

const record = (title: string, name: string, values: Failure["facts"]): Child =>
  Object.keys(values).length > 0 && h("section", { class: `block ${name}` }, h("h3", {}, title), Values.table(values))

const chain = ({ exceptionChain }: Failure): Child => {
  const links = exceptionChain.split(" <- ")
  return (
    links.length > 1 &&
    h(
      "section",
      { class: "block" },
      h("h3", {}, "Chain"),
      h(
        "ol",
        { class: "chain" },
        links.map((link) => h("li", {}, link))
      )
    )
  )
}

/** The stages up to the failure, as the report tells them. */
const until = ({ report }: PageFailure): Child =>
  report.timeline.length > 0 &&
  h(
    "details",
    { class: "block until" },
    h("summary", {}, h("h3", {}, "Stages until then")),
    h(
      "ol",
      { class: "until-list" },
      report.timeline.map(({ depth, durationSeconds, name, status }) =>
        h(
          "li",
          { class: `s-${status}`, vars: { "--depth": String(Math.min(depth, 8)) } },
          h("span", {}, name),
          h("span", { class: "muted" }, durationSeconds === null ? status : duration(durationSeconds))
        )
      ),
      report.timelineOmitted > 0 && h("li", { class: "muted" }, `and ${report.timelineOmitted} more between`)
    )
  )

const frames = (failure: Failure): Child => {
  const { hiddenFrameCount, stackFrames, stackText, stackTruncated } = failure
  const ours = stackFrames.filter(({ locals, origin }) => origin === "app" || locals !== null)
  const others = stackFrames.filter((frame) => !ours.includes(frame))
  const withLocals = ours.filter(({ locals }) => locals !== null)
  return [
    ours.length > 0 &&
      h(
        "section",
        { class: "block frames" },
        h(
          "h3",
          {},
          withLocals.length > 0 ? "Frames and values" : "Frames",
          h("span", { class: "muted" }, "innermost first")
        ),
        ours.map((frame) => frameOf(frame, withLocals.indexOf(frame) >= 0 && withLocals.indexOf(frame) < 3))
      ),
    others.length > 0 &&
      h(
        "details",
        { class: "block" },
        h("summary", {}, h("h3", {}, count(others.length, "frame"), " of dependencies")),
        others.map((frame) => frameOf(frame, false))
      ),
    stackText !== "" &&
      h(
        "details",
        { class: "block stack" },
        h(
          "summary",
          {},
          h("h3", {}, "Stack"),
          hiddenFrameCount > 0 && h("span", { class: "muted" }, `${hiddenFrameCount} frames hidden above`)
        ),
        h("pre", { attributes: { tabindex: 0 } }, stackText),
        stackTruncated && h("p", { class: "muted" }, "It was cut at its old end.")
      )
  ]
}

const frameOf = (frame: StackFrame, open: boolean): HTMLElement => {
  const name = [
    h("span", { class: "frame-name" }, frame.function === "" ? "(anonymous)" : frame.function),
    h("code", { class: "frame-place" }, `${frame.file}:${frame.line}`),
    frame.suspended && h("span", { class: "chip" }, "waiting"),
    frame.origin !== "app" && h("span", { class: "chip" }, frame.origin)
  ]
  const place = { "data-frame": `${frame.file}:${frame.line}` }
  if (frame.locals === null || Object.keys(frame.locals).length === 0) {
    return h("div", { class: "frame", attributes: place }, name)
  }
  return h(
    "details",
    { class: "frame with-locals", attributes: { ...place, open } },
    h("summary", {}, icon("caret", "twist-icon"), name),
    Values.table(frame.locals, "locals")
  )
}
