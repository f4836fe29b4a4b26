/**
 * The token of the server, for as long as the tab is open. A link may bring it in its fragment, which is sent to no server.
 */
import { type ReadonlySignal, signal } from "@preact/signals"

const key = "narrative-token"

const stored = (): string | undefined => {
  try {
    return sessionStorage.getItem(key) ?? undefined
  } catch {
    // The browser keeps nothing.
    return undefined
  }
}

const current = signal(stored())

export const token: ReadonlySignal<string | undefined> = current

/** Whether the server asked for a token, and the one that the page has is not it. */
export const isTokenAsked = signal(false)

export const setToken = (text: string): void => {
  try {
    sessionStorage.setItem(key, text)
  } catch {
    // It holds for as long as the page is open.
  }
  current.value = text
  isTokenAsked.value = false
}

/** Takes the token out of the address, so that it is neither seen nor sent on. */
export const takeTokenFromAddress = (): void => {
  const given = new URLSearchParams(location.hash.slice(1)).get("token")
  if (given === null) return
  history.replaceState(null, "", `${location.pathname}${location.search}`)
  if (given !== "") setToken(given)
}
