/**
 * The address is the state of the page: which view is open, and what it shows. A view reads it and changes it, and a link to
 * it shows the same to someone else.
 */
import { type ReadonlySignal, signal } from "@preact/signals"

export interface Address {
  /** The parts of the path: the view, and what it shows. */
  readonly path: ReadonlyArray<string>
  readonly query: URLSearchParams
}

/** `undefined` and an empty text leave a parameter out. */
export type Query = { readonly [name: string]: string | number | ReadonlyArray<string> | undefined }

const decoded = (part: string): string => {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

const read = (): Address => ({
  path: location.pathname
    .split("/")
    .filter((part) => part !== "")
    .map(decoded),
  query: new URLSearchParams(location.search)
})

const current = signal(read())

/** Where the page is. */
export const address: ReadonlySignal<Address> = current

export const queryText = (query: Query): string => {
  const made = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    const text = typeof value === "object" ? value.join(",") : String(value ?? "")
    if (text !== "") made.set(name, text)
  }
  // A list is read more easily without its commas escaped.
  const text = made.toString().replaceAll("%2C", ",").replaceAll("%3A", ":")
  return text === "" ? "" : `?${text}`
}

export const hrefOf = (path: ReadonlyArray<string>, query: Query = {}): string =>
  `/${path.map(encodeURIComponent).join("/")}${queryText(query)}`

/** Goes to an address of this page. `replace`: without a step in the browser's history. */
export const go = (href: string, how: "push" | "replace" = "push"): void => {
  if (href !== `${location.pathname}${location.search}`) {
    if (how === "push") history.pushState(null, "", href)
    else history.replaceState(null, "", href)
  }
  current.value = read()
}

/** The address with some parameters changed. */
export const hrefWith = (changes: Query): string => {
  const { path, query } = current.value
  return hrefOf(path, { ...Object.fromEntries(query), ...changes })
}

/** The same of the address as it is now: what shows it does not follow later changes. */
export const hrefFrom = (changes: Query): string => {
  const { path, query } = current.peek()
  return hrefOf(path, { ...Object.fromEntries(query), ...changes })
}

/** Changes some parameters of the address. */
export const changeQuery = (changes: Query, how: "push" | "replace" = "push"): void => go(hrefWith(changes), how)

/** Follows the browser's history, and links to addresses of this page. */
export const listenForAddresses = (): void => {
  addEventListener("popstate", () => {
    current.value = read()
  })
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0) return
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return
    const link = event.target instanceof Element ? event.target.closest("a") : null
    const href = link?.getAttribute("href") ?? ""
    if (!href.startsWith("/") || href.startsWith("//") || link?.target === "_blank") return
    event.preventDefault()
    go(href)
  })
}
