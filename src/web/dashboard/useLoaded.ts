/**
 * Something that the server is asked for, and asked again when what is wanted changes.
 */
import { useSignal } from "@preact/signals"
import { useEffect, useRef } from "preact/hooks"
import { ApiError } from "./api.js"
import { token } from "./token.js"

export interface Loaded<A> {
  /** What was answered last. It stays while the next answer is awaited, so that a page does not flicker. */
  readonly value: A | undefined
  readonly error: ApiError | undefined
  /** Whether an answer is awaited: from the very render that asks for something else. */
  readonly isLoading: boolean
  readonly reload: () => void
}

interface State<A> {
  readonly value: A | undefined
  readonly error: ApiError | undefined
  /** What the answer is to. */
  readonly key: string | undefined
  readonly isLoading: boolean
}

/**
 * Loads what `key` means; `undefined` is nothing to load. A request whose answer is no longer wanted is given up.
 */
export const useLoaded = <A>(key: string | undefined, load: (signal: AbortSignal) => Promise<A>): Loaded<A> => {
  const state = useSignal<State<A>>({
    value: undefined,
    error: undefined,
    key: undefined,
    isLoading: key !== undefined
  })
  const times = useSignal(0)
  const latest = useRef(load)
  latest.current = load
  const given = token.value
  const tick = times.value
  useEffect(() => {
    if (key === undefined) {
      state.value = { value: undefined, error: undefined, key, isLoading: false }
      return
    }
    const controller = new AbortController()
    state.value = { ...state.peek(), isLoading: true }
    latest.current(controller.signal).then(
      (value) => {
        if (!controller.signal.aborted) state.value = { value, error: undefined, key, isLoading: false }
      },
      (error: unknown) => {
        if (controller.signal.aborted) return
        const shown = error instanceof ApiError ? error : new ApiError(0, String(error))
        const { key: before, value } = state.peek()
        state.value = { value: before === key ? value : undefined, error: shown, key, isLoading: false }
      }
    )
    return () => controller.abort()
  }, [key, tick, given])
  const { error, key: answered, value } = state.value
  // What is asked is asked after this render only, which shows the answer to something else until then.
  const isLoading = state.value.isLoading || answered !== key
  const reload = () => {
    times.value += 1
  }
  return { value, error, isLoading, reload }
}
