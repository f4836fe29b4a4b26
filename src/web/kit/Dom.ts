/**
 * Elements, made without markup: every text becomes a text node, so nothing a program said can turn into an element.
 */
import { code } from "../../plain/terminalText.js"

export type Child = Node | string | number | null | undefined | false | ReadonlyArray<Child>

export interface Properties {
  readonly class?: string | undefined
  readonly title?: string | undefined
  readonly id?: string | undefined
  readonly on?: { readonly [event: string]: (event: never) => void } | undefined
  /** Custom properties of the style, e.g. `{ "--left": "10%" }`: the page's policy allows no style attribute. */
  readonly vars?: { readonly [name: string]: string } | undefined
  /** Other attributes. `false` and `undefined` leave them out. */
  readonly attributes?: { readonly [name: string]: string | number | boolean | undefined } | undefined
}

/** What could move the cursor of a terminal or reorder a line is shown as its escape. Line breaks stay. */
export const visible = (text: string): string =>
  text
    .split(/\r?\n/)
    .map((line) => code(line))
    .join("\n")

export const h = <K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Properties = {},
  ...children: ReadonlyArray<Child>
): HTMLElementTagNameMap[K] => {
  const element = document.createElement(tag)
  dress(element, properties)
  append(element, children)
  return element
}

const dress = (element: HTMLElement | SVGElement, { attributes, class: name, id, on, title, vars }: Properties) => {
  if (name !== undefined) element.setAttribute("class", name)
  if (id !== undefined) element.id = id
  if (title !== undefined) element.setAttribute("title", visible(title))
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : visible(String(value)))
  }
  for (const [name, value] of Object.entries(vars ?? {})) element.style.setProperty(name, value)
  for (const [name, listener] of Object.entries(on ?? {})) {
    // The listener names the event it is for; the DOM's own map of names to events is not worth its weight here.
    element.addEventListener(name, listener as EventListener)
  }
}

export const append = (element: Element, children: ReadonlyArray<Child>): void => {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue
    if (isList(child)) append(element, child)
    else element.append(child instanceof Node ? child : visible(String(child)))
  }
}

const isList = (child: Child): child is ReadonlyArray<Child> => Array.isArray(child)

const shapes = {
  check: "M3.5 8.5l3 3 6-7",
  cross: "M4 4l8 8M12 4l-8 8",
  slash: "M3.5 12.5l9-9",
  clock: "M8 4v4.5l3 1.5",
  dots: "M4 8h.01M8 8h.01M12 8h.01",
  half: "M4 8h8",
  retry: "M12.5 8a4.5 4.5 0 1 1-1.5-3.3M11.5 2v3h-3",
  caret: "M6 4l4 4-4 4",
  copy: "M6 6V3.5h6.5V10H10M3.5 6H10v6.5H3.5z",
  search: "M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM13.5 13.5l-3.3-3.3",
  moon: "M13 9.5A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.5z",
  bulb: "M6 12.5h4M6.5 14.5h3M8 2a4 4 0 0 0-2.3 7.3c.5.4.8.8.8 1.2h3c0-.4.3-.8.8-1.2A4 4 0 0 0 8 2z",
  note: "M8 3.5l4.5 4.5L8 12.5 3.5 8z"
} as const

export type IconName = keyof typeof shapes

export const icon = (name: IconName, className = ""): SVGSVGElement => {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  dress(svg, { class: `icon ${className}`, attributes: { viewBox: "0 0 16 16", "aria-hidden": "true" } })
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path")
  path.setAttribute("d", shapes[name])
  svg.append(path)
  return svg
}

/** A button that copies a text, where the browser allows it. */
export const copyButton = (text: string, what: string): HTMLButtonElement => {
  const button = h(
    "button",
    {
      class: "copy",
      title: `Copy ${what}`,
      attributes: { type: "button", "aria-label": `Copy ${what}` },
      on: {
        click: (event: MouseEvent) => {
          event.stopPropagation()
          navigator.clipboard?.writeText(text).then(
            () => flash(button),
            () => {}
          )
        }
      }
    },
    icon("copy")
  )
  return button
}

/** Draws the eye to an element for a moment. */
export const flash = (element: Element): void => {
  element.classList.remove("flash")
  requestAnimationFrame(() => element.classList.add("flash"))
}
